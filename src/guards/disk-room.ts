import type { DiskFact, DiskPlace } from '../facts/disk.ts';
import { readings } from '../packages/registry.ts';
import type { Guard } from './guard.ts';
import { type MachineDraft, onMachines, sizeText } from './lib/machines.ts';
import { listed } from './lib/subject.ts';

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;

const caches = readings.flatMap((reading) => reading.caches);

/**
 * Bytes that an upgrade takes at a place: package archives and programs (about 350 MiB unpacked), the new images
 * (about 700 MiB on a control plane), the kubelet's own files; `close` is what it should leave besides.
 */
const needs: readonly { readonly path: RegExp; readonly refuse: number; readonly close: number }[] = [
  { path: /^\/$/, refuse: 400 * MiB, close: GiB },
  { path: new RegExp(`^(/var|${caches.join('|')})$`), refuse: 200 * MiB, close: GiB },
  { path: /^\/var\/lib\/(containerd|containers\/storage|docker)$/, refuse: GiB, close: GiB },
  { path: /^\/var\/lib\/(kubelet|etcd)$/, refuse: 100 * MiB, close: 400 * MiB },
  { path: /^\/etc\/kubernetes\/tmp$/, refuse: 10 * MiB, close: 90 * MiB },
];

/** Inodes: a few thousand files are in the packages and images. */
const inodes = { refuse: 5000, close: 20_000 };

/** The kubelet's hard eviction: at nodefs.available<10% or nodefs.inodesFree<5%, it evicts pods and deletes images. */
const eviction = { free: 0.1, inodes: 0.05 };

export const diskRoom: Guard = {
  id: 'disk-room',
  title: 'There is room for packages, images and the backups of kubeadm',
  source:
    'kubeadm upgrade (copies etcd\'s data to /etc/kubernetes/tmp); "Node-pressure Eviction": nodefs.available<10%, nodefs.inodesFree<5%',
  facts: ['disk'],
  scope: 'run',
  check: (input) => (input.step ? [] : onMachines(diskRoom, input, ({ disk }) => (disk ? judge(disk) : []))),
};

function judge(disk: DiskFact): MachineDraft[] {
  const mounts = [...new Set(disk.places.map(({ mount }) => mount))];
  return mounts.flatMap((mount) =>
    judgeMount(
      disk.places.filter((place) => place.mount === mount),
      disk.etcdBytes ?? 0,
    ),
  );
}

/** Places on one file system share its room, so the worst of them speaks for all. */
function judgeMount(places: readonly DiskPlace[], etcdBytes: number): MachineDraft[] {
  const [place] = places;
  if (!place) return [];
  const needed = places.map((one) => needOf(one, etcdBytes)).filter((need) => need !== undefined);
  const refuse = Math.max(0, ...needed.map((need) => need.refuse));
  const close = Math.max(0, ...needed.map((need) => need.refuse + need.close));
  const backups = places.some((one) => isBackups(one)) && etcdBytes > 0;
  const names = listed(places.map(({ path }) => path));
  const free = `${sizeText(place.free)} of ${sizeText(place.size)} are free on ${place.mount}`;
  const why = backups ? `: kubeadm's backups take twice etcd's ${sizeText(etcdBytes)}` : '';
  if (place.free < refuse) return [full('refuse', `${free}, ${sizeText(refuse)} are needed${why}`, names)];
  const spent = inodesShort(place, names);
  if (spent.length > 0) return spent;
  if (place.free < close)
    return [full('warn', `only ${free}, hardly more than the ${sizeText(refuse)} needed${why}`, names)];
  if (holdsPods(places) && place.free < place.size * eviction.free)
    return [full('warn', `only ${free}: below 10 % the kubelet evicts pods`, names)];
  return [];
}

function needOf(place: DiskPlace, etcdBytes: number) {
  const need = needs.find(({ path }) => path.test(place.path));
  return need && isBackups(place) ? { ...need, refuse: need.refuse + 2 * etcdBytes } : need;
}

function isBackups({ path }: DiskPlace): boolean {
  return path === '/etc/kubernetes/tmp';
}

function holdsPods(places: readonly DiskPlace[]): boolean {
  return places.some(({ path }) => path.startsWith('/var/lib/'));
}

function inodesShort({ mount, inodes: all, freeInodes }: DiskPlace, names: string): MachineDraft[] {
  if (all === undefined || freeInodes === undefined) return [];
  if (freeInodes < inodes.refuse) return [full('refuse', `only ${freeInodes} inodes are free on ${mount}`, names)];
  if (freeInodes < inodes.close || freeInodes < all * eviction.inodes)
    return [full('warn', `only ${freeInodes} of ${all} inodes are free on ${mount}`, names)];
  return [];
}

function full(severity: 'refuse' | 'warn', summary: string, names: string): MachineDraft {
  const [own] = readings.filter((reading) => reading.caches.some((cache) => names.includes(cache)));
  const cleaning = (own ? [own] : readings).map((reading) => `\`${reading.cleaning}\``).join(' or ');
  return {
    severity,
    summary,
    remedy: `Make room there (it holds ${names}): old /etc/kubernetes/tmp/kubeadm-backup-*, ${cleaning}, \`crictl rmi --prune\`, logs; or give it a larger disk.`,
  };
}
