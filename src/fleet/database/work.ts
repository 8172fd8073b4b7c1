import { join } from 'node:path';
import type { Clock } from '../../engine/clock.ts';
import { Failure, messageOf } from '../../failure.ts';
import { makeFolder } from '../../make-folder.ts';
import { parsePlan } from '../../plan/plan.ts';
import type { GateEnd } from '../../engine/gate-hold.ts';
import type { awaitStageGate } from '../gate.ts';
import type { FleetNews } from '../record.ts';
import type { ClusterRunner } from '../runner.ts';
import { foldFleet } from '../state.ts';
import type { Inventories } from './inventories.ts';
import { layOut, writePrivate } from './materials.ts';
import type { DatabaseFleetStore } from './database-store.ts';
import { turnOf } from './turn.ts';
import type { End, Work } from './workflows.ts';

/** What a worker has of its own. */
export interface ClusterTools {
  /** Absolute. */
  readonly stateDir: string;
  readonly runner: ClusterRunner;
  readonly inventories: Inventories;
  readonly askGate: typeof awaitStageGate;
  /** Makes the plan of a cluster, see planning.ts. */
  readonly plan: (task: unknown) => Promise<unknown>;
}

interface Surroundings {
  readonly tools: ClusterTools;
  readonly clock: Clock;
  readonly info: (text: string) => void;
  readonly stop: AbortSignal;
  readonly leave: AbortSignal;
}

type Patiently = <T>(tried: () => Promise<T>) => Promise<T>;

const FOREVER = new Promise<never>(() => undefined);

/** What the workflows have done, by this worker. */
export class ClusterWork implements Work {
  readonly #store: DatabaseFleetStore;
  readonly #worker: string;
  readonly #with: Surroundings;
  readonly #patiently: Patiently;
  readonly #running = new Set<Promise<unknown>>();
  /** By fleet run: aborted once that is cancelled. */
  readonly #cancelled = new Map<string, AbortController>();

  constructor(store: DatabaseFleetStore, worker: string, surroundings: Surroundings, patiently: Patiently) {
    this.#store = store;
    this.#worker = worker;
    this.#with = surroundings;
    this.#patiently = patiently;
  }

