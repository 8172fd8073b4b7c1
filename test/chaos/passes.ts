import { actions } from '../../src/actions/registry.ts';
import { loadRunbook } from '../../src/documents/runbook.ts';
import type { Send } from '../../src/engine/send.ts';
import { Failure } from '../../src/failure.ts';
import type { JournalRecord } from '../../src/journal/record.ts';
import { keepFiles } from '../../src/lab/snapshot.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { RUN } from './baseline.ts';
import { noHooks, SimulatedCluster } from './cluster.ts';
import { Controller, type Seams } from '../../src/rehearse/controller.ts';
import { KeptJournal } from '../../src/rehearse/kept-journal.ts';
import { Ledger } from './ledger.ts';
import { type Documents, inventoryOf, plan, valid } from './scenario.ts';

const EFFECTS = '/srv/effects';
const WORKERS = ['worker-1', 'worker-2'] as const;
const MOST_CONTROLLERS = 8;
const LATE = 3000;

/** Each step writes what it does into a file on its node, which no one else writes: what really happened there. */
const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: passes
phases:
  - name: Workers
    nodes: workers
    steps:
      - { name: Out, run: echo out >>${EFFECTS}, undoneBy: in }
      - { name: Soft, run: echo soft >>${EFFECTS}; exit 1, strict: false, continueOnError: true }
      - name: Work
        run: |
          echo work >>${EFFECTS}
          if [ ! -e /srv/tried ]; then touch /srv/tried; exit 1; fi
    always:
      - { id: in, name: In, run: echo in >>${EFFECTS} }
      - { name: Note, run: echo note >>${EFFECTS}, if: node.failed }
onFailure:
  - { notify: { url: 'https://hooks.example/failure' } }
onSuccess:
  - { notify: { url: 'https://hooks.example/success' } }
