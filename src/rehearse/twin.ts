import type { Attempt, ClaimRefusal, FastTime, Machine, Printed, StartRequest, World } from 'runbook-lab';
import type { Ground } from './ground.ts';
import type { LabPackage } from './lab-package.ts';

/** The simulated cluster of a rehearsal, in this process and on fake time. */
export class Twin implements Ground {
  readonly time: FastTime;
  readonly world: World;
  /** A start request leaves the controller; milliseconds by which it arrives late, its sender being gone. */
  onSending: (node: string, id: string) => number | undefined = () => undefined;
  readonly #lab: LabPackage;
  readonly #machines: ReadonlyMap<string, Machine>;
  readonly #cutOff = new Map<string, number>();

  constructor(lab: LabPackage, world: World, time: FastTime) {
    this.#lab = lab;
    this.world = world;
    this.time = time;
    this.#machines = new Map(world.machines.map((machine) => [machine.alias, machine]));
  }

  /** By its name in the inventory. Undefined: it has no such node. */
  machineOf(name: string): Machine | undefined {
    return this.#machines.get(name);
  }

  machine(name: string): Machine {
    const machine = this.#machines.get(name);
    if (!machine) throw new Error(`the twin has no node ${name}`);
    return machine;
  }

  /** No new connection to the node for so many milliseconds, and the present ones break. */
  cutOff(name: string, ms: number): void {
    this.#cutOff.set(name, this.time.now() + ms);
    this.machine(name).dropConnections();
  }

  isCutOff(name: string): boolean {
    return (this.#cutOff.get(name) ?? 0) > this.time.now();
  }

  sending(node: string, id: string): number | undefined {
    return this.onSending(node, id);
  }

  claim(machine: Machine, request: StartRequest): Attempt | ClaimRefusal {
    return machine.attempts.start(request);
  }

  probe(machine: Machine, script: string): Promise<Printed> {
    return this.#lab.runScript(machine, script);
  }
}
