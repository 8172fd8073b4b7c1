import { randomBytes } from 'node:crypto';
import { Failure } from '../failure.ts';
import { parsePlan, type Plan } from '../plan/plan.ts';
import type { Missing } from './lock-snapshot.ts';
import { type AskNode, askAll, nodeScript } from './node-script.ts';
import { quote } from '../transport/quote.ts';
import { foldJournal } from './progress.ts';
import { misfitIn } from './fits.ts';
import { JournalLines } from './lines.ts';
import type { JournalRecord } from './record.ts';
import { isRunId } from './run-id.ts';

/** A run as one node knows it. */
export interface Copy {
  readonly node: string;
  readonly run: string;
  readonly epoch: number;
  readonly plan: Plan;
  /** From the first on, without a gap; what was torn or damaged on the node and all behind it is left out. */
  readonly records: readonly JournalRecord[];
  /** Those records as they are written. */
  readonly lines: readonly string[];
  readonly over: boolean;
}

export interface LockNodes {
  readonly nodes: readonly string[];
  readonly root: string;
  readonly ask: AskNode;
}

/** What the nodes keep. */
export interface Copies {
  readonly copies: readonly Copy[];
  /** Nodes that could not be asked. */
  readonly missing: readonly Missing[];
  /** Plans that were edited or damaged, with the node and the reason: no copies. */
  readonly damaged: readonly string[];
}

/** Which runs are read, over or not. */
interface WantedCopies {
  readonly run?: string | undefined;
  /** Hex: all runs of this plan; of other plans those that are not over. */
  readonly planDigest?: string | undefined;
}

/** Reads what the nodes keep of all runs that are not over, and of those that are wanted, over or not. */
export async function readCopies(
  { nodes, root, ask }: LockNodes,
  { run, planDigest }: WantedCopies = {},
): Promise<Copies> {
  const mark = `%runbook-${randomBytes(8).toString('hex')}`;
  const answers = await askAll(
    nodes,
    ask,
    () => readScript(root, mark, run, planDigest),
    (stdout) => parseFiles(stdout, mark),
  );
  const copies: Copy[] = [];
  const missing: Missing[] = [];
  const damaged: string[] = [];
  for (const answer of answers) {
    if ('problem' in answer) missing.push(answer);
    else copies.push(...answer.value.flatMap((files) => copiesOf(answer.node, files, damaged)));
  }
  return { copies, missing, damaged };
}

/** Of several copies of one run the one that knows most: of the latest controller, and of those the longest. */
export function bestCopy(copies: readonly Copy[]): Copy | undefined {
  return copies.toSorted((a, b) => b.epoch - a.epoch || b.records.length - a.records.length)[0];
}

/** The newest run of a cluster that no copy calls over, of one runbook or of any, and on which nodes it lies. */
export function newestUnfinished(
  copies: readonly Copy[],
  match: { readonly cluster: string; readonly runbook?: string },
): Copy | undefined {
  const runs = [...new Set(copies.map((copy) => copy.run))].toSorted().toReversed();
  for (const run of runs) {
    const of = copies.filter((copy) => copy.run === run);
    const best = bestCopy(of);
    if (!best || of.some((copy) => copy.over) || best.plan.inventory.cluster !== match.cluster) continue;
    if (match.runbook !== undefined && best.plan.runbook.name !== match.runbook) continue;
    return best;
  }
  return undefined;
}

/** @throws Failure (unreachable) where what the nodes keep cannot be read from enough of them to be sure. */
export function requireReadable(nodes: readonly string[], missing: readonly Missing[]): void {
  if (missing.length < nodes.length || nodes.length === 0) return;
  throw new Failure('unreachable', 'cannot read what the nodes keep of the run', [
    ...missing.map(({ node, problem }) => `${node}: ${problem}`),
    'A run that contacted no node is known to its own state folder alone.',
  ]);
}

