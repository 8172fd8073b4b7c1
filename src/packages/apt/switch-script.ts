import { quote } from '../../transport/quote.ts';
import { FILES, sedPattern, sedReplacement } from '../lib/files.ts';
import { waitUnlocked } from '../lib/lock.ts';
import type { LegacySource, PackageSource, Switch } from '../manager.ts';
import { LISTS_LOCK, UPDATE } from './commands.ts';
import { DISABLE_URI, REPLACE_KEY } from './deb822.ts';
import { aptFetchFunction } from './fetch-function.ts';

/**
 * Works on copies beside the files (apt ignores names in `.save`), swaps them by rename, asks apt for the new source
 * alone, and restores everything if apt refuses it. The copies never outlive a script that ends by itself, also at its
 * time limit.
 */
export function switchScript(change: Switch): string {
  const files = [...new Set([change.file, ...change.disable.map((source) => source.file)])].map(quote).join(' ');
  return [
    "set -u\nexport LC_ALL=C\ntrap ':' HUP INT TERM",
    aptFetchFunction,
    waitUnlocked(LISTS_LOCK),
    `minor=${change.minor}`,
    FILES,
    updateFunction(quote(change.file)),
    keyFunctions(change),
    ...edits(change),
    swapAndAsk(files),
    otherKeys(change),
    ending(change, files),
  ].join('\n\n');
}

/**
 * Shell function `update`: refreshes the list of one source file (a shell word) only; a fetch that apt only warns about
 * is a failure. Another apt may be refreshing lists now, and apt-get does not wait for that lock by itself. Sets
 * `signature` to `bad` if apt does not trust what it got (messages of gpgv, and of sqv from apt 3 on).
 */
export function updateFunction(file: string, options = ''): string {
  const said = `${file}.err.save`;
  return `update() {
  left=100
  signature=
  while :; do
    if ${UPDATE} -o Dir::Etc::sourcelist=${file} -o Dir::Etc::sourceparts=- ${options === '' ? '' : `${options} `}-o APT::Get::List-Cleanup=0 update 2>${said}; then code=0; else code=$?; fi
    cat ${said} >&2
    if [ "$code" -eq 0 ] && grep -q '^W: Failed to fetch' ${said}; then code=100; fi
    if [ "$code" -eq 0 ] || [ "$left" -eq 0 ] || ! grep -q 'Could not get lock' ${said}; then break; fi
    left=$((left - 1))
    sleep 3
  done
  if [ "$code" -ne 0 ] && grep -Eq 'EXPKEYSIG|KEYEXPIRED|NO_PUBKEY|not signed|GPG error|xpired on|Missing key' ${said}; then signature=bad; fi
  rm -f ${said}
  return "$code"
}`;
}

/**
 * Shell function `use_key MINOR`: brings the key of a minor's repository to where the source looks for it, also without
 * gpg. Exit 1: it could not be fetched (a mirror may sign by itself and have none); 2: it is the one that is there.
 */
