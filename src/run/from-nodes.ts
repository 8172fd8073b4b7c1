import type { Inventory } from '../documents/model.ts';
import type { Links } from '../engine/links.ts';
import { Failure, messageOf } from '../failure.ts';
import { type Agreed, agreedRun, noMajority, requireOnePlan } from '../journal/agreement.ts';
import { type Copies, type Copy, type LockNodes, readCopies, requireReadable } from '../journal/copies.ts';
import { compareCopies } from '../journal/kept.ts';
import type { Missing } from '../journal/lock-snapshot.ts';
import { leftNodes, openSteps } from '../journal/passes.ts';
import { type FoundAttempt, rebuildLines, writeRebuilt } from '../journal/rebuild.ts';
import type { RunStore } from '../journal/store.ts';
import { contactedNodes, type Plan } from '../plan/plan.ts';
import type { Connection } from './connect.ts';
import type { Console } from './console.ts';
import type { FoundRun } from './find-run.ts';
import type { Valid } from './load.ts';
import { connectLockNodes, type Locks } from './locks.ts';
import { type Nothing, overOf } from './run-over.ts';

/** What is asked of the nodes. */
export interface Wanted {
  /** Undefined: the newest that is not over. */
  readonly run: string | undefined;
  /** Of --plan-digest. */
  readonly planDigest: string | undefined;
}

/**
 * The newest unfinished run of the cluster (or the named one) as a majority of its nodes knows it; or why there is
 * none. @throws Failure (unreachable) where the nodes do not agree
 */
export async function findOnNodes(
  console: Console,
  store: RunStore,
  inventory: Valid<Inventory>,
  wanted: Wanted,
): Promise<Agreed | Nothing> {
  const { cluster } = inventory.value;
  const { links, locks } = await connectLockNodes(console, store, inventory);
  const { lockNodes } = locks;
  try {
    const kept = await readCopies(lockNodes, wanted);
    const { copies, missing } = kept;
    requireReadable(lockNodes.nodes, missing);
    warnOfLosses(console, kept);
    const asked = lockNodes.nodes.filter((node) => !missing.some((one) => one.node === node)).join(', ');
    if (wanted.run === undefined) {
      const found = newest(console, copies, missing, locks, wanted, cluster);
      return found ?? { state: 'none', reason: `no unfinished run of ${cluster} in ${store.root}, nor on ${asked}` };
    }
    if (copies.length === 0) throw new Failure('usage', `no run ${wanted.run} in ${store.root}, nor on ${asked}`);
    const agreed = agree(console, copies, locks, wanted);
    if (!agreed) throw noMajority(wanted.run, copies, missing, wanted.planDigest);
    return agreed.over ? overOn(agreed) : agreed;
  } finally {
    await links.close();
  }
}

/** What is not on a majority of its nodes is named and passed by. @throws Failure where that is all there is */
function newest(
  console: Console,
  copies: readonly Copy[],
  missing: readonly Missing[],
  locks: Locks,
  wanted: Wanted,
  cluster: string,
): Agreed | Nothing | undefined {
  let refusal: Failure | undefined;
  for (const run of [...new Set(copies.map((copy) => copy.run))].toSorted().toReversed()) {
    const of = copies.filter((copy) => copy.run === run && isWanted(copy, wanted, cluster));
    if (of.length === 0 || (of.every((copy) => copy.over) && wanted.planDigest === undefined)) continue;
    const agreed = agree(console, of, locks, wanted);
    if (agreed && !agreed.over) return agreed;
    if (agreed && wanted.planDigest !== undefined) return overOn(agreed);
    if (agreed) continue;
    const failure = noMajority(run, of, missing, wanted.planDigest);
    refusal ??= failure;
    console.warn(failure.message, failure.detail);
  }
  if (refusal) throw refusal;
  return undefined;
}

/** Where it is known which plan it must be, nodes are asked for runs of that one. */
function isWanted({ plan }: Copy, { planDigest }: Wanted, cluster: string): boolean {
  return plan.inventory.cluster === cluster && (planDigest === undefined || plan.digest === planDigest);
}

function overOn({ run, nodes, progress }: Agreed): Nothing {
  return overOf(run, progress, ` (according to ${nodes.join(', ')})`);
}