interface Files {
  readonly run: string;
  readonly over: boolean;
  plan: string;
  readonly journals: { readonly epoch: number; readonly text: string }[];
}

/** Each file follows a mark that no one can guess and its length, so that nothing in a file is taken for a mark. */
function readScript(root: string, mark: string, run: string | undefined, planDigest = ''): string {
  return nodeScript(
    root,
    `[ ! -e "$root" ] || { [ -r "$root" ] && [ -x "$root" ]; } || refuse "may not read $root"
only=${run === undefined ? '' : quote(run)}
digest=${quote(planDigest)}
put() {
  n=$(wc -c <"$1") || refuse "cannot read $1"
  echo ${mark} "$2" "$3" $((n))
  head -c $((n)) "$1" || refuse "cannot read $1"
  echo
}
for d in "$root"/*; do
  [ -e "$d/plan.json" ] || continue
  [ -r "$d/plan.json" ] || refuse "may not read $d/plan.json"
  run=\${d##*/} over=open
  [ ! -e "$d/done" ] || over=over
  if [ "$only" ]; then
    [ "$run" = "$only" ] || continue
  else
    [ $over = open ] || { [ "$digest" ] && grep -qF '"digest":"'"$digest"'"' "$d/plan.json"; } || continue
  fi
  echo ${mark} run "$run" $over
  put "$d/plan.json" plan -
  for j in "$d"/journal.*; do
    case $j in *.new) continue ;; esac
    [ -e "$j" ] || continue
    put "$j" journal "\${j##*.}"
  done
done
echo ${mark} end`,
  );
}

/**
 * What comes before the first mark is not ours. @throws Error where the answer does not have the form of the script's
 */
function parseFiles(stdout: string, mark: string): Files[] {
  const found: Files[] = [];
  const bytes = Buffer.from(stdout);
  for (let at = bytes.indexOf(`${mark} `); at !== -1;) {
    const end = bytes.indexOf(0x0a, at);
    const [start, kind, name = '', word = ''] = bytes
      .subarray(at, end === -1 ? undefined : end)
      .toString()
      .split(' ');
    if (start !== mark || end === -1) break;
    if (kind === 'end') return found;
    at = end + 1;
    if (kind === 'run') {
      found.push({ run: name, over: word === 'over', plan: '', journals: [] });
      continue;
    }
    const text = bytes.subarray(at, at + Number(word));
    if (!/^\d+$/.test(word) || bytes[at + Number(word)] !== 0x0a) break;
    at += text.length + 1;
    const file = found.at(-1);
    if (kind === 'plan' && file) file.plan = text.toString();
    else if (kind === 'journal') file?.journals.push({ epoch: Number(name), text: text.toString() });
  }
  throw new Error('what it keeps of runs cannot be read: the answer is cut off or damaged');
}

function copiesOf(node: string, { run, over, plan: text, journals }: Files, damaged: string[]): Copy[] {
  if (!isRunId(run)) return [];
  const parsed = parsePlan(text);
  if ('problem' in parsed) {
    damaged.push(`${node}: run ${run}: ${parsed.problem}`);
    return [];
  }
  return journals.flatMap(({ epoch, text: journal }) => {
    const { records, lines } = recordsIn(journal);
    const found = records.length === 0 ? undefined : misfitIn(records, run, parsed.plan);
    if (found) damaged.push(`${node}: run ${run}: journal.${epoch}:${found.seq}: ${found.problem}`);
    if (found || records.length === 0) return [];
    const progress = foldJournal(records);
    const ended = progress.state === 'done' || progress.state === 'abandoned';
    return [{ node, run, epoch, plan: parsed.plan, records, lines, over: over || ended }];
  });
}

/** The longest run of whole records from the first on. */
function recordsIn(text: string): JournalLines {
  const read = new JournalLines();
  for (const line of text.split('\n')) if (read.add(line) !== undefined) break;
  return read;
}