function keyFunctions({ file, inlineKey, keyring, repository, url }: Switch): string {
  const address = `${quote(`${repository}/v`)}"$1"/deb/Release.key`;
  if (keyring === undefined && inlineKey !== true) return 'keyring=\nuse_key() { return 1; }';
  if (keyring === undefined)
    return `keyring=
use_key() {
  fetch ${address} ${quote(`${file}.key.save`)} && grep -q '^-----BEGIN PGP PUBLIC KEY BLOCK-----' ${quote(`${file}.key.save`)} &&
    awk -v wanted=${quote(url)} -v key=${quote(`${file}.key.save`)} ${quote(REPLACE_KEY)} ${quote(file)} >${quote(`${file}.2.save`)} &&
    chmod 0644 ${quote(`${file}.2.save`)} && mv -f ${quote(`${file}.2.save`)} ${quote(file)}
  used=$?
  rm -f ${quote(`${file}.key.save`)} ${quote(`${file}.2.save`)}
  return "$used"
}`;
  const folder = keyring.slice(0, keyring.lastIndexOf('/')) || '/';
  return `keyring=${quote(keyring)}
[ -d ${quote(folder)} ] || { mkdir -p ${quote(folder)} && chmod 0755 ${quote(folder)}; } || exit
dearmor() {
  if command -v gpg >/dev/null 2>&1; then gpg --batch --yes --dearmor -o "$2" "$1"; return; fi
  sed '1,/^[[:space:]]*$/d; /^=/,$d; /^-----/,$d' "$1" | base64 -d >"$2" && [ -s "$2" ]
}
use_key() {
  if fetch ${address} "$keyring.key.save" && ${keyring.endsWith('.asc') ? 'cp "$keyring.key.save" "$keyring.new.save"' : 'dearmor "$keyring.key.save" "$keyring.new.save"'}; then
    rm -f "$keyring.key.save"
    if cmp -s "$keyring.new.save" "$keyring"; then rm -f "$keyring.new.save"; return 2; fi
    chmod 0644 "$keyring.new.save" && mv -f "$keyring.new.save" "$keyring"
  else
    rm -f "$keyring.key.save" "$keyring.new.save"
    return 1
  fi
}`;
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
function disableSource(source: PackageSource | LegacySource, wanted: string): string {
  const { file, format, line } = source;
  const address = 'channel' in source ? `${source.baseUrl}/core:/${source.channel}:/v${source.minor}/` : source.url;
  const staged = `${file}.new.save`;
  const program =
    format === 'deb822'
      ? `awk -v at=${line} -v uri=${quote(address)} -v wanted=${quote(wanted)} ${quote(DISABLE_URI)}`
      : `sed ${quote(`${line}s|^|# |`)}`;
  return `${program} ${quote(staged)} >${quote(`${staged}.2.save`)} || exit
mv -f ${quote(`${staged}.2.save`)} ${quote(staged)} || exit
chmod 0644 ${quote(staged)} || exit`;
}

/** A key inside of the source is replaced only where the source cannot do without. */
function swapAndAsk(files: string): string {
  return `for file in ${files}; do keep "$file" || exit; done
if [ -n "$keyring" ]; then
  keep "$keyring" || exit
  if use_key "$minor"; then used=0; else used=$?; fi
  if [ "$used" -ne 1 ]; then :
  elif [ -s "$keyring" ]; then echo 'the signing key could not be fetched; the keyring that is there must do' >&2
  else
    echo 'the signing key could not be fetched, and there is no keyring' >&2
    for file in ${files}; do rm -f "$file.new.save" "$file.before.save"; done
    rm -f "$keyring.before.save"
    exit 1
  fi
fi
rc=0
for file in ${files}; do mv -f "$file.new.save" "$file" || rc=$?; done
if [ "$rc" -eq 0 ]; then wait_unlocked || rc=$?; fi
if [ "$rc" -eq 0 ]; then update || rc=$?; fi
if [ "$rc" -ne 0 ] && [ -n "$keyring" ] && [ -e "$keyring.before.save" ] && ! cmp -s "$keyring" "$keyring.before.save"; then
  echo 'trying the keyring that was there before' >&2
  cp -p "$keyring.before.save" "$keyring"
  if update; then rc=0; else rc=$?; fi
fi`;
}

/** Only newer minors publish a key with an extended expiry: the signature of the old minors stays valid with it. */
function otherKeys({ inlineKey, minor }: Switch): string {
  const number = Number(minor.split('.')[1]);
  return `newer=${inlineKey === true ? number : number + 1}
while [ "$rc" -ne 0 ] && [ "$signature" = bad ] && [ "$newer" -le ${number + 8} ]; do
  if use_key "1.$newer" 2>/dev/null; then used=0; else used=$?; fi
  if [ "$used" -eq 0 ]; then
    echo "apt does not trust the signature: trying the signing key of v1.$newer" >&2
    if update; then rc=0; else rc=$?; fi
  elif [ "$used" -eq 1 ] && [ "$newer" -gt ${number} ]; then break
  fi
  newer=$((newer + 1))
done`;
}

function ending({ file, keyring, inlineKey }: Switch, files: string): string {
  const keyless =
    keyring === undefined && inlineKey !== true
      ? `
  if [ "$signature" = bad ]; then echo ${quote(`the source in ${file} names no keyring: give it a signed-by with the path of one`)} >&2; fi`
      : '';
  return `if [ "$rc" -ne 0 ]; then
  echo 'apt refused the new source: the old one is put back' >&2${keyless}
  for file in ${files}; do put_back "$file"; done
  if [ -n "$keyring" ]; then put_back "$keyring"; fi
  exit "$rc"
fi
for file in ${files}; do rm -f "$file.before.save"; done
if [ -n "$keyring" ]; then rm -f "$keyring.before.save"; fi
exit 0
`;
}