  async turn(run: string): ReturnType<Work['turn']> {
    const { info } = this.#with;
    return this.#patiently(() =>
      this.#store.change(run, ({ plan, records, requests, now }) => {
        const { news, refused, running, gates, over, wakeAt } = turnOf(plan, records, requests, now);
        for (const one of news) info(`${run}: ${newsText(one)}`);
        for (const why of refused) info(`${run}: a request comes to nothing: ${why}`);
        const result = { running, gates, over, ...(wakeAt !== undefined && { wakeIn: wakeAt - now }) };
        return { news, takesRequests: true, result };
      }),
    );
  }

  async bringToEnd(run: string, name: string, attempt: number): Promise<End> {
    const { stop, info } = this.#with;
    const ending = this.#bringToEnd(run, name, attempt);
    this.#running.add(ending);
    const end = await ending.finally(() => this.#running.delete(ending));
    if (end) return end;
    if (this.#cancelledOf(run).aborted) return { outcome: 'failed', reason: 'stopped, for the fleet run is cancelled' };
    // Another worker continues it: this one has no say any more, not even that it failed.
    info(`${name}: left to another worker`);
    return stop.aborted || this.#with.leave.aborted ? FOREVER : { outcome: 'failed', reason: 'stopped' };
  }

  async keepEnd(run: string, cluster: string, attempt: number, { outcome, reason }: End): Promise<void> {
    this.#with.info(`${cluster}: ${outcome}${reason === '' ? '' : `: ${reason}`}`);
    await this.#patiently(() =>
      this.#store.change(run, ({ plan, records }) => {
        const known = foldFleet(plan, records).clusters.get(cluster);
        const isOpen = known?.standing === 'running' && known.attempts === attempt;
        return { news: isOpen ? [{ type: 'cluster-ended', cluster, outcome, reason }] : [], result: undefined };
      }),
    );
  }

  async askGate(run: string, name: string): Promise<GateEnd> {
    const { stop, tools, clock, info } = this.#with;
    const { plan } = await this.#patiently(() => this.#store.read(run));
    const stage = plan.stages.find((one) => one.name === name);
    if (!stage?.gate) return { kind: 'holds' };
    const cancelled = this.#cancelledOf(run);
    const end = await tools.askGate({
      run,
      stage: { name, gate: stage.gate },
      clock,
      stop: AbortSignal.any([stop, cancelled]),
      onWait: (text) => void (text !== '' && info(`stage ${name}: ${text}`)),
    });
    return end.kind === 'stopped' && !cancelled.aborted ? FOREVER : end;
  }

  async keepGate(run: string, stage: string, end: GateEnd): Promise<void> {
    await this.#patiently(() =>
      this.#store.change(run, ({ plan, records, now }) => {
        // Else it was paused, its window closed, or it is over: where it is asked again, it is by another workflow.
        const isAsked = turnOf(plan, records, [], now).gates.includes(stage);
        if (!isAsked || end.kind === 'stopped') return { news: [], result: undefined };
        const news: FleetNews =
          end.kind === 'holds' ? { type: 'gate-held', stage } : { type: 'gate-failed', stage, reason: end.reason };
        return { news: [news], result: undefined };
      }),
    );
  }

  plan(task: unknown): Promise<unknown> {
    return this.#with.tools.plan(task);
  }

  /** Aborts what belongs to fleet runs that were cancelled. */
  async lookForCancelled(): Promise<void> {
    const open = [...this.#cancelled].filter(([, { signal }]) => !signal.aborted).map(([run]) => run);
    if (open.length === 0) return;
    for (const run of await this.#store.cancelled(open)) {
      this.#with.info(`${run} is cancelled: what runs of it here stops after its step`);
      this.#cancelled.get(run)?.abort();
    }
  }

  /** Resolves once no run of a cluster is under way here. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  #cancelledOf(run: string): AbortSignal {
    const known = this.#cancelled.get(run) ?? new AbortController();
    this.#cancelled.set(run, known);
    return known.signal;
  }

  /** Undefined: it is stopped, and not at its end. */
  async #bringToEnd(run: string, name: string, attempt: number): Promise<End | undefined> {
    const { tools, stop, leave, info } = this.#with;
    const { runner, inventories, stateDir } = tools;
    const view = await this.#patiently(() => this.#store.read(run));
    const cluster = view.plan.clusters.find((one) => one.name === name);
    if (!cluster) return { outcome: 'failed', reason: `the fleet plan has no cluster ${name}` };
    const before = await this.#patiently(() => this.#store.take(run, name, this.#worker));
    const approve = await this.#patiently(() => this.#store.approvedIn(run));
    const text = await this.#patiently(() => this.#store.plan(cluster.plan));
    info(`${name}: attempt ${attempt} of fleet run ${run}`);
    try {
      const folder = join(stateDir, 'fleets', run, 'clusters', name);
      await makeFolder(folder);
      const file = join(folder, 'plan.json');
      await writePrivate(file, text);
      const inventory = await inventories.find(cluster.cluster);
      const cwd = await workingFolder(join(folder, 'runbook'), text);
      const end = await runner.bringToEnd(
        {
          cluster: { ...cluster, inventory },
          plan: file,
          attempt,
          folder,
          elsewhere: before || attempt > 1,
          approve,
          cwd,
        },
        {
          stop: AbortSignal.any([stop, this.#cancelledOf(run)]),
          leave,
          onRun: (id) =>
            void this.#keepRun(run, name, id).catch((error: unknown) => info(`${name}: ${messageOf(error)}`)),
          onWait: (waits) => void (waits !== '' && info(`${name}: ${waits}`)),
        },
      );
      return end.outcome === 'stopped' || end.outcome === 'left'
        ? undefined
        : { outcome: end.outcome, reason: end.reason };
    } catch (error) {
      if (!(error instanceof Failure) && !(error instanceof Error && 'code' in error)) throw error;
      return { outcome: 'failed', reason: error.message };
    }
  }

  async #keepRun(run: string, cluster: string, id: string): Promise<void> {
    await this.#patiently(() =>
      this.#store.change(run, ({ plan, records }) => {
        const isNew = foldFleet(plan, records).clusters.get(cluster)?.run !== id;
        return { news: isNew ? [{ type: 'cluster-run', cluster, run: id }] : [], result: undefined };
      }),
    );
  }
}

/** Where commands find the runbook of a plan by its name. */
async function workingFolder(folder: string, text: string): Promise<string> {
  const parsed = parsePlan(text);
  if ('problem' in parsed) throw new Failure('document', parsed.problem);
  return (await layOut(folder, parsed.plan.runbook)).folder;
}

/** In one line, for the log of a worker. */
function newsText(news: { readonly type: string; readonly cluster?: string; readonly stage?: string }): string {
  return [news.type, news.cluster ?? news.stage ?? ''].join(' ').trim();
}
