import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type FleetDatabase, planByWorkers } from '../../../src/commands/fleet/in-database.ts';
import type { Console } from '../../../src/run/console.ts';
import { folder } from '../../commands/cli.ts';

/** Workers are asked for plans, and never answer. */
function planned(stop: AbortSignal): Promise<unknown> {
  const dir = folder();
  const runbook = join(dir, 'touch.yaml');
  writeFileSync(
    runbook,
    "apiVersion: runbook/v1\nkind: Runbook\nname: touch\nphases:\n  - { name: All, nodes: all, steps: [{ name: Touch, run: 'true' }] }\n",
  );
  const database = { operator: { plan: () => new Promise(() => undefined) } } as unknown as FleetDatabase;
  const clusters = [{ name: 'eu1', site: 'eu', labels: {}, file: join(dir, 'nowhere.yaml'), place: [] }];
  return planByWorkers({} as Console, database, clusters as never, runbook, {
    set: [],
    override: [],
    folder: dir,
    stop,
  });
}

test.each(['before the workers are asked', 'while they plan'])('Ctrl-C %s ends the wait for plans', async (when) => {
  const stop = new AbortController();
  if (when.startsWith('before')) stop.abort();
  const wait = planned(stop.signal);
  setImmediate(() => stop.abort());
  await expect(wait).rejects.toMatchObject({ kind: 'cancelled' });
});
