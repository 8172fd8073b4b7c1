import type { PackageSource } from '../facts/facts.ts';
import { APT_UPDATE } from './apt.ts';
import type { Switch } from './package-source.ts';
import { quote, sedPattern, sedReplacement } from './shell.ts';

/**
 * Works on copies beside the files (apt ignores names in `.save`), swaps them by rename, asks apt for the new source alone, and
 * puts everything back where apt refuses it. The copies never outlive a script that ends by itself.
 */
export function switchScript(change: Switch): string {
  return [
    'set -u\nexport LC_ALL=C',
    FUNCTIONS,
    updateFunction(change.file),
    change.keyring === undefined ? 'keyring=\nnew_key=no' : fetchKey(change, change.keyring),
    ...edits(change),
    swapAndAsk([...new Set([change.file, ...change.disable.map((source) => source.file)])].map(quote).join(' ')),
  ].join('\n\n');
}

const FUNCTIONS = `fetch() {
  if command -v curl >/dev/null 2>&1 && curl -fsSL --retry 2 --connect-timeout 15 --max-time 120 -o "$2" "$1"; then return 0; fi
  if command -v wget >/dev/null 2>&1 && wget -q -t 2 -T 30 -O "$2" "$1"; then return 0; fi
  [ -x /usr/lib/apt/apt-helper ] && /usr/lib/apt/apt-helper -o Acquire::Retries=0 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 download-file "$1" "$2"
}
keep() {
  if [ -e "$1" ]; then cp -p "$1" "$1.before.save"; else rm -f "$1.before.save"; fi
}
put_back() {
  if [ -e "$1.before.save" ]; then mv -f "$1.before.save" "$1"; else rm -f "$1"; fi
}
stage() {
  if [ -e "$1" ]; then cp -p "$1" "$1.new.save"; else : >"$1.new.save" && chmod 0644 "$1.new.save"; fi
}`;

/** Another apt may be refreshing lists at this moment, and apt-get does not wait for that lock by itself. */
export function updateFunction(file: string): string {
  return `update() {
  left=100
  while :; do
    if ${APT_UPDATE} -o Dir::Etc::sourcelist=${quote(file)} -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0 update 2>${quote(`${file}.err.save`)}; then code=0; else code=$?; fi
    cat ${quote(`${file}.err.save`)} >&2
    if [ "$code" -eq 0 ] && grep -q '^W: Failed to fetch' ${quote(`${file}.err.save`)}; then code=100; fi
    if [ "$code" -eq 0 ] || [ "$left" -eq 0 ] || ! grep -q 'Could not get lock' ${quote(`${file}.err.save`)}; then break; fi
    left=$((left - 1))
    sleep 3
  done
  rm -f ${quote(`${file}.err.save`)}
  return "$code"
}`;
}

/** A mirror may sign by itself and have no Release.key: then the keyring that is there decides. */
function fetchKey(change: Switch, keyring: string): string {
  const dearmor = keyring.endsWith('.asc')
    ? 'cp "$keyring.key.save" "$keyring.new.save"'
    : 'gpg --batch --yes --dearmor -o "$keyring.new.save" "$keyring.key.save"';
  return `keyring=${quote(keyring)}
new_key=no
[ -d ${quote(folderOf(keyring))} ] || { mkdir -p ${quote(folderOf(keyring))} && chmod 0755 ${quote(folderOf(keyring))}; } || exit
if fetch ${quote(`${change.url}Release.key`)} "$keyring.key.save" && ${dearmor}; then
  if [ -e "$keyring" ] && cmp -s "$keyring.new.save" "$keyring"; then rm -f "$keyring.new.save"; else new_key=yes; fi
  rm -f "$keyring.key.save"
else
  rm -f "$keyring.key.save" "$keyring.new.save"
  if [ -s "$keyring" ]; then
    echo 'the signing key could not be fetched; the keyring that is there must do' >&2
  else
    echo 'the signing key could not be fetched, and there is no keyring' >&2
    exit 1
  fi
fi`;
}

