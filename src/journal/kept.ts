import { sha256 } from '../digest.ts';
import type { LockNodes } from './copies.ts';
import type { Missing } from './lock-snapshot.ts';
import { askAll, nodeScript } from './node-script.ts';

/** One file that a node keeps of a run. */
export interface KeptFile {
  /** `plan.json`, or `journal.<epoch>`. */
  readonly name: string;
  readonly length: number;
  /** sha256 of its bytes, hex. */
  readonly digest: string;
}

/** What a node that keeps all of a run has of it. */
export interface WholeCopy {
  readonly plan: string;
  readonly journal: Buffer;
}

/** Lists what a node keeps of a run; `sha256sum` is the one that attempts need too. */
export function keptScript(root: string, run: string): string {
  return nodeScript(
    root,
    `[ ! -e "$root" ] || { [ -r "$root" ] && [ -x "$root" ]; } || refuse "may not read $root"
for f in "$root/${run}"/plan.json "$root/${run}"/journal.*; do
  case $f in *.new) continue ;; esac
  [ -e "$f" ] || continue
  n=$(wc -c <"$f") && s=$(sha256sum <"$f") || refuse "cannot read $f"
  echo "\${f##*/} $((n)) \${s%% *}"
done`,
  );
}

export function parseKept(stdout: string): KeptFile[] {
  return stdout.split('\n').flatMap((line) => {
    const [, name, length, digest] = /^(plan\.json|journal\.\d+) (\d+) ([0-9a-f]{64})$/.exec(line) ?? [];
    return name === undefined || digest === undefined ? [] : [{ name, length: Number(length), digest }];
  });
}

/** The node's file has these bytes, or the first of them. */
export function isBeginningOf({ length, digest }: KeptFile, bytes: Buffer): boolean {
  return length <= bytes.length && sha256(bytes.subarray(0, length)) === digest;
}

/**
 * Compares what the nodes keep of a run with what is here, by length and digest.
 * @returns as `others` the nodes that keep more than that, or something else: only their files have to be read
 */
export async function compareCopies(
  { nodes, root, ask }: LockNodes,
  run: string,
  { plan, journal }: WholeCopy,
): Promise<{ readonly missing: readonly Missing[]; readonly others: readonly string[] }> {
  const answers = await askAll(nodes, ask, () => keptScript(root, run), parseKept);
  const missing = answers.filter((answer): answer is Missing => 'problem' in answer);
  const [text, seen] = [Buffer.from(fileText(plan)), new Map<string, boolean>()];
  const isOurs = (file: KeptFile): boolean => {
    const key = `${file.name === 'plan.json' ? 'plan' : 'journal'} ${file.length} ${file.digest}`;
    const ours = seen.get(key) ?? isPart(file, text, journal);
    seen.set(key, ours);
    return ours;
  };
  const others = answers.flatMap((answer) => ('value' in answer && !answer.value.every(isOurs) ? [answer.node] : []));
  return { missing, others };
}

function isPart(file: KeptFile, plan: Buffer, journal: Buffer): boolean {
  if (file.name !== 'plan.json') return isBeginningOf(file, journal);
  return file.length === plan.length && isBeginningOf(file, plan);
}

/** As a here-document leaves it in a file. */
export function fileText(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
