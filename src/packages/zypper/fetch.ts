import { quote } from '../../transport/quote.ts';
import { verifyRpm } from '../lib/rpm-verify.ts';
import { LOCKS, zypperFetchFunction } from './reading.ts';
import { waitUnlocked } from '../lib/lock.ts';
import { sectionOf } from '../lib/rpm-switch.ts';
import { WORK } from '../lib/work.ts';
import type { Install, Script, Switch, Wanted } from '../manager.ts';
import { TRUST } from './commands.ts';

/** Their newest: which one is needed only the solver could tell, and it refuses what is locked. */
const DEPENDENCIES = 'kubernetes-cni cri-tools';

/**
 * `download` ignores locks and installs nothing. The section is the one that the later installation uses, by its alias,
 * as this finds the cache of packages; the metadata of the new minor stay in a folder apart from the configured ones.
 */
export function fetchPackages(source: Switch, { wanted }: Install): Script {
  const alias = sectionOf(source);
  const key = `${source.url}repodata/repomd.xml.key`;
  const words = wanted.map(({ name, revision }) => quote(`${name}=${revision.replace(/-\*$/, '')}`)).join(' ');
  const names = wanted.map(({ name, revision }) => `${name}=${revision}`).join(' ');
  const section = `[${alias}]\nname=${alias}\nbaseurl=${source.url}\nenabled=1\nautorefresh=0\ngpgcheck=1\ngpgkey=${key}`;
  return {
    commands: [
      `rpm --import ${key}`,
      `zypper --non-interactive download ${words}   # from ${source.url}; the configured source stays`,
    ],
    text: `export ZYPP_LOCK_TIMEOUT=300
${waitUnlocked(LOCKS)}
${TRUST}
zypp_at_target() {
  zypper --non-interactive --reposd-dir ${WORK}/repos.d --raw-cache-dir ${WORK}/raw --solv-cache-dir ${WORK}/solv "$@"
}
mkdir ${WORK}/repos.d || exit
printf '%s\\n' ${quote(section)} >${WORK}/repos.d/target.repo || exit
wait_unlocked || exit
trust ${quote(key)}
zypp_at_target refresh ${quote(alias)} || {
  rc=$?
  distrust
  echo ${quote(`${source.url} cannot be read: nothing was fetched, nothing was changed`)} >&2
  exit "$rc"
}
zypp_at_target download ${words} || {
  rc=$?
  echo ${quote(`these packages cannot be fetched from ${source.url}: ${names}`)} >&2
  exit "$rc"
}
zypp_at_target download ${DEPENDENCIES} || echo 'what these packages may depend on could not be fetched ahead: ${DEPENDENCIES}' >&2`,
  };
}

/**
 * One package into a folder, a shell word, that also has the caches and the log of the call. Its signature is verified
 * afterwards, as zypper takes only keys that the system trusts.
 */
export function fetchInto(folder: string, source: Switch, { name, revision }: Wanted): string {
  const section = `[target]\nname=target\nbaseurl=${source.url}\nenabled=1\nautorefresh=0\ngpgcheck=0\nrepo_gpgcheck=0\npkg_gpgcheck=0`;
  const zypp = `ZYPP_LOGFILE=${folder}/log zypper --non-interactive --reposd-dir ${folder}/repos.d --raw-cache-dir ${folder}/raw --solv-cache-dir ${folder}/solv --pkg-cache-dir ${folder}/cache`;
  return `${zypperFetchFunction}
mkdir ${folder}/repos.d || exit
printf '%s\\n' ${quote(section)} >${folder}/repos.d/target.repo || exit
${zypp} refresh target || exit
${zypp} download ${quote(`${name}=${revision.replace(/-\*$/, '')}`)} || exit
${verifyRpm(folder, `${source.url}repodata/repomd.xml.key`)}`;
}
