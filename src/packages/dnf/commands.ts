import { quote } from '../../transport/quote.ts';

/** `dnf` is dnf 4. */
export type Variant = 'dnf' | 'dnf5' | 'yum';

/** Files in which dnf 4 and yum write their process id while they work, and those that rpm and dnf 5 lock. */
export const LOCKS =
  '/var/lib/dnf/rpmdb_lock.pid /var/cache/dnf/metadata_lock.pid /var/cache/dnf/download_lock.pid /var/run/yum.pid /run/dnf/rpmtransaction.lock /var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock';

/** The program's name; dnf 5 answers to `dnf` as well. */
export function programOf(manager: Variant): 'dnf' | 'yum' {
  return manager === 'yum' ? 'yum' : 'dnf';
}

/**
 * Ignores the `exclude=` lines of the Kubernetes repositories, which keep a general update from moving the cluster.
 * https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-upgrade/ (dnf 5 has the option only as a setting)
 */
export function withoutExcludes(manager: Variant, repositories: readonly string[]): string {
  if (repositories.length === 0) return '';
  if (manager === 'dnf5') return `--setopt=${quote(`disable_excludes=${repositories.join(',')}`)}`;
  return repositories.map((id) => `--disableexcludes=${quote(id)}`).join(' ');
}

/**
 * Shell lines that set `main` to the option that ignores excludes of the main section, where these
 * name Kubernetes' packages; the excludes of the repositories stay ignored (dnf 5 takes the last setting alone).
 */
export function mainExcludes(manager: Variant, repositories: readonly string[]): string {
  return `main=
if cat /etc/dnf/dnf.conf /etc/yum.conf 2>/dev/null | grep -Eq '^[[:space:]]*exclude(pkgs)?[[:space:]]*=.*(kube|cri-tools)'; then main=${quote(withoutExcludes(manager, ['main', ...repositories]))}; fi`;
}

/** Reads the metadata of these repositories only; one that does not answer is an error, even if it may be skipped. */
export function readMetadata(manager: Variant, repositories: readonly string[]): string {
  const only = repositories.flatMap((id) => [
    `--enablerepo=${quote(id)}`,
    `--setopt=${quote(`${id}.skip_if_unavailable=0`)}`,
  ]);
  const words = [
    programOf(manager),
    '-y -q',
    ...(only.length > 0 ? ["--disablerepo='*'", ...only] : []),
    manager === 'yum' ? 'makecache fast' : '--refresh makecache',
  ];
  return words.join(' ');
}

/**
 * dnf 4 and dnf 5 check indexes by their own copy of a repository's key, and never fetch it again: after the key's end
 * was moved they go on refusing what it signs. So what fails is tried again without these copies, where there are any.
 */
export function withFreshKeys(command: string, repositories: readonly string[]): string {
  const copies = repositories.flatMap((id) =>
    ['/var/cache/dnf', '/var/cache/libdnf5'].map((cache) => `${cache}/${quote(id)}-*/pubring`),
  );
  if (copies.length === 0) return command;
  return `${command} || {
    failed=$?
    copies=$(ls -d ${copies.join(' ')} 2>/dev/null)
    if [ -n "$copies" ]; then
      echo "trying again without dnf's own copies of the repository's key" >&2
      rm -rf $copies
      ${command}
    else
      (exit "$failed")
    fi
  }`;
}

/**
 * Without repositories: one that cannot be read, or whose key dnf would ask about, fails each call, and would leave
 * locks unread or off. The versions that are installed are enough.
 */
const ALONE = "--disablerepo='*' ";

/** yum names a lock by the whole package, dnf by its name. */
export function unlock(manager: Variant, names: readonly string[]): string {
  const words = names.map((name) => quote(manager === 'yum' ? `0:${name}-*` : name)).join(' ');
  return `${programOf(manager)} ${manager === 'yum' ? '-y -q ' : `-q ${ALONE}`}versionlock delete ${words}`;
}

/** Locks the versions that are installed. */
export function lock(manager: Variant, names: readonly string[]): string {
  return `${programOf(manager)} ${manager === 'yum' ? '-y -q ' : `-q ${ALONE}`}versionlock add ${names.map(quote).join(' ')}`;
}
