import { lock, mainExcludes, programOf, type RpmManager, unlock, withoutExcludes } from './dnf.ts';
import type { Install } from './install-script.ts';
import { waitUnlocked } from './package-lock.ts';
import type { RpmSwitch } from './package-repo-rpm.ts';
import { quote } from '../transport/quote.ts';

/**
 * As an operator would type it: the section is read as it will be after the switch, for this one call. Its cache is found by id and
 * address, so the later install finds what was fetched.
 */
export function rpmFetchCommand(
  { kept, id, url }: RpmSwitch,
  manager: RpmManager,
  wanted: Install['wanted'],
  more = '',
): string {
  const words = [
    `${programOf(manager)} -y`,
    ...(kept ? [`--setopt=${quote(`${id}.baseurl=${url}`)}`] : [`--repofrompath=${quote(`${id},${url}`)}`]),
    `--setopt=${quote(`${id}.gpgkey=${url}repodata/repomd.xml.key`)}`,
    `--setopt=${quote(`${id}.gpgcheck=1`)}`,
    `--enablerepo=${quote(id)}`,
    // dnf 5 has no plugin for its locks.
    ...(manager === 'dnf5' ? [] : ['--disableplugin=versionlock']),
    withoutExcludes(manager, [id]),
    ...(more === '' ? [] : [more]),
    'install --downloadonly',
    ...wanted.map(({ name, revision }) => quote(`${name}-${revision}`)),
  ];
  return words.join(' ');
}

export function rpmFetch(source: RpmSwitch, manager: RpmManager, { wanted, held }: Install): string {
  const locks = manager === 'dnf5' && held.length > 0;
  const names = wanted.map(({ name, revision }) => `${name}-${revision}`).join(' ');
  return `${waitUnlocked('rpm')}
${mainExcludes(manager, [source.id])}
wait_unlocked || exit
rc=0
${locks ? `trap ':' HUP INT TERM\n${unlock(manager, held)} || rc=$?\n` : ''}if [ "$rc" -eq 0 ]; then
  ${rpmFetchCommand(source, manager, wanted, '$main')} || rc=$?
fi
${locks ? `${lock(manager, held)} || { code=$?; [ "$rc" -ne 0 ] || rc=$code; }\n` : ''}if [ "$rc" -ne 0 ]; then
  echo ${quote(`these packages cannot be fetched from ${source.url}: ${names}`)} >&2
  exit "$rc"
fi`;
}
