import type { Diagnostic } from './diagnostic.ts';

/** How a planned step ended. `unknown`: nobody can tell; the operator is asked. */
export type Outcome = 'changed' | 'unchanged' | 'skipped' | 'failed' | 'unknown';

export interface FindingEvent {
  readonly guard: string;
  readonly severity: 'refuse' | 'warn' | 'note';
  readonly node?: string;
  readonly step?: string;
  readonly summary: string;
  readonly remedy: string;
  readonly source: string;
  readonly overridden?: string;
}

/** Names a planned step: its id (`5.2-drain`), its node, and how people call it. */
export interface StepRef {
  readonly step: string;
  readonly node: string;
  readonly title: string;
}

/** Everything that a command can report while it works. Renderers are exhaustive switches over `type`. */
export type RunEvent = { readonly at: string } & (
  | { readonly type: 'diagnostic'; readonly diagnostic: Diagnostic }
  | { readonly type: 'connecting'; readonly nodes: readonly string[] }
  | { readonly type: 'connected'; readonly node: string }
  | { readonly type: 'facts'; readonly nodes: readonly string[] }
  | { readonly type: 'finding'; readonly finding: FindingEvent }
  | ({
      readonly type: 'step-planned';
      /** 1-based. */
      readonly phase: number;
      readonly outcome: 'change' | 'unchanged' | 'skipped' | 'read';
      readonly reason: string;
      readonly commands: readonly string[];
    } & StepRef)
  | {
      readonly type: 'planned';
      readonly runbook: string;
      readonly cluster: string;
      readonly digest: string;
      readonly nodes: readonly string[];
      /** Planned steps in all, and how many of them would change something. */
      readonly steps: number;
      readonly changes: number;
    }
  | {
      readonly type: 'run-started';
      readonly run: string;
      readonly runbook: string;
      readonly cluster: string;
      readonly resumed: boolean;
      readonly nodes: readonly string[];
      /** Planned steps in all, and how many of them have an outcome already. */
      readonly steps: number;
      readonly done: number;
    }
  | {
      readonly type: 'phase-started';
      readonly phase: number;
      readonly phases: number;
      readonly name: string;
      readonly nodes: readonly string[];
    }
  | { readonly type: 'phase-finished'; readonly phase: number; readonly name: string }
  | ({
      readonly type: 'step-started';
      readonly attempt: number;
      readonly commands: readonly string[];
      readonly reattached: boolean;
    } & StepRef)
  /** Complete lines (the last one may lack its newline), already decoded; `stream` says which. */
  | ({ readonly type: 'step-output'; readonly stream: 'stdout' | 'stderr'; readonly text: string } & StepRef)
  | ({ readonly type: 'step-progress'; readonly message: string } & StepRef)
  | ({ readonly type: 'step-retry'; readonly attempt: number; readonly reason: string } & StepRef)
  | ({
      readonly type: 'step-finished';
      readonly outcome: Outcome;
      readonly reason: string;
      /** Milliseconds. */
      readonly duration: number;
      /** The last lines of output, where it failed. */
      readonly tail?: readonly string[];
      readonly log?: string;
    } & StepRef)
  | { readonly type: 'connection-lost'; readonly node: string; readonly reason: string }
  | { readonly type: 'reconnected'; readonly node: string }
  | { readonly type: 'stopping'; readonly reason: string }
  | {
      readonly type: 'run-finished';
      readonly run: string;
      readonly outcome: 'done' | 'failed' | 'refused' | 'stopped';
      readonly counts: Readonly<Record<Outcome, number>>;
      /** Milliseconds. */
      readonly duration: number;
      /** What to do next, as commands or sentences; empty when done. */
      readonly next: readonly string[];
      /** Nodes whose work the runbook let be left out, and why. The run is over: not resume but a new apply takes them up. */
      readonly leftOut?: readonly { readonly node: string; readonly reason: string }[];
    }
  | {
      readonly type: 'message';
      readonly level: 'info' | 'warning' | 'error';
      readonly text: string;
      readonly detail: readonly string[];
    }
);

/** An event without its time, as rooms emit it. */
export type NewEvent = RunEvent extends infer E ? (E extends { at: string } ? Omit<E, 'at'> : never) : never;
export type Emit = (event: NewEvent) => void;
