import { fetchFunction } from '../lib/fetch.ts';
import { withoutEpoch } from '../lib/revision.ts';
import { rpmAudit, rpmInstalled } from '../lib/rpm-audit.ts';
import { repoSources, rpmArchiveOf, rpmArchives, rpmOffered, rpmSoftware, unpackRpm } from '../lib/rpm-reading.ts';
import { kubernetesPackages, type PackageReading } from '../manager.ts';
import { LOCKS } from './commands.ts';

const CONFIGURATION = '/etc/yum.repos.d/*.repo /etc/dnf/dnf.conf /etc/yum.conf';

/** Of dnf 4, dnf 5 and yum; also of nodes that have rpm and none of them, whose packages can be looked at. */
export const reading: PackageReading = {
  detect: 'command -v rpm >/dev/null 2>&1',
  identify: `if command -v dnf >/dev/null 2>&1; then
    case $(readlink -f "$(command -v dnf)") in *dnf5*) echo dnf5 ;; *) echo dnf ;; esac
  elif command -v yum >/dev/null 2>&1; then echo yum
  fi`,
  ids: ['dnf', 'dnf5', 'yum'],
  listing: `rpm -q ${kubernetesPackages.join(' ')}; dnf versionlock list`,
  installed: `${rpmInstalled}
  { dnf -q -C --disablerepo='*' versionlock list 2>/dev/null || yum -q versionlock list 2>/dev/null; } | sed 's/^/locked: /'`,
  heldName: lockedName,
  database: 'rpm',
  sourceFiles: ['/etc/yum.repos.d/*.repo'],
  sourcesOf: repoSources,
  fetchFunction: `dnf_proxy() {
  case \${https_proxy:-} in ?*) return 0 ;; esac
  found=$(cat ${CONFIGURATION} 2>/dev/null | sed -n 's/^proxy[[:space:]]*=[[:space:]]*//p' | head -n 1)
  case $found in *://*) http_proxy=$found https_proxy=$found; export http_proxy https_proxy ;; esac
}
${fetchFunction({ proxies: 'dnf_proxy' })}`,
  // dnf has the certificates and credentials of the configuration, and every compression.
  offered: rpmOffered(
    `dnf -q --repofrompath=offered,"$url" --repo=offered repoquery --showduplicates --qf '%{name} %{version}-%{release}\\n' 2>/dev/null`,
  ),
  // A version lock hides what it excludes. A long name has its line for itself.
  software: `${rpmSoftware}
offers() {
  manager=dnf
  command -v dnf >/dev/null 2>&1 || manager=yum
  for name in "$@"; do
    listed=$($manager -q --disableplugin=versionlock list --showduplicates "$name" 2>/dev/null)
    printf '%s\\n' "$listed" | awk -v name="$name" 'NF == 1 { first = $1; next } { if (first != "") { $0 = first " " $0; first = "" } } index($1, name ".") == 1 && $3 !~ /^@/ { print "offer: " name " " $2 }'
  done
  said=$($manager -q --disableplugin=versionlock list --showduplicates "$@" 2>&1 >/dev/null) || printf 'failed: %s\\n' "$(printf '%s\\n' "$said" | tail -n 1)"
}`,
  listingUpdates: 'dnf check-update',
  // It exits with 100 where there are updates, and breaks the line after a long name.
  updates: `manager=dnf
  command -v dnf >/dev/null 2>&1 || manager=yum
  said=$($manager -q check-update 2>/dev/null)
  case $? in
    0) ;;
    100) printf '%s\\n' "$said" | sed -n '/^Obsoleting/,$d; s/^\\([^ ]*\\)\\.[^. ]* .*/pending: \\1/p; s/^\\([^ ]*\\)\\.[^. ]*$/pending: \\1/p' ;;
    *) echo "failed: $manager check-update" ;;
  esac`,
  kernel: /^kernel(-core|-rt)?$/,
  // The program is in yum-utils; the plugin, with other packages, exits with 1 also where dnf does not know it.
  reboot: `if command -v needs-restarting >/dev/null 2>&1; then
    needs-restarting -r >/dev/null 2>&1
    case $? in 0) echo 'not needs-restarting' ;; 1) echo 'required: needs-restarting' ;; esac
  elif command -v dnf >/dev/null 2>&1; then
    case $(dnf -q -C needs-restarting -r 2>/dev/null) in
      *'Reboot is required'*) echo 'required: dnf needs-restarting' ;;
      *'Reboot should not be necessary'*) echo 'not dnf needs-restarting' ;;
    esac
  fi`,
  audit: rpmAudit,
  locks: LOCKS,
  background: 'dnf-automatic, packagekitd',
  caches: ['/var/cache/dnf'],
  cleaning: 'dnf clean packages',
  archives: rpmArchives([
    '/var/cache/dnf/*/packages',
    '/var/cache/libdnf5/*/packages',
    '/var/cache/yum/*/*/*/packages',
  ]),
  archivesIn: (folder) => rpmArchives([folder]),
  archiveOf: rpmArchiveOf,
  unpackKubeadm: unpackRpm,
};

/** `kubelet-0:1.32.9-150500.1.1.*` (dnf 4), `0:kubelet-1.32.9-150500.1.1.*` (yum), `Package name: kubelet` (dnf 5). */
function lockedName(line: string): string | undefined {
  const entry = /^locked: (?:Package name: )?([A-Za-z0-9]\S*)$/.exec(line)?.[1];
  if (entry === undefined) return undefined;
  const locked = withoutEpoch(entry);
  // The last two parts between dashes are the version and the release, which may be missing.
  return (/^(.+?)-(?:\d+:)?\d[^-]*-[^-]+$/.exec(locked) ?? /^(.+)-\d+:[^-]+$/.exec(locked))?.[1] ?? locked;
}
