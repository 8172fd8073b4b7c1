import type { Machine } from 'runbook-lab';
import type { JournalBody } from '../journal/record.ts';
import type { BoundPhase } from '../plan/bind.ts';
import { stepKey } from '../plan/key.ts';
import type { RehearsalData } from '../render/rehearsal-data.ts';
import { DrainWatch } from './drain-watch.ts';
import type { Twin } from './twin.ts';

type Away = RehearsalData['api'][number];
type Change = RehearsalData['versions'][number];

/** Looks at a twin while a run works on it: what runs in which version, which API servers answer, where pods go. */
export class Watch {
  readonly api: Away[] = [];
  readonly versions: Change[] = [];
  readonly drains: DrainWatch;
  readonly #twin: Twin;
  readonly #planes: readonly Machine[];
  readonly #running = new Map<string, ReadonlyMap<string, string>>();
  readonly #drained: ReadonlySet<string>;
  /** Attempts under way: their steps, by host. */
  readonly #steps = new Map<string, string>();
  #away = '';

  constructor(twin: Twin, phases: readonly BoundPhase[]) {
    this.#twin = twin;
    this.drains = new DrainWatch(twin);
    this.#planes = twin.world.machines.filter((machine) => machine.isControlPlane);
    const out = phases.flatMap(({ steps }) => steps).filter(({ action }) => action.service === 'out');
    this.#drained = new Set(out.map(({ key }) => key));
    for (const machine of twin.world.machines) this.#running.set(machine.alias, versionsOf(machine));
  }

  /** Between any two moments. */
  tick(): void {
    const away = this.#planes.filter((machine) => machine.isControlPlane && !machine.apiServerReady());
    const names = away.map(({ alias }) => alias).join(' ');
    if (names === this.#away) return;
    this.#away = names;
    const open = this.api.at(-1);
    if (open && open.to === undefined) this.api[this.api.length - 1] = { ...open, to: this.#now() };
    if (away.length === 0) return;
    const step = away.map(({ alias }) => this.#steps.get(alias)).find((one) => one !== undefined);
    this.api.push({
      from: this.#now(),
      away: away.map(({ alias }) => alias),
      ...(this.#planes.every((machine) => away.includes(machine)) && { none: true as const }),
      ...(step !== undefined && { step }),
    });
  }

  /** Once a record is in the journal. */
  record(body: JournalBody): void {
    if (body.type === 'attempt-started') {
      this.#steps.set(body.node, body.step);
      if (this.#drained.has(stepKey(body.node, body.step))) this.drains.begin(body.node, body.step);
      return;
    }
    if (body.type !== 'attempt-ended' && body.type !== 'step-finished') return;
    for (const machine of [this.#twin.machineOf(body.node), ...this.#planes]) if (machine) this.#compare(machine);
    if (body.type !== 'step-finished') return;
    this.#steps.delete(body.node);
    if (this.#drained.has(stepKey(body.node, body.step))) this.drains.end(body.node, body.outcome);
  }

  #compare(machine: Machine): void {
    const before = this.#running.get(machine.alias);
    const now = versionsOf(machine);
    this.#running.set(machine.alias, now);
    for (const [component, to] of now) {
      const from = before?.get(component);
      if (from !== undefined && from !== to)
        this.versions.push({ at: this.#now(), node: machine.alias, component, from, to });
    }
  }

  #now(): string {
    return new Date(this.#twin.time.now()).toISOString();
  }
}

function versionsOf({ kubelet, staticPods }: Machine): ReadonlyMap<string, string> {
  const components = [...staticPods].map(([name, { image }]) => [name, image.replace(/^.*:v?/, '')] as const);
  return new Map([['kubelet', kubelet.version], ...components]);
}
