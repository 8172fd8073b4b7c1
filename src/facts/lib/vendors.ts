/** How vendors mark their builds of Kubernetes in a version: after `-` or `+`. */
const vendors: readonly (readonly [suffix: RegExp, vendor: string])[] = [
  [/-eks-/, 'EKS'],
  [/-gke\./, 'GKE'],
  [/\+rke2/, 'RKE2'],
  [/\+k3s/, 'k3s'],
  [/\+k0s/, 'k0s'],
  [/\+vmware/, 'VMware'],
  [/-tke\./, 'TKE'],
  [/-aliyun\./, 'ACK'],
];

/** Who built a release: `EKS` of `v1.31.4-eks-2d5f260`; undefined for Kubernetes' own, prereleases among them. */
export function vendorOf(version: string): string | undefined {
  const known = vendors.find(([suffix]) => suffix.test(version))?.[1];
  // Every other build of someone's own has its mark after the plus sign (Semantic Versioning, item 10).
  return known ?? (/\+\S/.test(version) ? 'a vendor' : undefined);
}
