interface AddonVersion {
  readonly addonVersion: string;
  readonly compatibilities: readonly [{ readonly clusterVersion: string; readonly defaultVersion: boolean }];
}

/** What the provider offers of an add-on for a minor, the newest first; its default is not the newest. */
export function addonVersions(name: string, minor: string): AddonVersion[] {
  const base = baseOf(name, Number(minor.split('.')[1]));
  if (base === undefined) return [];
  return [3, 0].map((patch) => ({
    addonVersion: `${base}.${patch}-eksbuild.1`,
    compatibilities: [{ clusterVersion: minor, defaultVersion: patch === 0 }],
  }));
}

/** The version that an add-on has unless another was chosen. */
export function defaultAddon(name: string, minor: string): string {
  const version = addonVersions(name, minor).find((one) => one.compatibilities[0].defaultVersion);
  if (!version) throw new Error(`there is no add-on ${name} for ${minor}`);
  return version.addonVersion;
}

function baseOf(name: string, minor: number): string | undefined {
  if (name === 'kube-proxy') return `v1.${minor}`;
  if (name === 'coredns') return `v1.${minor - 21}`;
  if (name === 'vpc-cni') return 'v1.19';
  return undefined;
}
