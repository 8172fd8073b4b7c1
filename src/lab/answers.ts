import { areMembersSame, areSame, type Looks, WatchedMachine } from './looks.ts';
import type { Machine } from './machine.ts';
import { type Printed, runScript } from './run-script.ts';
import type { World } from './world.ts';

/** What a script printed where it looked at this. */
interface Answer {
  readonly printed: Printed;
  readonly looks: Looks;
  /** Milliseconds that it took. */
  readonly took: number;
}

/** How many answers of one script are tried on a machine that has none of its own. */
const MOST = 6;

/**
 * Answers of scripts that only read, from machines of a world that no one else changes. The files and members of the
 * machine are watched while a script runs: where another machine, or the same one later, shows it the same, it would
 * print the same. A script that looks at the clock or at the cluster is always run.
 */
export class Answers {
  readonly #world: World;
  readonly #machines = new WeakMap<Machine, MachineAnswers>();
  /** By script, the last ones first. */
  readonly #shared = new Map<string, readonly Answer[]>();
  /** By script, the first of those that run now. */
  readonly #running = new Map<string, Promise<Ran>>();

  constructor(world: World) {
    this.#world = world;
  }

  /** As {@link runScript}. */
  async ask(machine: Machine, script: string): Promise<Printed> {
    // A fault strikes whatever is known.
    if (machine.audit.faults.length > 0) return runScript(machine, script);
    const began = machine.clock.now();
    const own = await this.#of(machine);
    let known = own.known(script) ?? (await this.#find(own, script));
    // All machines are asked at once: the answer of one that runs it now may be that of the others.
    for (let tried = 0; !known && tried < MOST; tried += 1) {
      const running = this.#running.get(script);
      if (!running) break;
      const { answer, isKept } = await running;
      if (!isKept) break;
      if (await own.takes(script, answer)) known = answer;
    }
    if (!known) return (await this.#run(own, script)).printed;
    const left = began + known.took - machine.clock.now();
    if (left > 0) await machine.clock.sleep(left);
    return known.printed;
  }

  /** The first script of a machine lays out its programs: it cannot be one that only reads. */
  async #of(machine: Machine): Promise<MachineAnswers> {
    const known = this.#machines.get(machine);
    if (known) return known;
    await runScript(machine, ':');
    const own = this.#machines.get(machine) ?? new MachineAnswers(machine, this.#world);
    this.#machines.set(machine, own);
    return own;
  }

  async #run(own: MachineAnswers, script: string): Promise<Answer> {
    const running = own.ask(script);
    if (!this.#running.has(script)) this.#running.set(script, running);
    try {
      const { answer, isKept } = await running;
      if (isKept) this.#shared.set(script, [answer, ...(this.#shared.get(script) ?? []).slice(0, MOST - 1)]);
      return answer;
    } finally {
      if (this.#running.get(script) === running) this.#running.delete(script);
    }
  }

  async #find(own: MachineAnswers, script: string): Promise<Answer | undefined> {
    const shared = this.#shared.get(script) ?? [];
    for (const [at, answer] of shared.entries()) {
      if (!(await own.takes(script, answer))) continue;
      if (at > 0) this.#shared.set(script, [answer, ...shared.filter((other) => other !== answer)]);
      return answer;
    }
    return undefined;
  }
}

interface Ran {
  readonly answer: Answer;
  /** It did nothing but look at what can be looked at again. */
  readonly isKept: boolean;
}

interface Known {
  readonly answer: Answer;
  /** Of the machine's files, when they were as its script saw them. */
  readonly revision: number;
}

/** What one machine answers. */
class MachineAnswers {
  readonly #machine: Machine;
  readonly #watched: WatchedMachine;
  readonly #known = new Map<string, Known>();

  constructor(machine: Machine, world: World) {
    this.#machine = machine;
    this.#watched = new WatchedMachine(machine, world);
  }

  /** Where nothing has changed that the script looked at. */
  known(script: string): Answer | undefined {
    const known = this.#known.get(script);
    return known && this.#isAsItWas(known) ? known.answer : undefined;
  }

  /** An answer of another machine, or an earlier one, where this machine shows the same now. */
  async takes(script: string, answer: Answer): Promise<boolean> {
    const revision = this.#machine.fs.revisions.count;
    if (!(await areSame(this.#machine, answer.looks))) return false;
    this.#known.set(script, { answer, revision });
    return true;
  }

  async ask(script: string): Promise<Ran> {
    const { clock, fs } = this.#machine;
    const [revision, began] = [fs.revisions.count, clock.now()];
    const { machine, world } = this.#watched;
    const { result, looks } = await this.#watched.during(() => runScript(machine, script, { world }));
    const answer = { printed: result, looks, took: clock.now() - began };
    const known = { answer, revision };
    const isKept = !looks.volatile && this.#isAsItWas(known);
    if (isKept) this.#known.set(script, known);
    else this.#known.delete(script);
    return { answer, isKept };
  }

  #isAsItWas({ answer: { looks }, revision }: Known): boolean {
    const { fs } = this.#machine;
    if (!areMembersSame(this.#machine, looks.members)) return false;
    if (fs.revisions.count === revision) return true;
    for (const path of looks.paths) if (!fs.revisions.isSince(path, revision)) return false;
    return true;
  }
}
