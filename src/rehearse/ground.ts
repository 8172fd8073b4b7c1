import type { KnownFacts } from '../facts/fact.ts';
import type { Attempt, ClaimRefusal, Machine, Printed, StartRequest } from 'runbook-lab';

/** What a link belongs to; once it is dead it neither acts nor gets an answer. */
export interface Owner {
  readonly dead: boolean;
}

/** The time of a simulated cluster, which is not that of this machine. Milliseconds. */
export interface SimulatedTime {
  now(): number;
  /** @throws what the lab throws when the signal aborts */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `fire` once so many milliseconds from now. */
  after(ms: number, fire: () => void): void;
}

/** The simulated cluster as links see it. */
export interface Ground {
  readonly time: SimulatedTime;
  /** @throws Error for a node that it does not have */
  machine(name: string): Machine;
  /** No connection to the node can be made now, although it is up. */
  isCutOff(name: string): boolean;
  /** A start request leaves its sender; milliseconds by which it is to arrive late, its sender being gone. */
  sending(node: string, id: string): number | undefined;
  /** The node takes a claim, or refuses it. */
  claim(machine: Machine, request: StartRequest): Attempt | ClaimRefusal;
  /** The node runs a script that is no attempt. */
  probe(machine: Machine, script: string): Promise<Printed>;
  /** The same of a script whose answer may be known. */
  readonly recall?: (machine: Machine, script: string) => Promise<Printed>;
  /** What the cluster says of its objects without kubectl. */
  readonly known?: KnownFacts;
}
