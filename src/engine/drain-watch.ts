import { some } from '../actions/lib/verdict.ts';
import type { PdbFact } from '../facts/pdbs.ts';
import type { PodFact } from '../facts/pods.ts';
import { selects } from '../facts/pdbs.ts';
import { readClusterFacts } from '../facts/read.ts';
import type { PlannedStep } from '../plan/bind.ts';
import { kubectlHostFor } from './check.ts';
import type { RunContext } from './context.ts';
import { type AwaitedPod, DrainProgress } from '../actions/lib/drain-progress.ts';

/** Between the first sign and the look at the cluster: refusals of several pods come together. Milliseconds, as all here. */
const GATHER = 500;
const PAUSE = 2000;
/** What still holds is told again. */
const AGAIN = 60_000;
/** Pods end within their grace period, mostly 30 s. */
const SLOW = 20_000;
const PROBE = 6000;

/** Tells who holds a drain while it runs. */
export interface DrainWatch {
  saw(text: string): void;
  close(): void;
  /** Who held it last; undefined: nobody that is known. */
  note(): string | undefined;
  /** That budgets were passed over, and why. */
  bypassed(): string | undefined;
}

/** Undefined for other steps. What it reads goes beside the run: it changes nothing, and failing to read stops nothing. */
export function watchDrain(context: RunContext, step: PlannedStep): DrainWatch | undefined {
  return step.action.name === 'drain' ? new Watch(context, step) : undefined;
}

class Watch implements DrainWatch {
  readonly #context: RunContext;
  readonly #step: PlannedStep;
  readonly #picture = new DrainProgress();
  readonly #over = new AbortController();
  #isLooking = false;
  #held = '';
  #heldAt = 0;
  #last: string | undefined;
  #ending = '';
  #endingAt = 0;

  constructor(context: RunContext, step: PlannedStep) {
    this.#context = context;
    this.#step = step;
  }

  saw(text: string): void {
    this.#picture.take(text, this.#now());
    if (this.#isLooking || this.#picture.isOver || this.#over.signal.aborted) return;
    this.#isLooking = true;
    const looking = this.#look().finally(() => {
      this.#isLooking = false;
    });
    // Whatever goes wrong in telling about a drain, the drain itself goes on.
    looking.catch(() => undefined);
  }

  close(): void {
    this.#over.abort();
  }

  note(): string | undefined {
    return this.#last;
  }

  bypassed(): string | undefined {
    const { bypassed } = this.#picture;
    return bypassed === undefined ? undefined : `PodDisruptionBudgets were bypassed, because: ${bypassed}`;
  }

  #now(): number {
    return this.#context.clock.now();
  }

  async #look(): Promise<void> {
    const { signal } = this.#over;
    for (let pause = GATHER; !signal.aborted && !this.#picture.isOver; pause = PAUSE) {
      await this.#context.clock.sleep(pause, signal);
      if (!signal.aborted) await this.#tellHeld();
      if (!signal.aborted) await this.#tellEnding();
    }
  }

  async #tellHeld(): Promise<void> {
    const now = this.#now();
    const held = this.#picture.held(now);
    const key = namesOf(held);
    if (key === this.#held && (held.length === 0 || now - this.#heldAt < AGAIN)) return;
    const isNew = key !== this.#held;
    this.#held = key;
    this.#heldAt = now;
    if (held.length === 0) {
      this.#last = undefined;
      this.#tell('no PodDisruptionBudget holds the drain any more');
      return;
    }
    const known = await this.#read(held);
    if (this.#over.signal.aborted) return;
    const holders = holdersOf(held, known);
    this.#last = holders;
    this.#tell(`${isNew ? '' : 'still '}held: ${holders}; kubectl asks again every 5 s`);
  }

  async #tellEnding(): Promise<void> {
    const now = this.#now();
    const slow = this.#picture.ending(now).filter((pod) => now - pod.since >= SLOW);
    const key = namesOf(slow);
    if (slow.length === 0 || (key === this.#ending && now - this.#endingAt < AGAIN)) return;
    this.#ending = key;
    this.#endingAt = now;
    const known = await this.#read(slow, true);
    if (this.#over.signal.aborted) return;
    const texts = slow.map((pod) => endingText(pod, now, known?.pods));
    this.#last = `still ending: ${some(texts)}`;
    this.#tell(this.#last);
  }

  #tell(message: string): void {
    this.#context.emit({ type: 'step-progress', ...this.#step.ref, message });
  }

  /** Budgets, and pods where what is known of them does not do. Undefined: nobody answered. */
  async #read(wanted: readonly AwaitedPod[], fresh = false): Promise<Known | undefined> {
    const { fleet, observer, facts } = this.#context;
    const pods = facts?.cluster?.pods;
    const isKnown = !fresh && pods !== undefined && wanted.every((pod) => find(pods, pod) !== undefined);
    try {
      const host = kubectlHostFor(observer, this.#step.node);
      const { kubeconfig } = this.#step.view.settings;
      const read = await fleet.once(host, (remote) =>
        readClusterFacts(
          (script) => remote.probe(script, { timeout: PROBE }),
          [...(fresh ? [] : (['pdbs'] as const)), ...(isKnown ? [] : (['pods'] as const))],
          { host, kubeconfig },
        ),
      );
      return { pods: read.pods ?? pods ?? [], pdbs: read.pdbs ?? [] };
    } catch {
      return undefined;
    }
  }
}

interface Known {
  readonly pods: readonly PodFact[];
  readonly pdbs: readonly PdbFact[];
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
  if (!known) return `a PodDisruptionBudget (which one could not be read) holds ${some(held.map(({ pod }) => pod))}`;
  const byHolder = new Map<string, string[]>();
  for (const pod of held) {
    const holder = budgetsOver(find(known.pods, pod), known.pdbs);
    byHolder.set(holder, [...(byHolder.get(holder) ?? []), pod.pod]);
  }
  return [...byHolder].map(([holder, pods]) => `${holder} holds ${some(pods)}`).join('; ');
}

function budgetsOver(pod: PodFact | undefined, pdbs: readonly PdbFact[]): string {
  const over = pod ? pdbs.filter((pdb) => pdb.namespace === pod.namespace && selects(pdb.selector, pod.labels)) : [];
  if (over.length === 0) return 'a PodDisruptionBudget that is not known here';
  return over.map(budgetText).join(' and ');
}

function budgetText(pdb: PdbFact): string {
  const counts = `${pdb.currentHealthy} of ${pdb.expectedPods} pods healthy, ${pdb.desiredHealthy} needed`;
  return `PodDisruptionBudget ${pdb.namespace}/${pdb.name} (allows ${pdb.disruptionsAllowed} now: ${counts})`;
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
