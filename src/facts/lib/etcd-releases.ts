import { compareVersions, minorNumber, minorOf, withoutV } from './version.ts';

/** What kubeadm of one Kubernetes minor makes of etcd: from which patch on it ships which etcd, oldest first. */
interface EtcdOfMinor {
  readonly steps: readonly (readonly [patch: number, etcd: string])[];
  /** The newest patch that was looked at; a newer one may ship a newer etcd, never an older one. */
  readonly known: number;
}

/**
 * Source: `SupportedEtcdVersion` in cmd/kubeadm/app/constants/constants.go of each release;
 * `kubeadm config images list --kubernetes-version vX` prints what a release really ships. Compared with
 * kubernetes/kubernetes #126395 (1.30.5), #126399 (1.28.14), #135018 (1.33.6), #135019 (1.32.10), #135020 (1.31.14),
 * #135271 (1.35.0), #140333 (1.37.0) and kubernetes-sigs/kubespray#13363 (1.36.2). 1.33.12 is not verified: a wrong
 * entry costs a refusal before the next minor, as the running images decide that step.
 */
const BY_MINOR: Readonly<Record<number, EtcdOfMinor>> = {
  20: { steps: [[0, '3.4.13']], known: 15 },
  21: { steps: [[0, '3.4.13']], known: 14 },
  22: { steps: [[0, '3.5.0']], known: 0 },
  23: { steps: [[0, '3.5.1']], known: 0 },
  24: { steps: [[0, '3.5.3']], known: 0 },
  25: { steps: [[0, '3.5.4']], known: 0 },
  26: { steps: [[0, '3.5.6']], known: 0 },
  27: { steps: [[0, '3.5.7']], known: 0 },
  28: { steps: [[0, '3.5.9'], [14, '3.5.15']], known: 0 }, // prettier-ignore
  29: { steps: [[0, '3.5.10']], known: 0 },
  30: { steps: [[0, '3.5.12'], [5, '3.5.15']], known: 0 }, // prettier-ignore
  31: { steps: [[0, '3.5.15'], [14, '3.5.24']], known: 14 }, // prettier-ignore
  32: { steps: [[0, '3.5.16'], [10, '3.5.24']], known: 10 }, // prettier-ignore
  33: { steps: [[0, '3.5.21'], [6, '3.5.24'], [12, '3.5.26']], known: 12 }, // prettier-ignore
  34: { steps: [[0, '3.6.4'], [2, '3.6.5']], known: 3 }, // prettier-ignore
  35: { steps: [[0, '3.6.6']], known: 1 },
  36: { steps: [[0, '3.6.8']], known: 4 },
  37: { steps: [[0, '3.7.0']], known: 0 },
};

export interface ShippedEtcd {
  /** `3.5.24`: this one or a newer one. */
  readonly atLeast: string;
  /** It is just this one. */
  readonly certain: boolean;
}

/** The etcd that kubeadm brings with a Kubernetes release; undefined for releases older than the table. */
export function shippedEtcd(release: string): ShippedEtcd | undefined {
  const minor = minorNumber(release);
  if (minor === undefined) return undefined;
  const newest = Math.max(...Object.keys(BY_MINOR).map(Number));
  const entry = BY_MINOR[Math.min(minor, newest)];
  if (!entry) return undefined;
  const patch = minor > newest ? Number.POSITIVE_INFINITY : patchOf(release);
  const atLeast = entry.steps.findLast(([from]) => from <= patch)?.[1];
  return atLeast === undefined ? undefined : { atLeast, certain: patch <= entry.known };
}

/** What etcd wants to be before it moves to another minor. */
export interface EtcdFloor {
  /** The first release that wants it. */
  readonly to: string;
  readonly from: string;
  /** What etcd's maintainers recommend. */
  readonly better?: string;
  /** One member alone needs none. */
  readonly ofSeveral?: true;
  readonly severity: 'refuse' | 'warn';
  /** What happens below it. */
  readonly why: string;
  /** What etcd itself is to be asked before. */
  readonly ask?: string;
  readonly source: string;
}

/** etcd 3.6 is safe after 3.5 only from this release on: older ones may bring back members removed long ago. */
export const ETCD_FLOOR = '3.5.26';

export const ETCD_FLOORS: readonly EtcdFloor[] = [
  {
    to: '3.6.0',
    from: ETCD_FLOOR,
    better: '3.5.32',
    ofSeveral: true,
    severity: 'refuse',
    why: 'removed members could come back',
    ask: '`etcdutl check v2store --data-dir /var/lib/etcd` must find no content of the v2 store, which 3.6 does not read',
    source:
      'etcd 3.5 -> 3.6 with several members: https://etcd.io/blog/2025/zombie_members_upgrade/; 3.5.32 and the v2 store: etcd-io/website#1203',
  },
  {
    to: '3.7.0',
    from: '3.6.11',
    severity: 'warn',
    why: 'a rolling upgrade to 3.7 may fail',
    source: 'etcd documentation, "Upgrade etcd from 3.6 to 3.7"',
  },
];

/** The floor between two releases of etcd; undefined: it stays within its minor, or wants none. */
export function floorBetween(from: string | undefined, to: string): EtcdFloor | undefined {
  return ETCD_FLOORS.find(
    (floor) =>
      compareVersions(to, floor.to) >= 0 &&
      (from === undefined ? minorOf(to) === minorOf(floor.to) : compareVersions(from, floor.to) < 0),
  );
}

/** `3.5.24-0` -> `3.5.24`; undefined for what is no version. */
export function etcdVersionOf(tag: string | undefined): string | undefined {
  return /^v?(\d+\.\d+\.\d+)/.exec(tag ?? '')?.[1];
}

/** Of a projected tag: this etcd or a newer one, as the table does not know what the releases on the way bring. */
const OR_NEWER = '+';

export function orNewer(version: string): string {
  return `${version}-0${OR_NEWER}`;
}

export function isOrNewer(tag: string): boolean {
  return tag.endsWith(OR_NEWER);
}

/** The release moves several members from etcd 3.5 to 3.6 or newer. */
export function isBeyondFloor(etcd: string): boolean {
  return compareVersions(etcd, '3.6.0') >= 0;
}

export function meetsFloor(etcd: string): boolean {
  return compareVersions(etcd, ETCD_FLOOR) >= 0;
}

function patchOf(release: string): number {
  return Number(/^\d+\.\d+\.(\d+)/.exec(withoutV(release))?.[1] ?? 0);
}
