import { recognise } from '../../src/known/recognise.ts';
import { TimeLeft } from '../../src/engine/time-left.ts';
import { takesOf } from '../../src/plan/estimate.ts';
import { actions } from '../../src/actions/registry.ts';
import type { Action } from '../../src/actions/action.ts';
import type { Inventory } from '../../src/documents/model.ts';
import type { Clock } from '../../src/engine/clock.ts';
import { type RunContext, RunState } from '../../src/engine/context.ts';
import { Links } from '../../src/engine/links.ts';
import { Observer } from '../../src/engine/observe.ts';
import type { NewEvent } from '../../src/event.ts';
import { foldJournal } from '../../src/journal/progress.ts';
import type { JournalBody, JournalRecord } from '../../src/journal/record.ts';
import { bindPlan, type PlannedStep } from '../../src/plan/bind.ts';
import type { Plan, PlanStep } from '../../src/plan/plan.ts';
import { AlreadyClaimed, type AttemptState, type OutputSink, type RemoteNode } from '../../src/remote/attempt.ts';
import { ConnectionLost, type Session } from '../../src/transport/transport.ts';

/** Time that passes only when somebody sleeps. */
export class FakeClock implements Clock {
  time = 0;
  now(): number {
    return this.time;
  }
  sleep(ms: number, _signal?: AbortSignal): Promise<void> {
    this.time += ms;
    return Promise.resolve();
  }
}

/** What a script does on a simulated node. */
export interface Behaviour {
  readonly output?: string;
  /** What it writes into the file of `$RUNBOOK_OUTPUT`. */
  readonly result?: string;
  readonly end: AttemptState;
  /** Cuts the link at that moment of `start`; the script runs on all the same, unless it was cut before the claim. */
  readonly cut?: 'before-claim' | 'while-running';
}

/** One node's attempts, in memory, apart from any link to it. */
export class FakeNode {
  readonly ran: string[] = [];
  readonly probes: string[] = [];
  /** Attempts that it was made ready for. */
  readonly prepared: string[] = [];
  readonly attempts = new Map<string, { state: AttemptState; output: string; result?: string }>();
  readonly behaviours: Behaviour[] = [];
  probe = (_script: string): number => 1;
  /** What a probe prints. */
  answer = (_script: string): string => '';
  name: string;

  constructor(name: string) {
    this.name = name;
  }

  link(): RemoteNode {
    const lost = () => new ConnectionLost(this.name, 'cut by the test');
    const follow = (id: string, from: number, sink: OutputSink): AttemptState => {
      const attempt = this.attempts.get(id);
      if (!attempt) return { kind: 'absent' };
      sink.stdout(Buffer.from(attempt.output.slice(from)));
      if (attempt.result !== undefined) sink.result?.(Buffer.from(attempt.result));
      return attempt.state;
    };
    return {
      start: async (spec, sink) => {
        if (this.attempts.has(spec.id)) throw new AlreadyClaimed();
        const behaviour = this.behaviours.shift() ?? { end: { kind: 'exited', code: 0 } };
        if (behaviour.cut === 'before-claim') throw lost();
        // The run's id is set ahead of every script; what the step itself says is what counts here.
        this.ran.push(spec.script.replace(/^export RUNBOOK_RUN=.*\n/, ''));
        const { output = '', result } = behaviour;
        this.attempts.set(spec.id, { state: behaviour.end, output, ...(result !== undefined && { result }) });
        if (behaviour.cut === 'while-running') {
          sink.stdout(Buffer.from(output.slice(0, 3)));
          throw lost();
        }
        return follow(spec.id, 0, sink);
      },
      follow: async (_run, id, from, sink) => follow(id, from.stdout, sink),
      status: async (_run, id) => this.attempts.get(id)?.state ?? { kind: 'absent' },
      cancel: async () => ({ kind: 'cancelled' }),
      prepare: async (_run, ids) => void this.prepared.push(...ids),
      list: async () => [],
      sweep: async () => undefined,
      probe: async (script) => {
        this.probes.push(script);
        return { code: this.probe(script), stdout: this.answer(script), stderr: '' };
      },
      close: async () => undefined,
    };
  }
}

const session: Session = {
  target: 'fake',
  open: () => Promise.reject(new Error('not used')),
  exec: () => Promise.reject(new Error('not used')),
  closed: new Promise(() => undefined),
  close: () => Promise.resolve(),
};

export function step(node: string, id: string, more: Partial<PlanStep> = {}): PlanStep {
  return {
    id,
    node,
    title: id,
    action: 'run',
    with: {},
    place: 'node',
    effect: 'once',
    timeout: 60_000,
    onTimeout: 'kill',
    retries: 0,
    env: {},
    commands: [`do ${id}`],
    script: `do ${id}`,
    predicted: { outcome: 'change', reason: '' },
    ...more,
  };
}

