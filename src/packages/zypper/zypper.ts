import { quote } from '../../transport/quote.ts';
import { keysOf, planRpmSwitch, sectionIds, sectionOf, switchSection } from '../lib/rpm-switch.ts';
import type { PackageManager, Script, Switch } from '../manager.ts';
import { enabling, lock, SETTINGS, TRUST, unlock } from './commands.ts';
import { fetchInto, fetchPackages } from './fetch.ts';
import { install } from './install.ts';
import { LOCKS, reading } from './reading.ts';

/** https://kubernetes.io/docs/tasks/tools/install-kubectl-linux/ has no `exclude`, which libzypp does not know. */
const ADDED = { file: '/etc/zypp/repos.d/kubernetes.repo', lines: '' };

export const zypper: PackageManager = {
  id: 'zypper',
  displayName: 'zypper',
  program: 'zypper',
  reading,
  planSwitch: (found, minor, baseUrl) => planRpmSwitch(found, minor, baseUrl, ADDED),
  switchSource: (change) => switchSection(change, { locks: LOCKS, read: readSource(change) }),
  install: (what, found) => {
    const ids = sectionIds(found);
    const sources = found?.sources ?? [];
    const disabled = ids.filter((id) => !sources.some((source) => source.enabled && source.section?.id === id));
    return install(what, { ids, disabled });
  },
  hold: lock,
  fetch: fetchPackages,
  fetchInto,
  upgradeOs,
};

/** The section's keys may be fetched from elsewhere than the packages. */
function readSource(change: Switch): Script {
  const alias = sectionOf(change);
  const enable = change.kept?.enabled === false ? enabling([alias]) : '';
  const refresh = `zypper --non-interactive ${enable}refresh --force ${quote(alias)}`;
  return {
    commands: [`rpm --import ${change.url}repodata/repomd.xml.key`, refresh],
    text: `{
  export ZYPP_LOCK_TIMEOUT=300
  ${TRUST.replaceAll('\n', '\n  ')}
  for key in ${keysOf(change)}; do trust "$key"; done
  ${refresh} || { rc=$?; distrust; (exit "$rc"); }
}`,
  };
}

/**
 * What is kept and not locked is locked meanwhile. Interactive patches are included; after an update of
 * zypper itself (103) a second call brings the rest.
 */
function upgradeOs({ kept, held }: { readonly kept: readonly string[]; readonly held: readonly string[] }): Script {
  const free = kept.filter((name) => !held.includes(name));
  const update = 'update --with-interactive --auto-agree-with-licenses';
  return {
    commands: ['zypper --non-interactive refresh', `zypper --non-interactive ${update}`],
    text: `${SETTINGS}
wait_unlocked || exit
zypp refresh || exit
${free.length === 0 ? '' : `${lock(free)} || exit\n`}rc=0
zypp ${update} || rc=$?
if [ "$info" -eq 103 ]; then zypp ${update} || rc=$?; fi
${free.length === 0 ? '' : `${unlock(free)} || rc=$?\n`}exit "$rc"
`,
  };
}
