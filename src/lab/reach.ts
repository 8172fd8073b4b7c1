import type { Machine } from './machine.ts';

/** A host that the machine's /etc/hosts sends nowhere (0.0.0.0) cannot be reached: so a repository or a registry is taken away. */
export async function isReachable(machine: Machine, host: string): Promise<boolean> {
  const lines = (await machine.fs.readFile('/etc/hosts')).split('\n');
  return !lines.some((line) => {
    const [address, ...names] = line.trim().split(/\s+/);
    return address === '0.0.0.0' && names.includes(host);
  });
}

/** The host of an address (`https://pkgs.k8s.io/...`) or of an image (`registry.k8s.io/pause:3.10`). */
export function hostOf(address: string): string {
  return address.replace(/^[a-z]+:\/\//, '').replace(/[/:].*$/, '');
}
