import { fetchFunction } from '../lib/fetch.ts';
import { rpmAudit, rpmInstalled } from '../lib/rpm-audit.ts';
import { repoSources, rpmArchiveOf, rpmArchives, rpmOffered, rpmSoftware, unpackRpm } from '../lib/rpm-reading.ts';
import { kubernetesPackages, type PackageReading } from '../manager.ts';

const LOCKED = '/etc/zypp/locks';
/** zypp writes the id of the process that works with packages; rpm locks its database. */
export const LOCKS = '/run/zypp.pid /var/run/zypp.pid /usr/lib/sysimage/rpm/.rpm.lock /var/lib/rpm/.rpm.lock';

/** SUSE's proxies are in a file that login shells read (zypp: ProxyInfoSysconfig). */
export const zypperFetchFunction = `suse_proxy() {
  case \${https_proxy:-} in ?*) return 0 ;; esac
  if grep -q '^PROXY_ENABLED="*yes' /etc/sysconfig/proxy 2>/dev/null; then
    http_proxy=$(sed -n 's/^HTTP_PROXY="\\(.*\\)".*/\\1/p' /etc/sysconfig/proxy)
    https_proxy=$(sed -n 's/^HTTPS_PROXY="\\(.*\\)".*/\\1/p' /etc/sysconfig/proxy)
    no_proxy=$(sed -n 's/^NO_PROXY="\\(.*\\)".*/\\1/p' /etc/sysconfig/proxy)
    export http_proxy https_proxy no_proxy
  fi
}
${fetchFunction({ proxies: 'suse_proxy' })}`;

export const reading: PackageReading = {
  // zypper is a package of other distributions, too.
  detect: "command -v zypper >/dev/null 2>&1 && grep -qi '^ID.*suse' /etc/os-release",
  identify: 'echo zypper',
  ids: ['zypper'],
  listing: `rpm -q ${kubernetesPackages.join(' ')}; cat ${LOCKED}`,
  // The file of locks(5): `zypper locks` waits for zypp's lock. Locks of some versions or one repository do not count.
  installed: `${rpmInstalled}
  awk 'function flush() { if (name != "" && !partial && (type == "" || type == "package")) print "held: " name; name = type = ""; partial = 0 } /^[ \\t]*$/ { flush() } /^type:/ { type = $2 } /^solvable_name:/ { name = $2 } /^(version|repo):/ { partial = 1 } END { flush() }' ${LOCKED} 2>/dev/null`,
  database: 'rpm',
  sourceFiles: ['/etc/zypp/repos.d/*.repo'],
  sourcesOf: repoSources,
  fetchFunction: zypperFetchFunction,
  offered: rpmOffered(),
  software: `${rpmSoftware}
offers() {
  listed=$(ZYPP_LOCK_TIMEOUT=30 zypper --non-interactive --xmlout search --details --match-exact --type package "$@" 2>/dev/null)
  code=$?
  printf '%s\\n' "$listed" | tr '>' '\\n' | grep '^<solvable ' | grep -v 'repository="(System' | sed -n 's/.* name="\\([^"]*\\)".* edition="\\([^"]*\\)".*/offer: \\1 \\2/p'
  case $code in
    0 | 100 | 101 | 102 | 103 | 104) ;;
    106) echo 'failed: zypper search: a repository could not be refreshed' ;;
    *) echo "failed: zypper search: exit $code" ;;
  esac
}`,
  listingUpdates: 'zypper list-updates',
  // 106: a repository was skipped, so that its updates are not known.
  updates: `listed=$(ZYPP_LOCK_TIMEOUT=30 zypper --non-interactive --xmlout list-updates 2>/dev/null)
  code=$?
  printf '%s\\n' "$listed" | tr '>' '\\n' | sed -n '/^<update-list/,/^<\\/update-list/s/^<update .*name="\\([^"]*\\)".*/pending: \\1/p'
  case $code in
    0 | 100 | 101 | 102 | 103) ;;
    106) echo 'failed: zypper list-updates: a repository could not be refreshed' ;;
    *) echo "failed: zypper list-updates: exit $code" ;;
  esac`,
  kernel: /^kernel-(default|azure|rt|longterm|kvmsmall|64kb)(-base)?$/,
  // libzypp makes the file when it installs what needs a reboot.
  reboot: `if [ -e /run/reboot-needed ] || [ -e /var/run/reboot-needed ]; then echo 'required: zypper needs-rebooting'
  else
    ZYPP_LOCK_TIMEOUT=30 zypper --non-interactive needs-rebooting >/dev/null 2>&1
    case $? in 0) echo 'not zypper' ;; 102) echo 'required: zypper needs-rebooting' ;; esac
  fi`,
  audit: rpmAudit,
  locks: LOCKS,
  background: 'packagekitd, os-update.timer',
  caches: ['/var/cache/zypp/packages'],
  cleaning: 'zypper clean',
  // Below the repository's alias as the repository has them: on pkgs.k8s.io in a folder for each architecture.
  archives: rpmArchives(['/var/cache/zypp/packages/*', '/var/cache/zypp/packages/*/*']),
  archivesIn: (folder) => rpmArchives([folder]),
  archiveOf: rpmArchiveOf,
  unpackKubeadm: unpackRpm,
};
