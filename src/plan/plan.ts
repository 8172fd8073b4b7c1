import type { Finding } from '../guards/guard.ts';
import type { Override } from '../guards/lib/override.ts';

/** The version of the saved form; a reader refuses any other. */
export const PLAN_VERSION = 1;

/** What would be done, frozen: one for dry run and apply alike. Pure data, saved as plan.json. */
export interface Plan {
  readonly version: typeof PLAN_VERSION;
  /** ISO 8601. Not part of the digest. */
  readonly createdAt: string;
  /** sha256 over everything but `createdAt`, `digest` and `findings`; hex. */
  readonly digest: string;
  /** `text` is kept so that a report and a resume need no file. */
  readonly runbook: { readonly name: string; readonly file: string; readonly digest: string; readonly text: string };
  readonly inventory: { readonly file: string; readonly digest: string; readonly cluster: string };
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly limit?: string;
  /** sha256 of the deciding facts: versions, packages, repositories, cordons, membership. */
  readonly factsDigest: string;
  readonly nodes: readonly PlanNode[];
  readonly phases: readonly PlanPhase[];
  readonly findings: readonly Finding[];
  /** Refusals that the operator took upon himself; they hold for the whole run. */
  readonly overrides?: readonly Override[];
  /** Of a runbook with `hops`: from the oldest API server's release, through these. */
  readonly way?: { readonly from: string; readonly through: readonly string[] };
}

/** What `hop` stands for in expressions. */
export interface PlanHop {
  readonly version: string;
  readonly first: boolean;
  readonly last: boolean;
}

export interface PlanNode {
  readonly name: string;
  readonly host: string;
  readonly role: 'control-plane' | 'worker' | 'other';
  /** As it stood when planned: promise 8 gives back just this. */
  readonly before?: { readonly unschedulable: boolean; readonly held: readonly string[]; readonly boot?: string };
  /** The run never contacts it: all that is done for it is done on the operator's machine. */
  readonly local?: true;
}

/** Those that its run contacts. */
export function contactedNodes(plan: Pick<Plan, 'nodes'>): string[] {
  return plan.nodes.filter((node) => node.local !== true).map((node) => node.name);
}

export interface PlanPhase {
  /** 1-based, over all hops. */
  readonly number: number;
  readonly name: string;
  /** Node names, in the order of work, in batches of `serial`. */
  readonly batches: readonly (readonly string[])[];
  readonly maxFailures: number;
  readonly steps: readonly PlanStep[];
  /** Of a runbook with `hops`. */
  readonly hop?: PlanHop;
}

/** One step x node. `id` + `node` name it everywhere: journal, logs, --treat. */
export interface PlanStep {
  /** `<phase>.<step>-<slug>`, e.g. `5.2-drain`. */
  readonly id: string;
  readonly node: string;
  readonly title: string;
  /** An action's name, or `run`. */
  readonly action: string;
  readonly with: Readonly<Record<string, unknown>>;
  readonly place: 'node' | 'kubectl' | 'control-plane' | 'local';
  readonly effect: 'none' | 'once' | 'repeatable';
  /** Milliseconds. */
  readonly timeout: number;
  readonly onTimeout: 'kill' | 'leave';
  readonly retries: number;
  readonly env: Readonly<Record<string, string>>;
  /** CEL, asked again on fresh facts before the step. */
  readonly if?: string;
  readonly check?: string;
  readonly commands: readonly string[];
  /** The whole script; undefined for steps that only wait. */
  readonly script?: string;
  readonly predicted: Prediction;
}

export interface Prediction {
  readonly outcome: 'change' | 'unchanged' | 'skipped' | 'read';
  readonly reason: string;
}
