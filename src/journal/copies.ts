import { Failure } from '../failure.ts';
import { parsePlan, type Plan } from '../plan/plan.ts';
import type { Missing } from './lock-snapshot.ts';
import { type Answer, type AskNode, askAll, nodeScript } from './node-script.ts';
import { quote } from '../transport/quote.ts';
import { foldJournal } from './progress.ts';
import { type JournalRecord, recordSchema } from './record.ts';

/** A run as one node knows it. */
export interface Copy {
  readonly node: string;
  readonly run: string;
  readonly epoch: number;
  readonly plan: Plan;
  /** From the first on, without a gap; what was torn or damaged on the node and all behind it is left out. */
  readonly records: readonly JournalRecord[];
  readonly over: boolean;
}

export interface LockNodes {
  readonly nodes: readonly string[];
  readonly root: string;
  readonly ask: AskNode;
}

/** Reads what the nodes keep of all runs that are not over, or of one run, over or not. */
export async function readCopies(
  { nodes, root, ask }: LockNodes,
  run?: string,
): Promise<{ readonly copies: readonly Copy[]; readonly missing: readonly Missing[] }> {
  const answers = await askAll(nodes, ask, () => readScript(root, run), parseFiles);
  const copies: Copy[] = [];
  const missing: Missing[] = [];
  for (const answer of answers) {
    if ('problem' in answer) missing.push(answer);
    else copies.push(...copiesOf(answer));
  }
  return { copies, missing };
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
  readonly plan: string;
  readonly journals: readonly { readonly epoch: number; readonly lines: readonly string[] }[];
}

const MARK = '%runbook';

/** A file that ends in the middle of a line is ended by one, so that the next mark has its own line. */
function readScript(root: string, run: string | undefined): string {
  return nodeScript(
    root,
    `[ ! -e "$root" ] || { [ -r "$root" ] && [ -x "$root" ]; } || refuse "may not read $root"
only=${run === undefined ? '' : quote(run)}
for d in "$root"/*; do
  [ -e "$d/plan.json" ] || continue
  [ -r "$d/plan.json" ] || refuse "may not read $d/plan.json"
  run=\${d##*/} over=
  [ ! -e "$d/done" ] || over=over
  if [ "$only" ]; then
    [ "$run" = "$only" ] || continue
  else
    [ ! "$over" ] || continue
  fi
  echo ${MARK} run "$run" $over
  cat "$d/plan.json" || refuse "cannot read $d/plan.json"
  echo
  for j in "$d"/journal.*; do
    case $j in *.new) continue ;; esac
    [ -e "$j" ] || continue
    echo ${MARK} journal "\${j##*.}"
    cat "$j" || refuse "cannot read $j"
    echo
  done
done
:`,
  );
}

function parseFiles(stdout: string): Files[] {
  const found: { run: string; over: boolean; plan: string; journals: { epoch: number; lines: string[] }[] }[] = [];
  for (const line of stdout.split('\n')) {
    const [mark, kind, name = '', over] = line.split(' ');
    const file = found.at(-1);
    if (mark === MARK && kind === 'run') found.push({ run: name, over: over === 'over', plan: '', journals: [] });
    else if (mark === MARK && kind === 'journal') file?.journals.push({ epoch: Number(name), lines: [] });
    else if (file) {
      const journal = file.journals.at(-1);
      if (journal) journal.lines.push(line);
      else file.plan += `${line}\n`;
    }
  }
  return found;
}

function copiesOf(answer: Answer<Files[]> & { readonly value: Files[] }): Copy[] {
  return answer.value.flatMap(({ run, over, plan: text, journals }) => {
    const parsed = parsePlan(text);
    if ('problem' in parsed) return [];
    return journals.flatMap(({ epoch, lines }) => {
      const records = recordsIn(lines);
      const progress = foldJournal(records);
      if (progress.run !== run || progress.plan !== parsed.plan.digest) return [];
      const ended = progress.state === 'done' || progress.state === 'abandoned';
      return [{ node: answer.node, run, epoch, plan: parsed.plan, records, over: over || ended }];
    });
  });
}

/** The longest run of whole records from the first on. */
function recordsIn(lines: readonly string[]): JournalRecord[] {
  const records: JournalRecord[] = [];
  for (const line of lines) {
    const record = recordIn(line);
    if (record?.seq !== records.length + 1) break;
    records.push(record);
  }
  return records;
}

function recordIn(line: string): JournalRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
