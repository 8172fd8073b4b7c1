import type { Outcome } from '../event.ts';

/** How a planned step ended, or why it did not begin. */
export type StepEnd =
  | {
      readonly kind: 'ended';
      readonly outcome: Outcome;
      readonly reason: string;
      /** The node's further steps of the phase are left out, and the run continues. */
      readonly leavesOut?: true;
      /** By name, what held the step so that its node is left out. */
      readonly heldBy?: readonly string[];
      /** It failed, and the node continues. */
      readonly continued?: true;
      readonly tail?: readonly string[];
      readonly log?: string;
    }
  /** A guard refused: nothing was changed, the step can be taken up by a resume. */
  | { readonly kind: 'refused' }
  /** The operator asked to stop before it began. */
  | { readonly kind: 'stopped' };
