import type { FastTime, Snapshot, World } from 'runbook-lab';
import type { Inventory } from '../../documents/model.ts';
import { stepKey } from '../../plan/key.ts';
import type { Plan } from '../../plan/plan.ts';
import type { LabPackage } from '../lab-package.ts';
import { Memo } from '../memo.ts';
import { Rehearsal, type RehearsalEnd } from '../rehearsal.ts';
import { RecallingTwin } from './recalling-twin.ts';

/** What misfortunes strike: a plan, and twins of its cluster that are all alike. */
export interface FaultStage {
  readonly lab: LabPackage;
  readonly plan: Plan;
  readonly inventory: Inventory;
  /** Minors whose repositories are asked. */
  readonly minors: readonly string[];
  /** When the run begins: milliseconds since 1970. */
  readonly startsAt?: number;
  /** A twin at its first moment, always the same. */
  readonly newWorld: (time: FastTime) => Promise<World>;
}

/** A moment before a step of the undisturbed rehearsal, from which others continue. */
export interface Checkpoint {
  readonly now: number;
  readonly world: Snapshot;
  readonly journal: string;
}

/** Twins of one stage, and the rehearsals on them. */
export class Theatre {
  readonly stage: FaultStage;
  readonly #answers: Memo;

  constructor(stage: FaultStage) {
    this.stage = stage;
    this.#answers = new Memo(stage.lab);
  }

  /** @param from undefined: from the beginning */
  async rehearsal(from?: Checkpoint): Promise<{ readonly twin: RecallingTwin; readonly rehearsal: Rehearsal }> {
    const { lab, plan, inventory, minors, startsAt, newWorld } = this.stage;
    const time = new lab.FastTime(startsAt);
    const world = await newWorld(time);
    if (from) {
      await lab.restoreSnapshot(world, from.world);
      time.jumpTo(from.now);
    }
    const twin = new RecallingTwin(lab, world, time, this.#answers);
    const journal = from && { journal: from.journal };
    return { twin, rehearsal: new Rehearsal({ twin, plan, inventory, minors, ...journal }) };
  }

  /**
   * The rehearsal that nothing disturbs, with a checkpoint before each of these steps.
   * @param wanted keys of steps
   */
  async undisturbed(wanted: ReadonlySet<string>): Promise<{
    readonly checkpoints: ReadonlyMap<string, Checkpoint>;
    readonly end: Exclude<RehearsalEnd, 'killed'>;
  }> {
    const { takeSnapshot } = this.stage.lab;
    const { twin, rehearsal } = await this.rehearsal();
    const left = new Set(wanted);
    const checkpoints = new Map<string, Checkpoint>();
    for (;;) {
      let came = '';
      rehearsal.kept.hook = (when, _seq, body) => {
        if (when !== 'before' || body.type !== 'attempt-started') return;
        const key = stepKey(body.node, body.step);
        if (!left.delete(key)) return;
        came = key;
        rehearsal.controller.kill();
      };
      const end = await rehearsal.resume();
      if (end !== 'killed') return { checkpoints, end };
      await rest(twin);
      // A new process cuts off the record that was not whole.
      rehearsal.kept.open();
      const now = twin.time.now();
      checkpoints.set(came, { now, world: await takeSnapshot(twin.world), journal: rehearsal.kept.text });
    }
  }
}

/** Milliseconds between two looks at whether anything runs. */
const PAUSE = 5000;

/** Lets what was begun on the nodes end, and nodes come back. */
export async function rest({ time, world }: Pick<RecallingTwin, 'time' | 'world'>): Promise<void> {
  while (world.machines.some((machine) => !machine.up || machine.running.size > 0)) await time.run(time.sleep(PAUSE));
}
