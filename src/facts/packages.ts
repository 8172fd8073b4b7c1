import type { Fact } from './fact.ts';

export interface PackagesFact {
  /** Of kubeadm, kubelet, kubectl, kubernetes-cni, cri-tools: those installed, with their full revision (`1.32.9-1.1`). */
  readonly installed: Readonly<Record<string, { readonly revision: string; readonly status: string }>>;
  /** Names on hold (apt-mark) or version-locked, sorted. */
  readonly held: readonly string[];
  /** Which one installs: `dnf` is dnf 4. */
  readonly manager?: 'apt' | 'dnf' | 'dnf5' | 'yum';
}

export const kubernetesPackages = ['kubeadm', 'kubelet', 'kubectl', 'kubernetes-cni', 'cri-tools'] as const;
const names = kubernetesPackages.join(' ');

export const packages: Fact<PackagesFact> = {
  command: `dpkg-query -W ${names}; apt-mark showhold`,
  remedy: 'Only nodes whose Kubernetes packages are from apt or dnf are supported.',
  // dpkg-query and rpm -q exit 1 as soon as one of the names is not installed.
  script: () =>
    `if command -v dpkg-query >/dev/null 2>&1; then
  echo 'manager: apt'
  dpkg-query -W -f='\${Package} \${Version} \${db:Status-Abbrev}\\n' ${names} 2>/dev/null
  apt-mark showhold | sed 's/^/held: /'
elif command -v rpm >/dev/null 2>&1; then
  if command -v dnf >/dev/null 2>&1; then
    case $(readlink -f "$(command -v dnf)") in *dnf5*) echo 'manager: dnf5' ;; *) echo 'manager: dnf' ;; esac
  elif command -v yum >/dev/null 2>&1; then echo 'manager: yum'
  fi
  rpm -q --qf '%{NAME} %{VERSION}-%{RELEASE} ii\\n' ${names} | grep ' ii$'
  { dnf -q -C versionlock list 2>/dev/null || dnf -q versionlock list 2>/dev/null || yum -q versionlock list 2>/dev/null; } | sed 's/^/locked: /'
else
  echo 'neither dpkg-query nor rpm is here' >&2
  exit 127
fi
true`,
  parse: parsePackages,
};

export function parsePackages(output: string): PackagesFact {
  const installed: Record<string, { revision: string; status: string }> = {};
  const held = new Set<string>();
  for (const line of output.split('\n')) {
    const hold = /^held: ([^:\s]+)/.exec(line)?.[1] ?? lockedName(line);
    if (hold !== undefined) held.add(hold);
    const [name, revision, status] = line.trimEnd().split(' ');
    if (!isKubernetesPackage(name) || revision === undefined || status === undefined) continue;
    // `rc` has only its configuration left, `un` was never here.
    if (!/^[a-z][iUFHWt]/.test(status)) continue;
    installed[name] = { revision: revision.replace(/^\d+:/, ''), status };
    if (status.startsWith('h')) held.add(name);
  }
  const manager = /^manager: (apt|dnf5?|yum)$/m.exec(output)?.[1];
  return { installed, held: [...held].toSorted(), ...(isManager(manager) ? { manager } : {}) };
}

function isKubernetesPackage(name: string | undefined): name is string {
  return kubernetesPackages.some((known) => known === name);
}

function isManager(word: string | undefined): word is NonNullable<PackagesFact['manager']> {
  return word === 'apt' || word === 'dnf' || word === 'dnf5' || word === 'yum';
}

/** `kubelet-0:1.32.9-150500.1.1.*` (dnf 4), `0:kubelet-1.32.9-150500.1.1.*` (yum) or `Package name: kubelet` (dnf 5). */
function lockedName(line: string): string | undefined {
  const entry = /^locked: (?:Package name: )?(?:\d+:)?(.+)$/.exec(line)?.[1];
  return kubernetesPackages.find(
    (name) => entry === name || (entry?.startsWith(`${name}-`) && /^-\d/.test(entry.slice(name.length))),
  );
}
