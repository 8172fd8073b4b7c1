import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as Dbos from '@dbos-inc/dbos-sdk';
import type * as Pg from 'pg';
import { z } from 'zod';
import { Failure, messageOf } from '../../failure.ts';
import { PACKAGE_ROOT } from '../../package-root.ts';

export type { Dbos, Pg };

/** `pg`. @throws Failure (usage) where it is not installed */
export function loadPg(): Promise<typeof Pg> {
  return load(() => import('pg'));
}

/** DBOS Transact. @throws Failure (usage) where it is not installed */
export function loadDbos(): Promise<typeof Dbos> {
  // They would make of it a part of DBOS's cloud, or give it another identity.
  for (const name of Object.keys(process.env)) if (name.startsWith('DBOS_')) delete process.env[name];
  return load(() => import('@dbos-inc/dbos-sdk'));
}

/**
 * Has a running DBOS give the workflows of executors that are gone to their queues again. It has no public function for
 * that: with its makers' service, the service asks for it.
 */
export async function recoverWorkflowsOf(executors: readonly string[]): Promise<number> {
  const { getExecutor } = await load(() => import('@dbos-inc/dbos-sdk/internal/dbos'));
  return (await getExecutor().recoverPendingWorkflows([...executors])).length;
}

async function load<T>(imported: () => Promise<T>): Promise<T> {
  try {
    return await imported();
  } catch (error) {
    throw new Failure('usage', 'the packages for fleets in a database cannot be loaded', [
      messageOf(error).split('\n')[0] ?? '',
      `Install them beside runbook (with -g where runbook is): ${installCommand()}`,
      'A fleet without --database needs none of them.',
    ]);
  }
}

const manifestSchema = z.object({ peerDependencies: z.record(z.string(), z.string()) });

function installCommand(): string {
  const { peerDependencies } = manifestSchema.parse(
    JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')),
  );
  const own = ['@dbos-inc/dbos-sdk', 'pg'].map((name) => `${name}@${peerDependencies[name] ?? 'latest'}`);
  return `npm install ${own.join(' ')}`;
}
