import type { Share, Shares } from '../documents/shares.ts';
import { parseDuration } from '../duration.ts';
import { evaluateTemplate } from '../documents/expressions.ts';
import type { Phase, Scope } from '../documents/model.ts';
import { readShares } from '../documents/shares.ts';
import { Failure } from '../failure.ts';
import { orFail, phaseScope } from './places.ts';
import type { PlanPhase } from './plan.ts';

/** How a phase goes over its nodes. @throws Failure (document) where an expression gives no such number */
export function paceOf(phase: Phase, nodes: readonly { readonly name: string }[], scope: Scope) {
  const own = phaseScope(phase, scope);
  const maxFailures = sharesOf(phase, 'maxFailures', own);
  return {
    batches: batchesOf(nodes, sharesOf(phase, 'serial', own)),
    maxFailures: failuresOf(maxFailures, nodes.length),
    ...(phase.pause !== undefined && { pause: pauseOf(phase, own) }),
  };
}

function pauseOf(phase: Phase, scope: Scope): number {
  const value = orFail(phase, evaluateTemplate(phase.pause, scope), scope);
  const pause = typeof value === 'string' ? parseDuration(value) : value;
  if (typeof pause === 'number') return pause;
  throw wrong(phase, 'pause', `must be a duration such as 10m, not ${JSON.stringify(value)}`);
}

function sharesOf(phase: Phase, key: 'serial' | 'maxFailures', scope: Scope): Shares {
  const shares = readShares(orFail(phase, evaluateTemplate(phase[key], scope), scope), key === 'serial' ? 1 : 0);
  if (typeof shares !== 'object' || !('problem' in shares)) return shares;
  throw wrong(phase, key, shares.problem);
}

function wrong({ name, span: { file, line, column } }: Phase, key: string, problem: string): Failure {
  return new Failure('document', `${file}:${line}:${column}: \`${key}\` of phase ${name} ${problem}`);
}

/**
 * Batches of `serial` nodes; a share is of all nodes of the phase, rounded down, at least one. Of a list, the first
 * entry is for the first batch, and the last one for all that are left.
 */
export function batchesOf(nodes: readonly { readonly name: string }[], serial: Shares): string[][] {
  const batches: string[][] = [];
  for (let at = 0; at < nodes.length;) {
    const size = Math.max(1, nodesIn(shareAt(serial, batches.length), nodes.length));
    batches.push(nodes.slice(at, at + size).map((node) => node.name));
    at += size;
  }
  return batches;
}

/** How many nodes may fail, as the plan has it: a share is of all nodes of the phase, rounded down. */
export function failuresOf(maxFailures: Shares, nodes: number): PlanPhase['maxFailures'] {
  if (typeof maxFailures === 'number' || typeof maxFailures === 'string') return nodesIn(maxFailures, nodes);
  return maxFailures.map((share) => nodesIn(share, nodes));
}

/** How many nodes of a phase may have failed by the end of one of its batches (0-based) for the next one to start. */
export function mayFail({ maxFailures }: Pick<PlanPhase, 'maxFailures'>, batch: number): number {
  return typeof maxFailures === 'number' ? maxFailures : (maxFailures[batch] ?? maxFailures.at(-1) ?? 0);
}

function shareAt(shares: Shares, batch: number): Share {
  if (typeof shares === 'number' || typeof shares === 'string') return shares;
  return shares[batch] ?? shares.at(-1) ?? 1;
}

function nodesIn(share: Share, all: number): number {
  return typeof share === 'number' ? share : Math.floor((all * Number.parseInt(share, 10)) / 100);
}
