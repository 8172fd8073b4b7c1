import type { PdbFact } from '../../facts/pdbs.ts';
import { pdbName, pdbsOver } from './budgets.ts';
import type { NodeObject } from '../../facts/nodes.ts';
import type { PodFact } from '../../facts/pods.ts';
import type { ActionContext } from '../action.ts';
import type { Observing, Watch } from './abilities.ts';
import { type AwaitedPod, DrainProgress } from './drain-progress.ts';
import { objectNameOf } from './subject.ts';
import { some } from './verdict.ts';

/** From the first sign to the look at the cluster: several pods are refused together. Milliseconds, like all here. */
const GATHER = 500;
const PAUSE = 2000;
/** What still holds is shown again. */
const AGAIN = 60_000;
/** What is left is shown no more often, once pods have had that long. */
const LEFT_AFTER = 5000;
/** Pods end within their grace period, mostly 30 s. */
const SLOW = 20_000;

/** Shows what holds a drain while it runs. What it reads changes nothing, and failing to read stops nothing. */
export class DrainWatch implements Watch {
  readonly #pods: readonly PodFact[] | undefined;
  readonly #observing: Observing;
  readonly #node: string;
  readonly #progress = new DrainProgress();
  readonly #over = new AbortController();
  #isLooking = false;
  #held = '';
  #heldAt = 0;
  #last: string | undefined;
  /** What was read last. */
  #known: Known | undefined;
  #ending = '';
  #endingAt = 0;
  #left = '';
  #leftAt: number | undefined;

  constructor(context: ActionContext<unknown>, observing: Observing) {
    this.#pods = context.facts.cluster?.pods;
    this.#node = objectNameOf(context);
    this.#observing = observing;
  }

