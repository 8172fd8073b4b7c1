import type { Machine } from './machine.ts';

/** False for a host that /etc/hosts maps to 0.0.0.0: so tests and runbooks cut off a repository or a registry. */
export async function isReachable(machine: Machine, host: string): Promise<boolean> {
  return !(await machine.fs.mapsToNowhere('/etc/hosts', host));
}

/** The host of an address (`https://pkgs.k8s.io/...`) or of an image (`registry.k8s.io/pause:3.10`). */
export function hostOf(address: string): string {
  return address.replace(/^[a-z]+:\/\//, '').replace(/[/:].*$/, '');
}
