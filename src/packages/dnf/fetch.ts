import { quote } from '../../transport/quote.ts';
import { waitUnlocked } from '../lib/lock.ts';
import { sectionOf } from '../lib/rpm-switch.ts';
import { verifyRpm } from '../lib/rpm-verify.ts';
import type { Install, Script, Switch, Wanted } from '../manager.ts';
import {
  lock,
  LOCKS,
  mainExcludes,
  programOf,
  unlock,
  type Variant,
  withFreshKeys,
  withoutExcludes,
} from './commands.ts';
import { reading } from './reading.ts';

/**
 * As an operator would type it: the section is read as it will be after the switch, for this one call. Its cache is
 * found by id and address, so the later install finds what was fetched.
 */
function fetchCommand(source: Switch, manager: Variant, wanted: Install['wanted'], more = ''): string {
  const { kept, url } = source;
  const id = sectionOf(source);
  const words = [
    `${programOf(manager)} -y`,
    ...(kept ? [`--setopt=${quote(`${id}.baseurl=${url}`)}`] : [`--repofrompath=${quote(`${id},${url}`)}`]),
    `--setopt=${quote(`${id}.gpgkey=${url}repodata/repomd.xml.key`)}`,
    `--setopt=${quote(`${id}.gpgcheck=1`)}`,
    `--enablerepo=${quote(id)}`,
    // dnf 5 has no plugin for its locks.
    ...(manager === 'dnf5' ? [] : ['--disableplugin=versionlock']),
    withoutExcludes(manager, [id]),
    // Else the next transaction removes them: installing kubeadm would remove the kubelet (dnf.conf(5), keepcache).
    '--setopt=keepcache=1',
    ...(more === '' ? [] : [more]),
    'install --downloadonly',
    ...wanted.map(({ name, revision }) => quote(`${name}-${revision}`)),
  ];
  return words.join(' ');
}

export function fetchPackages(source: Switch, { wanted, held }: Install, manager: Variant): Script {
  return { commands: [fetchCommand(source, manager, wanted)], text: textOf(source, { wanted, held }, manager) };
}

/**
 * One package into a folder, a shell word, that also has the cache, the history and the log of the call. Its signature
 * is verified afterwards, as dnf would import the key. dnf 5 resolves its locks even for a download by `install`, and
 * has `download` built in.
 */
export function fetchInto(folder: string, source: Switch, wanted: Wanted, manager: Variant): string {
  const id = 'runbook-target';
  const words = [
    `${programOf(manager)} -y -q`,
    ...['cachedir', 'persistdir', 'logdir'].map((name) => `--setopt=${name}=${folder}/${name}`),
    ...(manager === 'dnf5' ? [] : ['--disableplugin=versionlock']),
    `--repofrompath=${quote(`${id},${source.url}`)}`,
    `--setopt=${quote(`${id}.gpgcheck=0`)}`,
    `--setopt=${quote(`${id}.repo_gpgcheck=0`)}`,
    `--repo=${id}`,
    manager === 'dnf5' ? `download --destdir=${folder}` : `--downloadonly --downloaddir=${folder} install`,
    quote(`${wanted.name}-${wanted.revision}`),
  ];
  return `${reading.fetchFunction}
${words.join(' ')} || exit
${verifyRpm(folder, `${source.url}repodata/repomd.xml.key`)}`;
}

function textOf(source: Switch, { wanted, held }: Install, manager: Variant): string {
  const locks = manager === 'dnf5' && held.length > 0;
  const names = wanted.map(({ name, revision }) => `${name}-${revision}`).join(' ');
  return `${waitUnlocked(LOCKS)}
${mainExcludes(manager, [sectionOf(source)])}
wait_unlocked || exit
rc=0
${locks ? `trap ':' HUP INT TERM\n${unlock(manager, held)} || rc=$?\n` : ''}if [ "$rc" -eq 0 ]; then
  { ${withFreshKeys(fetchCommand(source, manager, wanted, '$main'), [sectionOf(source)])}; } || rc=$?
fi
${locks ? `${lock(manager, held)} || { code=$?; [ "$rc" -ne 0 ] || rc=$code; }\n` : ''}if [ "$rc" -ne 0 ]; then
  echo ${quote(`these packages cannot be fetched from ${source.url}: ${names}`)} >&2
  exit "$rc"
fi`;
}