function agree(
  console: Console,
  copies: readonly Copy[],
  { voters }: Locks,
  { planDigest }: Wanted,
  local?: Plan,
): Agreed | undefined {
  requireOnePlan(copies, local, planDigest);
  const agreed = agreedRun(copies, voters, planDigest);
  const others = copies.filter(({ plan }) => agreed && plan.digest !== agreed.plan.digest);
  const dissenting = new Set([...(agreed?.dissenting ?? []), ...others.map(({ node }) => node)]);
  if (agreed && dissenting.size > 0)
    console.warn(`what only ${[...dissenting].join(', ')} reports of run ${agreed.run} is not used`, [
      `${agreed.nodes.join(', ')} agree on ${agreed.records.length} records of it.`,
    ]);
  return agreed;
}

/**
 * If a majority of the nodes knows a later epoch than the journal here, or there is no journal here, it is rebuilt from
 * what they agree on and from the attempts that the nodes know. Needs the lock.
 * @throws Failure (unreachable) where the nodes do not agree, or one is away whose attempts decide what is left to do
 */
export async function takeNewerCopy(
  console: Console,
  store: RunStore,
  found: Pick<FoundRun, 'run' | 'plan' | 'from'>,
  locks: Locks,
  { links }: Connection,
  planDigest: string | undefined,
): Promise<void> {
  const { lockNodes } = locks;
  const { run, plan } = found;
  const epoch = await knownEpoch(store, run);
  if (epoch > 0 && (await haveNothingElse(console, store, run, lockNodes))) return;
  const kept = await readCopies(lockNodes, { run });
  const { copies, missing } = kept;
  if (found.from.length === 0) warnOfLosses(console, kept);
  if (epoch === 0) requireReadable(lockNodes.nodes, missing);
  // The plan that was shown: what the nodes keep may be another by now.
  const agreed = agree(console, copies, locks, { run, planDigest }, plan);
  if (!agreed && epoch === 0) throw noMajority(run, copies, missing, planDigest);
  if (!agreed || agreed.progress.epoch <= epoch) return;
  const known = await findAttempts(links, agreed, lockNodes.nodes);
  const lines = rebuildLines(agreed, known, Date.now());
  await writeRebuilt(store, agreed, lines);
  const attempts = known.length === 1 ? 'one attempt' : `${known.length} attempts`;
  console.info(`rebuilt run ${run} from ${agreed.nodes.join(', ')}; ${attempts} found on the nodes`, [
    ...(epoch === 0 ? [] : [`The journal here ended at epoch ${epoch}, theirs at ${agreed.progress.epoch}.`]),
    ...(lines.length === agreed.lines.length
      ? []
      : [`${lines.length - agreed.lines.length} records were added for what the copies did not know.`]),
  ]);
}

/** What the nodes keep is what is here, or the beginning of it: most of a long journal need not be read back. */
async function haveNothingElse(console: Console, store: RunStore, run: string, lockNodes: LockNodes): Promise<boolean> {
  if (lockNodes.nodes.length === 0) return true;
  const { missing, others } = await compareCopies(lockNodes, run, await store.wholeCopy(run));
  if (others.length > 0) return false;
  warnOfLosses(console, { missing, damaged: [] });
  return true;
}

function warnOfLosses(console: Console, { missing, damaged }: Omit<Copies, 'copies'>): void {
  for (const { node, problem } of missing) console.warn(`cannot read the copies on ${node}: ${problem}`);
  if (damaged.length > 0) console.warn('copies on nodes are edited or damaged, and not used', damaged);
}

/** The epoch of the journal here; 0 where there is none. */
async function knownEpoch(store: RunStore, run: string): Promise<number> {
  if (!(await store.ids()).includes(run)) return 0;
  return (await store.read(run)).progress.epoch;
}

/** Asks every node that may know an attempt of an unsettled step: the step's own, and those that run kubectl for it. */
async function findAttempts(
  links: Links,
  { run, plan, progress }: Agreed,
  lockNodes: readonly string[],
): Promise<readonly FoundAttempt[]> {
  const open = [...openSteps(plan, progress.steps)].filter((step) => step.place === 'node');
  const left = leftNodes(plan, progress.steps);
  const needed = new Set([...lockNodes.filter((node) => !left.has(node)), ...open.map((step) => step.node)]);
  const hosts = new Set([...needed, ...contactedNodes(plan)]);
  const problems: string[] = [];
  const found = await Promise.all(
    [...hosts].map(async (node) => {
      try {
        return (await links.once(node, (remote) => remote.list(run))).map(({ id }) => ({ node, id }));
      } catch (error) {
        if (needed.has(node)) problems.push(`${node}: ${messageOf(error)}`);
        return [];
      }
    }),
  );
  if (problems.length === 0) return found.flat();
  throw new Failure('unreachable', 'cannot rebuild the run: what ran on nodes that do not answer is not known', [
    ...problems,
    'When they answer, give the same command again; or start over with `runbook apply --new`.',
  ]);
}
