import { quote } from '../../transport/quote.ts';
import { waitUnlocked } from '../lib/lock.ts';
import { WORK } from '../lib/work.ts';
import type { Install, Script, Switch, Wanted } from '../manager.ts';
import { LOCKS, PATIENCE } from './commands.ts';
import { aptFetchFunction } from './fetch-function.ts';
import { updateFunction } from './switch-script.ts';

/** Where a call has its sources, as a shell word, and what it is told beside them. */
interface Place {
  readonly folder: string;
  readonly options: string;
}

const OF_WORK: Place = {
  folder: WORK,
  options: `-o Dir::Cache::pkgcache=${WORK}/pkgcache.bin -o Dir::Cache::srcpkgcache=${WORK}/srcpkgcache.bin`,
};

function sourcesOf({ folder, options }: Place): string {
  return `-o Dir::Etc::sourcelist=${folder}/target.list -o Dir::Etc::sourceparts=${folder}/parts ${options}`;
}

/**
 * Into apt's own cache, where the later install looks, by a separate source: the configured one stays. The node's other
 * sources are there too, with their current lists: a dependency may be theirs.
 */
export function fetchPackages(source: Switch, { wanted }: Install): Script {
  const packages = wanted.map(({ name, revision }) => `${name}=${revision}`);
  return {
    commands: [
      `apt-get update   # of ${source.url} alone; the configured source stays`,
      `apt-get install -y --download-only ${packages.map(quote).join(' ')}`,
    ],
    text: textOf(source, packages),
  };
}

function textOf(source: Switch, packages: readonly string[]): string {
  return [
    'export DEBIAN_FRONTEND=noninteractive',
    waitUnlocked(LOCKS),
    readTarget(
      source,
      OF_WORK,
      `for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  if [ -f "$file" ]; then grep -v 'core:/[a-z]*:/v1\\.' "$file" >"${WORK}/parts/\${file##*/}" || :; fi
done
for file in /etc/apt/sources.list.d/*.sources; do
  if [ -f "$file" ] && ! grep -q 'core:/[a-z]*:/v1\\.' "$file"; then cp "$file" ${WORK}/parts/; fi
done
wait_unlocked || exit`,
    ),
    `apt-get -y -q ${PATIENCE} ${sourcesOf(OF_WORK)} --allow-change-held-packages --download-only install ${packages.map(quote).join(' ')} || {
  rc=$?
  echo ${quote(`these packages cannot be fetched from ${source.url}: ${packages.join(' ')}`)} >&2
  exit "$rc"
}`,
  ].join('\n\n');
}

/** One package into a folder, a shell word, that also has all that apt writes meanwhile. */
export function fetchInto(folder: string, source: Switch, { name, revision }: Wanted): string {
  const own = `-o Dir::State::Lists=${folder}/lists -o Dir::Cache=${folder}/cache -o APT::Sandbox::User=root -o Debug::NoLocking=1`;
  return [
    `mkdir -p ${folder}/lists/partial ${folder}/cache/archives/partial || exit`,
    readTarget(source, { folder, options: own }),
    `cd ${folder} && apt-get -q ${PATIENCE} ${sourcesOf({ folder, options: own })} download ${quote(`${name}=${revision}`)} || exit`,
  ].join('\n\n');
}

/** Reads the lists of the target's source alone, by another key where its own does not do. */
function readTarget(source: Switch, place: Place, ready = ':'): string {
  const { keyring, url } = source;
  const list = `${place.folder}/target.list`;
  return [
    aptFetchFunction,
    updateFunction(list, place === OF_WORK ? '' : place.options),
    `mkdir ${place.folder}/parts || exit
printf '%s\\n' ${entry(url, keyring === undefined ? undefined : quote(keyring))} >${list} || exit
${ready}
if update; then rc=0; else rc=$?; fi
${otherKeys(source, place.folder)}
if [ "$rc" -ne 0 ]; then
  echo ${quote(`${url} cannot be read: nothing was fetched, nothing was changed`)} >&2
  exit "$rc"
fi`,
  ].join('\n\n');
}

function entry(url: string, keyring: string | undefined): string {
  return keyring === undefined ? quote(`deb ${url} /`) : `'deb [signed-by='${keyring}${quote(`] ${url} /`)}`;
}

/** The key that is there may have expired; one whose end was moved is published with the newer minors only. */
function otherKeys({ minor, repository, url }: Switch, folder: string): string {
  const number = Number(minor.split('.')[1]);
  const key = `${folder}/key.asc`;
  return `next=${number}
while [ "$rc" -ne 0 ] && [ "$signature" = bad ] && [ "$next" -le ${number + 8} ]; do
  fetch ${quote(`${repository}/v1.`)}"$next"/deb/Release.key ${key} 2>/dev/null || break
  echo "apt does not trust the signature: trying the signing key of v1.$next" >&2
  printf '%s\\n' ${entry(url, key)} >${folder}/target.list || exit
  if update; then rc=0; else rc=$?; fi
  next=$((next + 1))
done`;
}
