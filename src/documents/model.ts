import type { Diagnostic, Span } from '../diagnostic.ts';

/** A value that may contain `${{ }}`; resolved by `Expressions`. */
export type Template = unknown;

export interface InputSpec {
  readonly type: 'string' | 'version' | 'number' | 'boolean' | 'duration';
  readonly default?: string | number | boolean;
  readonly description?: string;
  readonly enum?: readonly (string | number)[];
}

export interface StepBase {
  readonly name?: string;
  /** CEL without `${{ }}` (which is accepted around it). */
  readonly if?: string;
  readonly env?: Readonly<Record<string, Template>>;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly onTimeout?: 'kill' | 'leave';
  readonly retries: number;
  readonly span: Span;
}
export interface UsesStep extends StepBase {
  readonly kind: 'uses';
  readonly uses: string;
  readonly with: Readonly<Record<string, Template>>;
}
export interface RunStep extends StepBase {
  readonly kind: 'run';
  readonly run: string;
  readonly check?: string;
  readonly on: 'node' | 'control-plane' | 'local';
  readonly effect: 'once' | 'repeatable';
}
export type Step = UsesStep | RunStep;

export interface Phase {
  readonly name: string;
  /** Node patterns, e.g. `control-plane[1:]` or several. */
  readonly nodes: readonly string[];
  /** `1`, `3` or `25%`. */
  readonly serial: number | `${number}%`;
  readonly maxFailures: number;
  readonly if?: string;
  readonly steps: readonly Step[];
  /** Where each entry of `nodes` stands. */
  readonly nodesSpans?: readonly Span[];
  readonly span: Span;
}

export interface Runbook {
  readonly name: string;
  readonly description?: string;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  /** Template of the version to reach, minor by minor. */
  readonly hops?: { readonly to: Template };
  readonly phases: readonly Phase[];
}

export interface InventoryNode {
  readonly name: string;
  readonly host: string;
  readonly role: 'control-plane' | 'worker' | 'other';
  readonly vars: Readonly<Record<string, unknown>>;
  /** `ssh:` of this node over the inventory's. */
  readonly ssh: SshSettings;
  readonly span: Span;
}
export interface SshSettings {
  readonly user?: string;
  readonly port?: number;
  readonly identityFile?: readonly string[];
  readonly agent?: boolean;
  readonly passwordFrom?: string;
  readonly passphraseFrom?: string;
  readonly knownHosts?: readonly string[];
  readonly jump?: readonly string[];
  readonly hostKeyChecking?: 'strict' | 'accept-new' | 'off';
  /** Milliseconds. */
  readonly connectTimeout?: number;
  /** Milliseconds. */
  readonly keepalive?: number;
}
export interface Inventory {
  readonly cluster: string;
  /** The folder of the file: relative paths start there. Undefined: the current one. */
  readonly folder?: string;
  readonly nodes: readonly InventoryNode[];
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly become: { readonly method: 'sudo' | 'none'; readonly passwordFrom?: string };
  /** Undefined where the file gives none. */
  readonly packages: { readonly baseUrl?: string };
  readonly kubectl: { readonly on: 'control-plane' | 'local'; readonly kubeconfig: string };
  /** The folder on each node that keeps attempts. */
  readonly remoteDir: string;
}

/** A document as read: its value where it could be made, its text, every problem. */
export interface Loaded<T> {
  readonly file: string;
  readonly text: string;
  /** sha256 of the text, hex. */
  readonly digest: string;
  /** Undefined when there are errors. */
  readonly value?: T;
  readonly diagnostics: readonly Diagnostic[];
}

/** What names in expressions stand for. */
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
  };
  readonly cluster: { readonly name: string; readonly version: string };
  readonly hop?: { readonly version: string; readonly first: boolean; readonly last: boolean };
}
