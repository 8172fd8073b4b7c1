import { Failure } from '../failure.ts';
import type { Plan } from '../plan/plan.ts';
import type { Copy } from './copies.ts';
import { majorityOf, type Missing } from './lock-snapshot.ts';
import { foldJournal, type Progress } from './progress.ts';
import type { JournalRecord } from './record.ts';

/** A run as a majority of its nodes knows it: a node is a witness, what one alone says is not believed. */
export interface Agreed {
  readonly run: string;
  readonly plan: Plan;
  /** The longest beginning of the journal that a majority keeps. */
  readonly records: readonly JournalRecord[];
  readonly lines: readonly string[];
  readonly progress: Progress;
  readonly over: boolean;
  /** That keep these records. */
  readonly nodes: readonly string[];
  /** That keep more or others, which are not used. */
  readonly dissenting: readonly string[];
}

/** The nodes that a run of this plan keeps its copies on. */
export type Voters = (plan: Plan) => readonly string[];

/**
 * What a majority agrees on about one run. Undefined where none of its plans has a majority.
 * @param known digest of the only plan that counts
 */
export function agreedRun(copies: readonly Copy[], voters: Voters, known?: string): Agreed | undefined {
  const digests = [...new Set(copies.map((copy) => copy.plan.digest))];
  for (const digest of known === undefined ? digests : [known]) {
    const of = copies.filter((copy) => copy.plan.digest === digest);
    const [first] = of;
    if (!first) continue;
    const asked = voters(first.plan);
    const agreed = agreement(
      of.filter((copy) => asked.includes(copy.node)),
      majorityOf(asked.length),
    );
    if (agreed) return agreed;
  }
  return undefined;
}

/** Their journals line by line, as long as a majority keeps the same line. */
function agreement(copies: readonly Copy[], needed: number): Agreed | undefined {
  let same = copies;
  let length = 0;
  for (;;) {
    const next = mostOf(same, length, needed);
    if (!next) break;
    same = next;
    length += 1;
  }
  const [best] = same;
  if (length === 0 || !best) return undefined;
  const records = best.records.slice(0, length);
  const progress = foldJournal(records);
  const over = nodesOf(copies.filter((copy) => copy.over)).length >= needed;
  return {
    run: best.run,
    plan: best.plan,
    records,
    lines: best.lines.slice(0, length),
    progress,
    over: over || progress.state === 'done' || progress.state === 'abandoned',
    nodes: nodesOf(same),
    dissenting: nodesOf(copies.filter((copy) => !isBeginningOf(copy, best, length))),
  };
}

/**
 * The copies that have the same line there, if they are on enough nodes; of two such lines that of the later
 * controller.
 */
function mostOf(copies: readonly Copy[], at: number, needed: number): readonly Copy[] | undefined {
  const byLine = new Map<string, Copy[]>();
  for (const copy of copies) {
    const line = copy.lines[at];
    if (line !== undefined) byLine.set(line, [...(byLine.get(line) ?? []), copy]);
  }
  const enough = [...byLine.values()].filter((same) => nodesOf(same).length >= needed);
  return enough.toSorted((a, b) => latest(b) - latest(a))[0];
}

/** It keeps those records, or the first of them. */
function isBeginningOf(copy: Copy, best: Copy, length: number): boolean {
  return copy.lines.length <= length && copy.lines.every((line, at) => line === best.lines[at]);
}

function latest(copies: readonly Copy[]): number {
  return Math.max(...copies.map((copy) => copy.epoch));
}

function nodesOf(copies: readonly Copy[]): string[] {
  return [...new Set(copies.map((copy) => copy.node))];
}

/**
 * No one but an attacker gives a run another plan, so the operator looks first.
 * @param known digest of the plan that the operator knows it must be; then other plans are only left out
 * @throws Failure (unreachable) that names the nodes and what each keeps
 */
export function requireOnePlan(copies: readonly Copy[], local: Plan | undefined, known: string | undefined): void {
  const [first] = copies;
  if (!first || known !== undefined) return;
  const digests = new Set([...(local ? [local.digest] : []), ...copies.map((copy) => copy.plan.digest)]);
  if (digests.size < 2) return;
  throw new Failure(
    'unreachable',
    `the nodes do not keep one and the same plan of run ${first.run}; nothing was changed`,
    [
      ...(local ? [`here: ${local.digest}`] : []),
      ...digestLines(copies),
      'A run has one plan, so someone changed it where it is another. Look at those nodes before you trust them.',
      `If you know which plan is yours: runbook resume ${first.run} --plan-digest SHA256 leaves the others out.`,
    ],
  );
}

/** @throws Failure (unreachable) */
export function noMajority(
  run: string,
  copies: readonly Copy[],
  missing: readonly Missing[],
  known: string | undefined,
): Failure {
  return new Failure('unreachable', `no majority of the nodes agrees on run ${run}; nothing was changed`, [
    ...(known === undefined ? [] : [`--plan-digest: ${known}`]),
    ...digestLines(copies),
    ...missing.map(({ node, problem }) => `${node}: ${problem}`),
    'A run is rebuilt only from what a majority of the control planes keeps: of one node alone, nothing is believed.',
    'When more of them answer, give the same command again; or start over with `runbook apply --new`.',
  ]);
}

function digestLines(copies: readonly Copy[]): string[] {
  return nodesOf(copies).map((node) => {
    const of = copies.filter((copy) => copy.node === node).map((copy) => `${copy.plan.digest} (epoch ${copy.epoch})`);
    return `${node}: ${of.join(', ')}`;
  });
}
