import { quote } from '../../transport/quote.ts';
import { waitUnlocked } from '../lib/lock.ts';
import { WORK } from '../lib/work.ts';
import type { Install, Script, Switch } from '../manager.ts';
import { LOCKS, PATIENCE } from './commands.ts';
import { aptFetchFunction } from './fetch-function.ts';
import { updateFunction } from './switch-script.ts';

const LIST = `${WORK}/target.list`;
const PARTS = `${WORK}/parts`;
const KEY = `${WORK}/key.asc`;

const OPTIONS = [
  `-o Dir::Etc::sourcelist=${LIST}`,
  `-o Dir::Etc::sourceparts=${PARTS}`,
  `-o Dir::Cache::pkgcache=${WORK}/pkgcache.bin`,
  `-o Dir::Cache::srcpkgcache=${WORK}/srcpkgcache.bin`,
].join(' ');

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
  const { keyring, url } = source;
  return [
    'export DEBIAN_FRONTEND=noninteractive',
    waitUnlocked(LOCKS),
    aptFetchFunction,
    updateFunction(LIST),
    `mkdir ${PARTS} || exit
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  if [ -f "$file" ]; then grep -v 'core:/[a-z]*:/v1\\.' "$file" >"${PARTS}/\${file##*/}" || :; fi
done
for file in /etc/apt/sources.list.d/*.sources; do
  if [ -f "$file" ] && ! grep -q 'core:/[a-z]*:/v1\\.' "$file"; then cp "$file" ${PARTS}/; fi
done
printf '%s\\n' ${entry(url, keyring)} >${LIST} || exit
wait_unlocked || exit
if update; then rc=0; else rc=$?; fi
${otherKeys(source)}
if [ "$rc" -ne 0 ]; then
  echo ${quote(`${url} cannot be read: nothing was fetched, nothing was changed`)} >&2
  exit "$rc"
fi
apt-get -y -q ${PATIENCE} ${OPTIONS} --allow-change-held-packages --download-only install ${packages.map(quote).join(' ')} || {
  rc=$?
  echo ${quote(`these packages cannot be fetched from ${url}: ${packages.join(' ')}`)} >&2
  exit "$rc"
}`,
  ].join('\n\n');
}

function entry(url: string, keyring: string | undefined): string {
  return quote(`deb ${keyring === undefined ? '' : `[signed-by=${keyring}] `}${url} /`);
}

/** The key that is there may have expired; one whose end was moved is published with the newer minors only. */
function otherKeys({ minor, repository, url }: Switch): string {
  const number = Number(minor.split('.')[1]);
  return `next=${number}
while [ "$rc" -ne 0 ] && [ "$signature" = bad ] && [ "$next" -le ${number + 8} ]; do
  fetch ${quote(`${repository}/v1.`)}"$next"/deb/Release.key ${KEY} 2>/dev/null || break
  echo "apt does not trust the signature: trying the signing key of v1.$next" >&2
  printf '%s\\n' ${entry(url, KEY)} >${LIST} || exit
  if update; then rc=0; else rc=$?; fi
  next=$((next + 1))
done`;
}
