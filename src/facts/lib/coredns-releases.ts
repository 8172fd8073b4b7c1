import { minorNumber } from './version.ts';

/**
 * The CoreDNS that the first release of each Kubernetes minor brings: later ones bring this or a newer one. Source:
 * `CoreDNSVersion` in cmd/kubeadm/app/constants/constants.go. Last compared with 1.37.0.
 */
const BY_MINOR: Readonly<Record<number, string>> = {
  20: '1.7.0',
  21: '1.8.0',
  22: '1.8.4',
  23: '1.8.6',
  24: '1.8.6',
  25: '1.9.3',
  26: '1.9.3',
  27: '1.10.1',
  28: '1.10.1',
  29: '1.11.1',
  30: '1.11.1',
  31: '1.11.1',
  32: '1.11.3',
  33: '1.12.0',
  34: '1.12.1',
  35: '1.13.1',
  36: '1.14.2',
  37: '1.14.6',
};

/** `1.11.3`: the oldest CoreDNS that kubeadm leaves behind with a release; undefined for one that the table lacks. */
export function shippedCoreDns(release: string): string | undefined {
  return BY_MINOR[minorNumber(release) ?? 0];
}
