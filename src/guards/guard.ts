import type { Finding } from '../event.ts';
import type { ActionNode } from '../actions/action.ts';
import type { BoundStep } from '../actions/bound-step.ts';
import type { FactId, Facts } from '../facts/facts.ts';

export type { Finding };

/** The inventory's view of a node, as far as rules need it. */
export interface GuardNode extends ActionNode {
  /** A step of the plan takes it out of the cluster: after an earlier run it may be gone already. */
  readonly leaves?: true;
  /** A step of the plan makes it a node of the cluster: it may be none yet. */
  readonly joins?: true;
}

export interface GuardInput {
  /** The run that is about to take the step; undefined while planning. */
  readonly run?: string;
  readonly nodes: readonly GuardNode[];
  readonly before: Facts;
  /** The facts as they would be once the step has succeeded; the same object as `before` where there is no step. */
  readonly after: Facts;
  /** What is about to happen. Undefined: nothing is, the cluster is judged as it is. */
  readonly step?: BoundStep;
}

/** A rule. Pure: (facts, step) -> findings, none = holds. Undefined facts were not asked for: say nothing of them. */
export interface Guard {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  /** The newest minor of Kubernetes with whose releases its tables of data were compared. */
  readonly comparedWith?: number;
  readonly facts: readonly FactId[];
  /**
   * Planning asks every guard: once on the whole (`step` is undefined), and for each planned step of the actions that
   * name it, on facts carried forward to that step, so that a rule may depend on the step's `with.version`.
   * `run`: that is all, and its facts are not read again during the run, but for {@link asksKubeadm}. For what an
   * upgrade itself does not move.
   * `step`: it is asked again before each such step, on fresh facts: a reading of its facts per step.
   */
  readonly scope: 'run' | 'step';
  /** Before a step only on nodes of these roles; its facts are not read for others. Default: all. */
  readonly roles?: readonly GuardNode['role'][];
  /** Its node facts are read on every node before a step, not only on the one that the step is about. */
  readonly everywhere?: true;
  /** What it refuses does not resolve by itself: a step does not wait for it. */
  readonly lasting?: true;
  /**
   * Judges better by what the target's own kubeadm says (`targetKubeadm` among a node's facts): it is asked again as
   * soon as that is known.
   */
  readonly asksKubeadm?: true;
  /** Judges only steps, never the cluster as it is. */
  readonly ofSteps?: true;
  /** Why a refusal of this rule cannot be overridden; undefined: it can, with a reason. */
  readonly binding?: string;
  check(input: GuardInput): readonly Finding[];
}
