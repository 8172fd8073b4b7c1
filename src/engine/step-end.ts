import type { Outcome } from '../event.ts';

/** What the output of an attempt has to say of its end. */
export interface Evidence {
  /** The last lines, as they are shown. */
  readonly tail: readonly string[];
  /** Path of the whole. */
  readonly log: string;
  /** The last lines, as far as known texts are looked for. */
  readonly recent?: readonly string[];
}

/** How a planned step ended, or why it did not begin. */
export type StepEnd =
  | ({
      readonly kind: 'ended';
      readonly outcome: Outcome;
      readonly reason: string;
      /** The node's further steps of the phase are left out, and the run continues. */
      readonly leavesOut?: true;
      /** By name, what held the step so that its node is left out. */
      readonly heldBy?: readonly string[];
      /** It failed, and the node continues. */
      readonly continued?: true;
    } & Partial<Evidence>)
  /** A guard refused: nothing was changed, the step can be taken up by a resume. */
  | { readonly kind: 'refused' }
  /** The operator asked to stop before it began. */
  | { readonly kind: 'stopped' };
