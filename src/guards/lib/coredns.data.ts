import { compareVersions, minorNumber } from '../../facts/lib/version.ts';

/**
 * The versions of CoreDNS whose Corefile kubeadm's library can migrate (coredns/corefile-migration,
 * migration/versions.go, as of 2026-03: up to 1.14.2; 1.14.3 to 1.14.6 are those up to what kubeadm 1.37 ships, not
 * verified).
 */
const MIGRATABLE = new Set(
  `1.1.3 1.1.4 1.2.0 1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.2.6 1.3.0 1.3.1 1.4.0 1.5.0 1.5.1 1.5.2 1.6.0 1.6.1 1.6.2 1.6.3 1.6.4
  1.6.5 1.6.6 1.6.7 1.6.9 1.7.0 1.7.1 1.8.0 1.8.3 1.8.4 1.8.5 1.8.6 1.8.7 1.9.0 1.9.1 1.9.2 1.9.3 1.9.4 1.10.0 1.10.1
  1.11.0 1.11.1 1.11.3 1.11.4 1.12.0 1.12.1 1.12.2 1.12.3 1.12.4 1.13.0 1.13.1 1.13.2 1.14.0 1.14.1 1.14.2 1.14.3 1.14.4
  1.14.5 1.14.6`.split(/\s+/),
);

/**
 * By Kubernetes minor: the newest CoreDNS that a kubeadm of it ships (CoreDNSVersion in cmd/kubeadm/app/constants of
 * each release), which is the newest it can migrate from. Compared up to 1.37.
 */
const SHIPPED: Readonly<Record<number, string>> = {
  20: '1.7.0',
  21: '1.8.0',
  22: '1.8.4',
  23: '1.8.6',
  24: '1.8.6',
  25: '1.9.3',
  26: '1.9.3',
  27: '1.10.1',
  28: '1.10.1',
  29: '1.11.3',
  30: '1.11.3',
  31: '1.11.3',
  32: '1.11.3',
  33: '1.12.0',
  34: '1.12.1',
  35: '1.13.1',
  36: '1.14.2',
  37: '1.14.6',
};

/** As kubeadm reads it (DeployedDNSAddon): whatever follows the last colon of the image, without `v`. */
export function coreDnsVersionOf(image: string): string {
  return image.slice(image.lastIndexOf(':') + 1).replace(/^v+/, '');
}

/** Why kubeadm of the release refuses this version (preflight CoreDNSMigration); undefined: it does not. */
export function unmigratable(version: string, release: string | undefined): string | undefined {
  const newest = SHIPPED[(release === undefined ? undefined : minorNumber(release)) ?? Number.NaN];
  if (version === newest) return undefined;
  if (!MIGRATABLE.has(version)) return 'no release that it can migrate';
  if (newest === undefined || compareVersions(version, newest) < 0) return undefined;
  return `newer than the ${newest} that it brings`;
}
