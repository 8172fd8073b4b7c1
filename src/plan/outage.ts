import type { Verdict } from '../actions/action.ts';
import type { Facts } from '../facts/facts.ts';
import { contextOf, type DraftedStep, isAtEnd } from './bind.ts';

/**
 * The node's steps between this one and the one that brings the node back (or the phase's end). What always runs needs
 * no node that is out of service.
 */
export function outOfService(out: DraftedStep): readonly DraftedStep[] {
  const after = out.row.slice(out.at + 1);
  const length = after.findIndex(bringsBack);
  return (length === -1 ? after : after.slice(0, length)).filter((step) => !isAtEnd(step));
}

/** Is the step only for what follows it on its node? */
export function isAhead({ action }: DraftedStep): boolean {
  return action.service === 'out' || action.makesWay === true;
}

/**
 * A step that takes a node out of service, or makes way for that, has nothing to do when no step before the node is
 * back has: so a second run drains no node. Undefined: it has.
 */
export function needlessOutage(out: DraftedStep, facts: Facts): Verdict | undefined {
  const changing = outOfService(out).filter(
    (step) => step.effect !== 'none' && step.action.script !== undefined && !isAhead(step),
  );
  // With no step after it, and none that brings the node back, to be out of service is what it is for.
  const returns = out.row.slice(out.at + 1).some(bringsBack);
  if (changing.length === 0 && !returns && out.action.service === 'out') return undefined;
  const reasons: string[] = [];
  let then = facts;
  for (const step of changing) {
    const context = contextOf(step, then);
    const verdict = step.action.isDone(context);
    if (!verdict.done) return undefined;
    reasons.push(verdict.reason);
    then = step.action.project(context);
  }
  return { done: true, reason: `nothing needs it: ${reasons.length > 0 ? reasons.join('; ') : 'no step follows'}` };
}

function bringsBack({ action }: DraftedStep): boolean {
  return action.service === 'in';
}
