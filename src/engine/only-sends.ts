import type { PlannedStep } from '../plan/bind.ts';
import { isAhead, outOfService } from '../plan/outage.ts';
import { neededFacts } from './refresh.ts';

/**
 * Whether nothing is read, asked or brought to the node between the end of the step before and the sending of this
 * step's script, nor between the end of its script and its own end: then their records are one write, and one sync.
 */
export function onlySends(step: PlannedStep): boolean {
  const { action, check, place, secrets } = step;
  if (place !== 'node' || check !== undefined || secrets || !action.script) return false;
  if (action.asks || action.looksAt || action.sends || action.makes || action.fetches) return false;
  return neededFacts([step, ...(isAhead(step) ? outOfService(step) : [])]).length === 0;
}
