import { type LockHolder, parseHolder, parseRelease, type Release } from './lock.ts';
import { hereDocument, nodeScript } from './node-script.ts';

/**
 * One node's view of its lock. Locks are generations, files that are made once and never changed: `lock/g7` is the
 * holder's record, `lock/free7` marks it as released, `lock/beat7` is its heartbeat counter. The highest generation
 * counts. Who takes the lock creates the next one by `ln`, which is atomic: of any number of takers one wins, and a
 * crash leaves no partial file.
 */
export interface LockView {
  readonly generation: number;
  readonly state: 'none' | 'free' | 'held';
  readonly holder?: LockHolder;
  readonly beat: number;
  /** Of a lock that someone else released. */
  readonly release?: Release;
}

const common = `
[ ! -e "$root" ] || { [ -r "$root" ] && [ -x "$root" ]; } || refuse "may not read $root"
l=$root/lock
newest() {
  g=0
  for f in "$l"/g*; do
    f=\${f##*/g}
    if [ "$f" -gt $g ] 2>/dev/null; then g=$f; fi
  done
}
# look again for what is removed while it is read
present() {
  for try in 1 2 3; do
    newest
    h=
    [ $g != 0 ] || return 0
    read -r h 2>/dev/null <"$l/g$g" && return 0
  done
  refuse "cannot read $l/g$g"
}
show() {
  present
  w=held b=0 n=
  [ $g != 0 ] || w=none
  if [ -e "$l/free$g" ]; then
    w=free
    read -r n 2>/dev/null <"$l/free$g"
  fi
  [ ! -r "$l/beat$g" ] || read -r b <"$l/beat$g"
  echo $w $g $b
  printf '%s\\n' "$h" "$n"
}
mine() { case $h in *"\\"id\\":\\"$id\\""*) return 0 ;; esac; return 1; }
`;

export function lookScript(root: string): string {
  return nodeScript(root, `${common}show`);
}

/** Takes the generation after `view`, if that is still the newest and is free, or may be taken over. */
export function takeScript(root: string, view: LockView, holder: LockHolder, takeOver: boolean): string {
  const write = hereDocument(asciiJson(holder), `LC_ALL=C dd of="$new" conv=fsync`);
  return nodeScript(
    root,
    `${common}
make_root "$l"
newest
if [ $g = ${view.generation} ] && { [ $g = 0 ] || [ -e "$l/free$g" ] || [ ${takeOver ? 1 : 0} = 1 ]; }; then
  n=$((g + 1)) new=$l/new.${holder.id}
  ${write}[ $? = 0 ] || { rm -f "$new"; refuse "cannot keep a lock in $l"; }
  if ln "$new" "$l/g$n" 2>/dev/null; then
    sync_file "$l/g$n"
    newest
    if [ $g != $n ]; then
      rm -f "$l/g$n"
    else
      for f in "$l"/g*; do
        f=\${f##*/g}
        if [ "$f" -lt $((n - 1)) ] 2>/dev/null; then rm -f "$l/g$f" "$l/free$f" "$l/beat$f"; fi
      done
      rm -f "$l"/new.*
    fi
  else
    newest
    [ $g != ${view.generation} ] || refuse "cannot make a lock in $l"
  fi
  rm -f "$new"
fi
show`,
  );
}

/** Marks the lock as free if it is that of `id`; `release`: by whom and why, where it is not its holder. */
export function releaseScript(root: string, id: string, release?: Release): string {
  const note = release === undefined ? '' : asciiJson(release);
  return nodeScript(
    root,
    `${common}
id=${id}
present
if mine && [ ! -e "$l/free$g" ]; then
  ${hereDocument(note, 'dd of="$l/free$g" conv=fsync 2>/dev/null')}[ $? = 0 ] || : >"$l/free$g" || refuse "cannot release in $l"
fi
show`,
  );
}

/** Sets the heartbeat counter if the lock is that of `id`. */
export function beatScript(root: string, id: string, count: number): string {
  return nodeScript(
    root,
    `${common}
id=${id}
present
if mine; then echo ${count} >"$l/.beat$$" && mv -f "$l/.beat$$" "$l/beat$g"; fi
show`,
  );
}

/** @throws Error when it is not what the scripts print. */
export function parseView(stdout: string): LockView {
  const [first = '', second = '', third = ''] = stdout.split('\n');
  const [, word = '', generation = '', beat = ''] = /^(none|free|held) (\d+) (\d+)$/.exec(first) ?? [];
  if (word === 'none') return { generation: 0, state: 'none', beat: 0 };
  const holder = parseHolder(second);
  if (!holder || (word !== 'free' && word !== 'held')) throw new Error(`cannot read its lock: ${first} ${second}`);
  const release = parseRelease(third);
  return { generation: Number(generation), state: word, holder, beat: Number(beat), ...(release && { release }) };
}

/** One line that every shell reads alike. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[^\u0020-\u007E]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