`;

/**
 * All that may come of a worker whose work fails at first: either what always runs has begun by then, and there is a
 * second pass; or a controller ended before that, and the next one tries the step again in the same pass.
 */
const MAY_BE = ['out soft work in note out work in', 'out soft work work in'];

/** Where a controller ends suddenly. */
export type PassPoint =
  | { readonly at: 'record'; readonly when: 'before' | 'after'; readonly number: number }
  /** As a script begins, or before its request, which arrives late. */
  | { readonly at: 'claim' | 'request'; readonly number: number }
  /** Before a notification arrives, or before its answer does. */
  | { readonly at: 'notification'; readonly when: 'before' | 'after'; readonly number: number };

export interface PassVerdict {
  readonly violations: readonly string[];
  readonly struck: boolean;
  /** How many of each there were. */
  readonly seen: { readonly records: number; readonly claims: number; readonly notifications: number };
  readonly story: readonly string[];
}

interface Sent {
  readonly to: string;
  readonly by: number;
  /** A record of it was on disk. */
  readonly isKnown: boolean;
}

/** Every point of a run that nothing disturbs. */
export function passPoints({ records, claims, notifications }: PassVerdict['seen']): PassPoint[] {
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  const both = ['before', 'after'] as const;
  return [
    ...numbers(records).flatMap((number) => both.map((when) => ({ at: 'record', when, number }) as const)),
    ...numbers(claims).flatMap((number) => (['claim', 'request'] as const).map((at) => ({ at, number }) as const)),
    ...numbers(notifications).flatMap((number) => both.map((when) => ({ at: 'notification', when, number }) as const)),
  ];
}

/** Runs it with one sudden end, resumes until it is done, and reports every broken promise. */
export async function disturbPasses(point: PassPoint | undefined, seams: Seams = {}): Promise<PassVerdict> {
  const cluster = await SimulatedCluster.create({ size: { controlPlanes: 1, workers: WORKERS.length } });
  return new PassTrial(cluster, point, seams).run();
}

class PassTrial {
  readonly #cluster: SimulatedCluster;
  readonly #point: PassPoint | undefined;
  readonly #seams: Seams;
  readonly #kept: KeptJournal;
  readonly #sent: Sent[] = [];
  readonly #story: string[] = [];
  readonly #problems: string[] = [];
  #ledger: Ledger | undefined;
  #controller: Controller | undefined;
  #controllers = 0;
  #claims = 0;
  #requests = 0;
  #struck = false;

  constructor(cluster: SimulatedCluster, point: PassPoint | undefined, seams: Seams) {
    this.#cluster = cluster;
    this.#point = point;
    this.#seams = seams;
    this.#kept = new KeptJournal(() => cluster.time.now());
  }

  async run(): Promise<PassVerdict> {
    const documents = documentsOf();
    const { time } = this.#cluster;
    const made = await time.run(plan(documents, this.#newController(documents)));
    this.#arm(made.plan);
    for (let done = false; !done;) {
      if (this.#controllers === MOST_CONTROLLERS) {
        this.#problems.push('it is never done');
        break;
      }
      done = await this.#oneController(documents, made.plan);
    }
    await this.#judge();
    const seen = {
      records: this.#kept.records().length,
      claims: this.#claims,
      notifications: this.#sent.length,
    };
    const violations = [...this.#problems, ...(this.#ledger?.wrong ?? [])];
    return { violations, struck: this.#struck, seen, story: this.#story };
  }

  /** @returns whether the run is over */
  async #oneController(documents: Documents, made: Plan): Promise<boolean> {
    const { time } = this.#cluster;
    const controller = this.#newController(documents);
    this.#controllers += 1;
    const facts = this.#controllers === 1 ? { nodes: {} } : undefined;
    try {
      const result = await time.run(controller.run(made, RUN, this.#kept, facts));
      this.#story.push(result === 'killed' ? 'killed' : `${result.outcome} ${result.reason}`);
    } catch (error) {
      this.#story.push(String(error));
      if (!(error instanceof Failure)) this.#problems.push(`it broke: ${String(error)}`);
    } finally {
      controller.kill();
    }
    await time.run(time.sleep(this.#point?.at === 'request' ? LATE + 1000 : 0));
    this.#kept.open();
    return this.#kept.records().some(({ type }) => type === 'run-finished');
  }

  #newController({ inventory }: Documents): Controller {
    this.#controller = new Controller({
      ground: this.#cluster,
      inventory: inventory.value,
      minors: [],
      seams: this.#seams,
      send: this.#send,
    });
    return this.#controller;
  }

  #arm(made: Plan): void {
    const ledger = new Ledger(this.#cluster, made);
    this.#ledger = ledger;
    ledger.add(RUN, this.#kept);
    const point = this.#point;
    this.#kept.hook = (when, seq, body) => {
      this.#story.push(`${when} ${seq} ${JSON.stringify(body)}`);
      if (point?.at === 'record' && point.when === when && point.number === seq) this.#strike();
    };
    this.#cluster.hooks = {
      ...noHooks,
      claiming: (node, run, id) => {
        this.#claims += 1;
        this.#story.push(`${node} runs ${id}`);
        ledger.claimed(node, run, id);
        if (point?.at === 'claim' && point.number === this.#claims) this.#strike();
      },
      sending: () => {
        this.#requests += 1;
        if (point?.at !== 'request' || point.number !== this.#requests) return undefined;
        queueMicrotask(() => this.#strike());
        return LATE;
      },
    };
  }

  readonly #send: Send = async ({ url, body }) => {
    const { at: _at, ...known } = JSON.parse(body) as { at: string };
    this.#story.push(`sent ${url} ${JSON.stringify(known)}`);
    const point =
      this.#point?.at === 'notification' && !this.#struck && this.#point.number === this.#sent.length + 1
        ? this.#point
        : undefined;
    if (point?.when === 'before') {
      this.#strike();
      return undefined;
    }
    const isKnown = this.#kept.records().at(-1)?.type === 'hook-started';
    this.#sent.push({ to: url.replace(/^.*\//, ''), by: this.#controllers, isKnown });
    if (point) this.#strike();
    return undefined;
  };

  #strike(): void {
    if (this.#struck) return;
    this.#struck = true;
    this.#story.push('--- killed');
    this.#controller?.kill();
  }

  async #judge(): Promise<void> {
    for (const name of WORKERS) {
      const files = new Map(await keepFiles(this.#cluster.machine(name)));
      const effects = Buffer.from(files.get(EFFECTS)?.content ?? '')
        .toString()
        .trim()
        .replaceAll('\n', ' ');
      if (!MAY_BE.includes(effects)) this.#problems.push(`on ${name} there was: ${effects}`);
    }
    this.#judgeNotifications(this.#kept.records());
    this.#ledger?.close();
  }

  /** At most one for each end, none without an end of that kind, each written down before. */
  #judgeNotifications(records: readonly JournalRecord[]): void {
    const failures = records.filter(({ type }) => type === 'run-stopped').length;
    const of = (to: string) => this.#sent.filter((one) => one.to === to);
    if (of('failure').length > failures)
      this.#problems.push(`${of('failure').length} notifications of ${failures} failures`);
    if (of('success').length > 1) this.#problems.push(`success was notified ${of('success').length} times`);
    if (new Set(this.#sent.map(({ by }) => by)).size < this.#sent.length)
      this.#problems.push('a controller notified twice');
    if (this.#sent.some(({ isKnown }) => !isKnown))
      this.#problems.push('a notification was sent before it was written down');
    const lost = failures + 1 - this.#sent.length;
    // Only the controller that was killed may have left its own out.
    if (lost > (this.#struck ? 1 : 0)) this.#problems.push(`${lost} ends were not notified`);
  }
}

function documentsOf(): Documents {
  return {
    runbook: valid(loadRunbook('passes.yaml', RUNBOOK, actions)),
    inventory: inventoryOf({ controlPlanes: 1, workers: WORKERS.length }),
    inputs: {},
    scenario: { runbook: 'passes.yaml', sets: [], target: '', minors: [] },
  };
}