function edits(change: Switch): string[] {
  const { disable, file, format, from, line, wanted } = change;
  const staged = quote(`${file}.new.save`);
  const others = [...new Set(disable.map((source) => source.file))];
  const first =
    from === undefined
      ? `printf '%s\\n' ${quote(line)} >>${staged} || exit`
      : `sed ${quote(`/^[[:space:]]*#/!s|${sedPattern(from)}|${sedReplacement(wanted)}|g`)} ${quote(file)} >${staged} || exit`;
  return [
    `stage ${quote(file)} || exit\n${first}`,
    ...others.filter((other) => other !== file).map((other) => `stage ${quote(other)} || exit`),
    ...disable.map((source) => disableSource(source, wanted)),
    `if grep -Fq ${quote(wanted)} ${staged}; then :; else
  echo ${quote(`${file} is not as it was when it was read (${format}): nothing was changed`)} >&2
  rm -f ${[file, ...others].map((name) => quote(`${name}.new.save`)).join(' ')}
  exit 1
fi`,
  ];
}

/** A one-line source becomes a comment; a stanza of a .sources file gets its `Enabled: no`. */
function disableSource({ baseUrl, channel, file, format, line, minor }: PackageSource, wanted: string): string {
  const staged = `${file}.new.save`;
  const program =
    format === 'deb822'
      ? `awk -v at=${line} -v uri=${quote(`${baseUrl}/core:/${channel}:/v${minor}/`)} -v wanted=${quote(wanted)} ${quote(DISABLE_URI)}`
      : `sed ${quote(`${line}s|^|# |`)}`;
  return `${program} ${quote(staged)} >${quote(`${staged}.2.save`)} || exit
mv -f ${quote(`${staged}.2.save`)} ${quote(staged)} || exit
chmod 0644 ${quote(staged)} || exit`;
}

/** Where the stanza has the wanted address as well, only the other one is taken out of it. */
const DISABLE_URI = `{ line[NR] = $0 }
END {
  first = last = at
  while (first > 1 && line[first - 1] !~ /^[ \\t]*$/) first--
  while (last < NR && line[last + 1] !~ /^[ \\t]*$/) last++
  for (i = first; i <= last; i++) if (line[i] !~ /^[ \\t]*#/ && index(line[i], wanted)) shared = 1
  if (shared) {
    start = index(line[at], uri)
    rest = substr(line[at], start)
    sub(/^[^ \\t]*/, "", rest)
    line[at] = substr(line[at], 1, start - 1) rest
  }
  for (i = 1; i <= NR; i++) {
    if (i == first && !shared) print "Enabled: no"
    if (shared || i < first || i > last || tolower(line[i]) !~ /^enabled[ \\t]*:/) print line[i]
  }
}`;

/** Should the fetched key not verify the index, the keyring that was there is tried once more. */
function swapAndAsk(files: string): string {
  return `for file in ${files}; do keep "$file" || exit; done
if [ "$new_key" = yes ]; then
  keep "$keyring" || exit
  chmod 0644 "$keyring.new.save" || exit
  mv -f "$keyring.new.save" "$keyring" || exit
fi
rc=0
for file in ${files}; do mv -f "$file.new.save" "$file" || rc=$?; done
if [ "$rc" -eq 0 ]; then update || rc=$?; fi
if [ "$rc" -ne 0 ] && [ "$new_key" = yes ] && [ -e "$keyring.before.save" ]; then
  echo 'trying the keyring that was there before' >&2
  put_back "$keyring"
  new_key=no
  if update; then rc=0; else rc=$?; fi
fi
if [ "$rc" -ne 0 ]; then
  echo 'apt refused the new source: the old one is put back' >&2
  for file in ${files}; do put_back "$file"; done
  if [ "$new_key" = yes ]; then put_back "$keyring"; fi
  exit "$rc"
fi
for file in ${files}; do rm -f "$file.before.save"; done
if [ -n "$keyring" ]; then rm -f "$keyring.before.save"; fi
exit 0
`;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
