import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMap, itemsOf } from '../documents/shapes.ts';
import { isRunId } from '../journal/run-id.ts';
import { type Raw, rawDocument } from './documents.ts';

/** Ids of the fleet runs of a state folder, newest first. */
export async function fleetIds(stateDir: string): Promise<string[]> {
  const names = await readdir(join(stateDir, 'fleets')).catch(() => []);
  return names.filter(isRunId).toSorted((a, b) => b.localeCompare(a));
}

/** The names in the plan of a fleet run, of the latest unless one is given. */
export async function fleetNames(
  stateDir: string,
  run?: string,
): Promise<{ readonly clusters: readonly string[]; readonly stages: readonly string[] }> {
  const id = run ?? (await fleetIds(stateDir))[0];
  if (id === undefined || !isRunId(id)) return { clusters: [], stages: [] };
  // JSON is YAML.
  const plan = await rawDocument(join(stateDir, 'fleets', id, 'fleet-plan.json'));
  return { clusters: clustersOf(plan), stages: namesOf(plan['stages']) };
}

/** The names of the clusters of a fleet, or of its plan. */
export function clustersOf(fleet: Raw): string[] {
  return namesOf(fleet['clusters']);
}

function namesOf(list: unknown): string[] {
  return itemsOf(list).flatMap((one) => (isMap(one) && typeof one['name'] === 'string' ? [one['name']] : []));
}
