import { readings } from '../packages/registry.ts';
import type { Fact } from './fact.ts';

/** Room where an upgrade writes; places that are not there are left out. */
export interface DiskFact {
  readonly places: readonly DiskPlace[];
  /** Size of etcd's data; undefined where there is none. */
  readonly etcdBytes?: number;
}

export interface DiskPlace {
  readonly path: string;
  /** Mount point of its file system. */
  readonly mount: string;
  /** Bytes. */
  readonly size: number;
  /** Bytes that others than root may still take. */
  readonly free: number;
  /** Undefined where the file system does not count them. */
  readonly inodes?: number;
  readonly freeInodes?: number;
}

/** Where an upgrade writes, and what else fills: packages, etcd, the kubelet, images, kubeadm's backups. */
const places = `/ /var ${readings.flatMap(({ caches }) => caches).join(' ')} /var/lib/etcd /var/lib/kubelet /var/lib/containerd /var/lib/containers/storage /var/lib/docker /etc/kubernetes/tmp`;

/** Room on the file systems of a node. kubeadm copies etcd's data to /etc/kubernetes/tmp, which it makes itself. */
export const disk: Fact<DiskFact> = {
  command: 'df -Pk / /var /var/lib/etcd /var/lib/kubelet /etc/kubernetes/tmp; du -sk /var/lib/etcd',
  remedy: 'Try df there by hand.',
  script: () =>
    `for place in ${places}; do
  at=$place
  if [ "$place" = /etc/kubernetes/tmp ] && [ ! -e "$place" ]; then at=/etc/kubernetes; fi
  [ -e "$at" ] || continue
  printf 'place: %s\\n' "$place"
  df -Pk "$at" 2>/dev/null | sed -n '2s/^/space: /p'
  df -Pi "$at" 2>/dev/null | sed -n '2s/^/inodes: /p'
done
data=$(sed -n 's/^ *- *--data-dir=//p' /etc/kubernetes/manifests/etcd.yaml 2>/dev/null | head -n 1)
if [ -n "$data" ] && [ -d "$data" ]; then du -sk "$data" 2>/dev/null | sed 's/^/etcd: /'; fi
true`,
  parse: parseDisk,
};

function parseDisk(output: string): DiskFact {
  const etcd = /^etcd: (\d+)\s/m.exec(output)?.[1];
  const found = output
    .split(/^place: /m)
    .slice(1)
    .flatMap(placeOf);
  return { places: found, ...(etcd === undefined ? {} : { etcdBytes: Number(etcd) * 1024 }) };
}

/** A line of `df -P`: device, size, used, available, capacity, mount point. */
function placeOf(part: string): DiskPlace[] {
  const row = (kind: string) => new RegExp(`^${kind}: .*? (\\d+) +(\\d+) +(\\d+) +(?:\\d+%|-) +(/.*)$`, 'm').exec(part);
  const [, size, , free, mount] = row('space') ?? [];
  if (size === undefined || free === undefined || mount === undefined) return [];
  const [, inodes, , freeInodes] = row('inodes') ?? [];
  // btrfs and others count no inodes: all 0.
  const counted = inodes !== undefined && freeInodes !== undefined && inodes !== '0';
  return [
    {
      path: part.slice(0, part.indexOf('\n')),
      mount,
      size: Number(size) * 1024,
      free: Number(free) * 1024,
      ...(counted ? { inodes: Number(inodes), freeInodes: Number(freeInodes) } : {}),
    },
  ];
}