export function planOf(nodes: readonly string[], steps: readonly PlanStep[], maxFailures = 0, serial = 1): Plan {
  const batches: string[][] = [];
  for (let at = 0; at < nodes.length; at += serial) batches.push(nodes.slice(at, at + serial));
  return {
    version: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    digest: 'd',
    runbook: { name: 'test', file: 'test.yaml', digest: 'd', text: '' },
    inventory: { file: 'inventory.yaml', digest: 'd', cluster: 'test' },
    inputs: {},
    factsDigest: 'f',
    nodes: nodes.map((name) => ({ name, host: name, role: 'other' })),
    phases: [{ number: 1, name: 'one', batches, maxFailures, steps }],
    findings: [],
  };
}

function inventoryNode({ name, host, role }: Plan['nodes'][number]): Inventory['nodes'][number] {
  const span = { file: 'inventory.yaml', line: 1, column: 1, endLine: 1, endColumn: 1, text: '' };
  return { name, host, role, ssh: {}, become: { method: 'none' }, vars: {}, span };
}

/** A run on fake nodes, with a journal in memory that survives `again()`: a new controller on the same nodes. */
export class Bench {
  readonly nodes: Map<string, FakeNode>;
  readonly records: JournalRecord[] = [];
  readonly events: NewEvent[] = [];
  readonly logs = new Map<string, string>();
  readonly clock = new FakeClock();
  /** Called after each record; throwing is the controller's sudden end. */
  onRecord: (record: JournalBody) => void = () => undefined;
  readonly #plan: Plan;
  readonly #inInventory: boolean;
  readonly actions: ReadonlyMap<string, Action>;

  /** `inInventory`: expressions know the nodes. */
  constructor(plan: Plan, known: ReadonlyMap<string, Action> = actions, inInventory = false) {
    this.#inInventory = inInventory;
    this.#plan = plan;
    this.actions = known;
    this.nodes = new Map(plan.nodes.map(({ name }) => [name, new FakeNode(name)]));
  }

  node(name: string): FakeNode {
    const node = this.nodes.get(name);
    if (!node) throw new Error(`no node ${name}`);
    return node;
  }

  /** The text of the records of one kind, for assertions. */
  types(): string[] {
    return this.records.map((record) =>
      'step' in record ? `${record.type} ${record.node}/${record.step}` : record.type,
    );
  }

  context(stop = new AbortController(), leave = new AbortController()): RunContext {
    const links = new Links({
      dial: () => Promise.resolve(session),
      open: (name) => Promise.resolve(this.node(name).link()),
      clock: this.clock,
      emit: (event) => this.events.push(event),
      reconnectFor: 60_000,
    });
    const inventory: Inventory = {
      nodes: this.#inInventory ? this.#plan.nodes.map(inventoryNode) : [],
      groups: {},
      cluster: 'test',
      become: { method: 'none' },
      packages: {},
      remoteDir: '/var/lib/runbook',
      kubectl: { on: 'control-plane', kubeconfig: '' },
    };
    const observer = new Observer(links, this.clock, {
      nodes: this.#plan.nodes,
      kubectl: { on: 'control-plane', kubeconfig: '/etc/kubernetes/admin.conf' },
      minors: [],
    });
    // Who came to a sudden end writes no further record.
    let ended: Error | undefined;
    const log = (planned: Pick<PlanStep, 'node' | 'id'>, attempt: number) =>
      `${planned.node}/${planned.id}.${attempt}.log`;
    const progress = new Map(foldJournal(this.records).steps);
    return {
      plan: this.#plan,
      run: 'run-1',
      epoch: 1,
      phases: bindPlan(this.#plan, { actions: this.actions, inventory, run: 'run-1' }),
      state: new RunState(),
      recognise,
      time: new TimeLeft(this.#plan, takesOf(this.#plan, this.actions), progress),
      links,
      observer,
      journal: {
        append: async (body) => {
          if (ended) throw ended;
          this.records.push({
            v: 1,
            seq: this.records.length + 1,
            at: new Date(this.clock.now()).toISOString(),
            ...body,
          });
          try {
            this.onRecord(body);
          } catch (error) {
            ended = error instanceof Error ? error : new Error(String(error));
            throw ended;
          }
        },
        close: async () => undefined,
      },
      progress,
      clock: this.clock,
      emit: (event) => this.events.push(event),
      control: { stop: stop.signal, leave: leave.signal },
      log: (planned, attempt) => {
        const file = log(planned, attempt);
        this.logs.set(file, '');
        const write = (chunk: Buffer) => this.logs.set(file, (this.logs.get(file) ?? '') + chunk.toString());
        return { file, write, close: () => undefined };
      },
      logFile: log,
      facts: undefined,
    };
  }
}

/** The first step of the plan, bound. */
export function firstStep({ phases }: RunContext): PlannedStep {
  const step = phases[0]?.steps[0];
  if (!step) throw new Error('the plan has no step');
  return step;
}
