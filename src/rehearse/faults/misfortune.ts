/** The step that a misfortune strikes. A plan without such a step that is due has no place for it. */
export interface Place {
  /** An action's name. */
  readonly action: string;
  /** Part of the step's title, where an action has several steps: `kubelet`. */
  readonly of?: string;
  readonly role?: 'control-plane' | 'worker';
  /** The last one in the order of work; else the seed chooses among the nodes that have the step. */
  readonly which?: 'last';
  /** Where the plan has no such step. */
  readonly or?: Place;
}

/** When the controller is killed: around the records of an attempt, or so many milliseconds after it was sent. */
export type Moment = 'recorded' | 'at-work' | 'ended';

/** How it is planted on the twin. */
export type Strike =
  /** A fault of the lab that waits for a command of the step: `exit:1`, `reboot`, `disconnect`; within it at a phase. */
  | { readonly kind: 'command'; readonly on: string; readonly does: string; readonly phase?: string }
  /** The controller is killed. */
  | { readonly kind: 'kill'; readonly when: Moment }
  /** The power of the node is cut while the step is at work; it comes back by itself. */
  | { readonly kind: 'power' }
  /** No connection to the node for so many milliseconds. */
  | { readonly kind: 'network'; readonly ms: number }
  /** A problem of the lab (`lab up --problems`), there before the step; the person ends it. */
  | { readonly kind: 'problem'; readonly name: string; readonly on?: 'other' }
  /** The registry of images does not answer the node; the person ends it. */
  | { readonly kind: 'registry' }
  /** A PodDisruptionBudget allows no eviction of a pod on the node; the person changes it. */
  | { readonly kind: 'budget' };

/** Something that can go wrong in a run. */
export interface Misfortune {
  readonly name: string;
  /** In words, with `NODE` for the node that it strikes. */
  readonly what: string;
  readonly at: Place;
  readonly strike: Strike;
  /** What a person does before the run continues, with `NODE`; undefined: nothing, it passes by itself. */
  readonly first?: string;
}
