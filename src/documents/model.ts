import type { z } from 'zod';
import type { Diagnostic, Span } from '../diagnostic.ts';
import type { DeepReadonly } from '../readonly.ts';
import type { Frame } from './frame.ts';
import type { resolveInventory } from './inventory-nodes.ts';
import type { runbookSchema } from './runbook-schema.ts';

/** A value that may contain `${{ }}`; resolved by `Expressions`. */
export type Template = unknown;

/** A runbook as its schema reads it, without places. */
export type RunbookData = DeepReadonly<z.output<typeof runbookSchema>>;
type InventoryData = DeepReadonly<ReturnType<typeof resolveInventory>>;

/** A part of a document with its place there. */
type Placed<T> = T extends unknown ? T & { readonly span: Span } : never;

export type InputSpec = RunbookData['inputs'][string];
export type Step = Placed<RunbookData['phases'][number]['steps'][number]> & {
  readonly frame?: Frame;
  /** Of a `script` step: what the file holds. */
  readonly text?: string;
};

export type Phase = Placed<Omit<RunbookData['phases'][number], 'steps' | 'always'>> & {
  readonly steps: readonly Step[];
  /** Run at the end of each node. */
  readonly always?: readonly Step[];
  readonly frame?: Frame;
  /** The place of each entry of `nodes`. */
  readonly nodesSpans?: readonly Span[];
};

export type Runbook = Omit<RunbookData, 'phases'> & { readonly phases: readonly Phase[] };

export type InventoryNode = Placed<InventoryData['nodes'][number]>;

export type Inventory = Omit<InventoryData, 'nodes' | 'entries'> & {
  readonly nodes: readonly InventoryNode[];
  /** The folder of the file: relative paths start there. Undefined: the current one. */
  readonly folder?: string;
};

/** A file that a runbook is made of besides its own: an included one, or a script. */
export interface Part {
  readonly path: string;
  readonly kind: 'Steps' | 'Phases' | 'script';
  readonly text: string;
  /** Of a script, what reads it where that is not sh. */
  readonly shell?: 'bash';
}

/** A document as read: its value where it could be made, its text, every problem. */
export interface Loaded<T> {
  readonly file: string;
  readonly text: string;
  /** sha256 of the text, hex; with parts, over those too. */
  readonly digest: string;
  /** Of a runbook, the other files that it is made of. */
  readonly parts?: readonly Part[];
  /** Undefined when there are errors. */
  readonly value?: T;
  readonly diagnostics: readonly Diagnostic[];
}

/** The values of names in expressions. */
export interface Scope {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  readonly node?: {
    readonly name: string;
    readonly host: string;
    readonly role: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly vars: Readonly<Record<string, unknown>>;
    readonly facts: Readonly<Record<string, unknown>>;
    /** One of its steps of the phase has failed; known to `always` steps alone. */
    readonly failed?: boolean;
  };
  readonly cluster: { readonly name: string; readonly version: string };
  /** How a run has ended; known to what its hooks send. */
  readonly run?: Readonly<Record<string, string>>;
  readonly hop?: { readonly version: string; readonly first: boolean; readonly last: boolean };
  readonly vars?: Readonly<Record<string, unknown>>;
  readonly each?: Each;
  /** By id. */
  readonly steps?: Readonly<Record<string, StepValue>>;
  /** By node. */
  readonly nodes?: Readonly<Record<string, { readonly steps: Readonly<Record<string, StepValue>> }>>;
}

/** What an expression knows of a step. */
interface StepValue {
  readonly outcome: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** One item of a step's `forEach`, and its place there, 0-based. */
export interface Each {
  readonly value: unknown;
  readonly index: number;
}
