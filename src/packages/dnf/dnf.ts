import { waitUnlocked } from '../lib/lock.ts';
import { keysOf, planRpmSwitch, sectionIds, sectionOf, switchSection } from '../lib/rpm-switch.ts';
import { kubernetesPackages, type PackageManager, type Script, type Switch } from '../manager.ts';
import { lock, LOCKS, programOf, readMetadata, type Variant, withFreshKeys } from './commands.ts';
import { fetchInto, fetchPackages } from './fetch.ts';
import { install } from './install.ts';
import { reading } from './reading.ts';

const ADDED = {
  file: '/etc/yum.repos.d/kubernetes.repo',
  lines: '\nexclude=kubelet kubeadm kubectl cri-tools kubernetes-cni',
};

export const dnf = managerFor('dnf', 'dnf');
export const dnf5 = managerFor('dnf5', 'dnf 5');
export const yum = managerFor('yum', 'yum');

function managerFor(id: Variant, displayName: string): PackageManager {
  return {
    id,
    displayName,
    program: programOf(id),
    reading,
    planSwitch: (found, minor, baseUrl) => planRpmSwitch(found, minor, baseUrl, ADDED),
    switchSource: (change) => {
      const read = readMetadata(id, [sectionOf(change)]);
      return switchSection(change, { locks: LOCKS, read: { commands: [read], text: explained(read, change) } });
    },
    install: (what, found) => install(what, id, sectionIds(found)),
    hold: (names) => lock(id, names),
    fetch: (source, what) => fetchPackages(source, what, id),
    fetchInto: (folder, source, wanted) => fetchInto(folder, source, wanted, id),
    upgradeOs: ({ kept }) => upgradeOs(id, kept),
  };
}

/** dnf calls a signature bad whose key has expired. */
function explained(read: string, change: Switch): string {
  return `{
  ${reading.fetchFunction.replaceAll('\n', '\n  ')}
  ${withFreshKeys(read, [sectionOf(change)])}
} || {
  code=$?
  key=$(mktemp) || exit
  for url in ${keysOf(change)}; do
    fetch "$url" "$key" 2>/dev/null || continue
    ends=$(gpg --batch --with-colons --show-keys "$key" 2>/dev/null | sed -n 's/^pub:\\([^:]*:\\)\\{5\\}\\([0-9]*\\):.*/\\2/p' | sort -n | head -n 1)
    if [ -n "$ends" ] && [ "$ends" -lt "$(date +%s)" ]; then
      echo "the signing key $url expired on $(date -u -d "@$ends" +%Y-%m-%d)" >&2
    fi
  done
  rm -f "$key"
  (exit "$code")
}`;
}

function upgradeOs(id: Variant, kept: readonly string[]): Script {
  const excluded = new Set([...kubernetesPackages, ...kept]);
  const command = `${programOf(id)} -y upgrade --exclude=${[...excluded].join(',')}`;
  return {
    commands: [command],
    text: `set -u\nexport LC_ALL=C\n${waitUnlocked(LOCKS)}\nwait_unlocked || exit\n${command}\n`,
  };
}