  saw(text: string): void {
    this.#progress.take(text, this.#now());
    if (this.#isLooking || this.#progress.isOver || this.#over.signal.aborted) return;
    this.#isLooking = true;
    const looking = this.#look().finally(() => {
      this.#isLooking = false;
    });
    // If showing it fails, the drain itself continues.
    looking.catch(() => undefined);
  }

  close(): void {
    this.#over.abort();
  }

  note(): string | undefined {
    const { attached, end } = this.#progress;
    if (attached !== undefined) return attached;
    if (!end) return this.#last;
    const texts = [
      ...(end.held.length > 0 ? [holdersOf(end.held, this.#known)] : []),
      ...(end.ending.length > 0 ? [this.#endingOf(end.ending, this.#now())] : []),
    ];
    return texts.join('; ');
  }

  holders(): readonly string[] {
    const { pods = [], pdbs = [] } = this.#known ?? {};
    const over = (this.#progress.end?.held ?? []).flatMap((pod) => pdbsOver(find(pods, pod), pdbs));
    return [...new Set(over.map(pdbName))];
  }

  remark(): string | undefined {
    const { bypassed } = this.#progress;
    return bypassed === undefined ? undefined : `PodDisruptionBudgets were bypassed, because: ${bypassed}`;
  }

  #now(): number {
    return this.#observing.now();
  }

  async #look(): Promise<void> {
    const { signal } = this.#over;
    for (let pause = GATHER; !signal.aborted && !this.#progress.isOver; pause = PAUSE) {
      await this.#observing.sleep(pause, signal);
      if (!signal.aborted) await this.#showHeld();
      if (!signal.aborted) await this.#showEnding();
      if (!signal.aborted) this.#showLeft();
    }
  }

  async #showHeld(): Promise<void> {
    const now = this.#now();
    const held = this.#progress.held(now);
    const key = namesOf(held);
    if (key === this.#held && (held.length === 0 || now - this.#heldAt < AGAIN)) return;
    const isNew = key !== this.#held;
    this.#held = key;
    this.#heldAt = now;
    if (held.length === 0) {
      this.#last = undefined;
      this.#observing.show('no PodDisruptionBudget holds the drain any more');
      return;
    }
    await this.#read(held);
    if (this.#over.signal.aborted) return;
    const holders = holdersOf(held, this.#known);
    this.#last = holders;
    this.#observing.show(`${isNew ? '' : 'still '}held: ${holders}; kubectl asks again every 5 s`);
  }

  async #showEnding(): Promise<void> {
    const now = this.#now();
    const slow = this.#progress.ending(now).filter((pod) => now - pod.since >= SLOW);
    const key = namesOf(slow);
    if (slow.length === 0 || (key === this.#ending && now - this.#endingAt < AGAIN)) return;
    this.#ending = key;
    this.#endingAt = now;
    await this.#read(slow, true);
    if (this.#over.signal.aborted) return;
    this.#last = this.#endingOf(slow, now);
    this.#observing.show(this.#last);
  }

  /** By name, while none of them is shown for being held or slow. */
  #showLeft(): void {
    const now = this.#now();
    const left = this.#progress.ending(now);
    this.#leftAt ??= now;
    if (this.#held !== '' || left.some((pod) => now - pod.since >= SLOW)) return;
    const key = namesOf(left);
    if (key === this.#left || (left.length > 0 && now - this.#leftAt < LEFT_AFTER)) return;
    this.#left = key;
    this.#leftAt = now;
    const names = some(left.map(({ pod }) => pod));
    this.#observing.show(left.length === 0 ? 'every pod is gone' : `${left.length} left: ${names}`);
  }

  #endingOf(pods: readonly AwaitedPod[], now: number): string {
    const node = this.#known?.node;
    const texts = pods.map((pod) => endingText(pod, now, this.#known?.pods));
    const down =
      node?.ready === false ? `${node.name} is not Ready (${node.readyReason}), so no one ends its pods; ` : '';
    return `${down}still ending: ${some(texts)}`;
  }

  /** Budgets, and pods where what is known of them does not do; of slow pods their node too. */
  async #read(wanted: readonly AwaitedPod[], fresh = false): Promise<void> {
    const pods = this.#pods;
    const isKnown = !fresh && pods !== undefined && wanted.every((pod) => find(pods, pod) !== undefined);
    const read = await this.#observing.read([
      ...(fresh ? (['nodes'] as const) : (['pdbs'] as const)),
      ...(isKnown ? [] : (['pods'] as const)),
    ]);
    const last = this.#known;
    if (!read) return;
    const node = read.nodes?.find(({ name }) => name === this.#node) ?? last?.node;
    this.#known = {
      pods: read.pods ?? last?.pods ?? pods ?? [],
      ...((read.pdbs ?? last?.pdbs) ? { pdbs: read.pdbs ?? last?.pdbs ?? [] } : {}),
      ...(node ? { node } : {}),
    };
  }
}

interface Known {
  readonly pods: readonly PodFact[];
  /** Undefined: not read. */
  readonly pdbs?: readonly PdbFact[];
  readonly node?: NodeObject;
}

function namesOf(pods: readonly AwaitedPod[]): string {
  return pods
    .map(({ pod }) => pod)
    .toSorted()
    .join(' ');
}

function find(pods: readonly PodFact[] | undefined, wanted: AwaitedPod): PodFact | undefined {
  return pods?.find((pod) => pod.name === wanted.name && pod.namespace === wanted.namespace);
}

/** `PodDisruptionBudget demo/web (allows 0 now: 2 of 3 pods healthy, 2 needed) holds demo/web-1, demo/web-2` */
function holdersOf(held: readonly AwaitedPod[], known: Known | undefined): string {
  const { pods = [], pdbs } = known ?? {};
  if (!pdbs) return `a PodDisruptionBudget (which one could not be read) holds ${some(held.map(({ pod }) => pod))}`;
  const byHolder = new Map<string, string[]>();
  for (const pod of held) {
    const holder = budgetsOver(find(pods, pod), pdbs);
    byHolder.set(holder, [...(byHolder.get(holder) ?? []), pod.pod]);
  }
  return [...byHolder].map(([holder, names]) => `${holder} holds ${some(names)}`).join('; ');
}

function budgetsOver(pod: PodFact | undefined, pdbs: readonly PdbFact[]): string {
  const over = pdbsOver(pod, pdbs);
  if (over.length === 0) return 'a PodDisruptionBudget that is not known here';
  return over.map(budgetText).join(' and ');
}

function budgetText(pdb: PdbFact): string {
  const counts = `${pdb.currentHealthy} of ${pdb.expectedPods} pods healthy, ${pdb.desiredHealthy} needed`;
  return `PodDisruptionBudget ${pdbName(pdb)} (allows ${pdb.disruptionsAllowed} now: ${counts})`;
}

function endingText(awaited: AwaitedPod, now: number, pods: readonly PodFact[] | undefined): string {
  const pod = find(pods, awaited);
  const about = [
    `for ${Math.round((now - awaited.since) / 1000)} s`,
    ...(pod && !pod.deleting ? ['it is not being deleted'] : []),
    ...(pod?.deletedAt === undefined ? [] : [`its grace period ends at ${pod.deletedAt}`]),
    ...(pod?.finalizers && pod.finalizers.length > 0 ? [`finalizers: ${pod.finalizers.join(' ')}`] : []),
  ];
  return `${awaited.pod} (${about.join(', ')})`;
}
