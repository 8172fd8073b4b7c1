import type { Fact } from './fact.ts';

export interface KernelFact {
  /** Of the hierarchy that the kubelet uses; undefined: not known. */
  readonly cgroup?: 'v1' | 'v2';
  readonly swaps: readonly { readonly name: string; readonly bytes: number }[];
  /** Sockets of container runtimes that the kubelet could use. */
  readonly sockets: readonly string[];
}

/**
 * What the kernel gives the kubelet: the cgroup version, swap, and the sockets on which container runtimes listen.
 * A unified hierarchy has cgroup.controllers at its root (cgroups(7)); busybox's stat does not know its name.
 */
export const kernel: Fact<KernelFact> = {
  command: 'stat -fc %T /sys/fs/cgroup; cat /proc/swaps',
  remedy: 'Try it there by hand.',
  script: () =>
    `if [ -e /sys/fs/cgroup/cgroup.controllers ]; then echo 'cgroup: cgroup2fs'
else printf 'cgroup: %s\\n' "$(stat -fc %T /sys/fs/cgroup 2>/dev/null)"
fi
sed '1d; s/^/swap: /' /proc/swaps 2>/dev/null
for socket in /run/containerd/containerd.sock /run/crio/crio.sock /run/cri-dockerd.sock; do
  if [ -e "$socket" ]; then printf 'socket: %s\\n' "$socket"; fi
done
true`,
  parse: parseKernel,
};

function parseKernel(output: string): KernelFact {
  const type = /^cgroup: (\S+)$/m.exec(output)?.[1];
  const cgroup = type === 'cgroup2fs' ? 'v2' : type === 'tmpfs' || type === 'cgroupfs' ? 'v1' : undefined;
  return {
    ...(cgroup === undefined ? {} : { cgroup }),
    swaps: [...output.matchAll(/^swap: (\S+)\s+\S+\s+(\d+)/gm)].map(([, name = '', size]) => ({
      name,
      bytes: Number(size) * 1024,
    })),
    sockets: [...output.matchAll(/^socket: (\S+)$/gm)].map(([, path = '']) => path),
  };
}
