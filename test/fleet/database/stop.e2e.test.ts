import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folder } from '../../commands/cli.ts';
import { havePostgres, type Postgres, startPostgres } from '../../postgres/postgres.ts';
import { stage } from '../plans.ts';
import { until } from '../../eventually.ts';
import { BY, clusterOf, Console, openPlace, startWorker } from './rig.ts';

/** Two steps on the node, the first of which takes until a file is there. */
const runbookOf = (go: string): string => `apiVersion: runbook/v1
kind: Runbook
name: two-steps
phases:
  - name: All
    nodes: all
    steps:
      - { name: First, on: local, run: 'touch ${go}.begun; while ! test -e ${go}; do sleep 0.1; done; echo first >>${go}.done' }
      - { name: Second, on: local, run: 'echo second >>${go}.done' }
`;

describe.skipIf(!havePostgres)('what is asked of a fleet in a database while it runs', () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  test('a pause is kept and ended, and a cancel stops a run after the step that runs', async () => {
    const dir = folder();
    const go = join(dir, 'go');
    const runbook = join(dir, 'two-steps.yaml');
    writeFileSync(runbook, runbookOf(go));
    const place = await openPlace('fr1', 'fr', join(dir, 'fr'), 0);
    const worker = startWorker(postgres, { site: 'fr', inventories: join(dir, 'fr'), stateDir: join(dir, 'state') });
    await worker.ready();
    const console = await Console.open(postgres);
    const cluster = clusterOf(place, await console.planned(place, runbook));
    await console.start('run-1', [stage('all', ['fr1'])], [cluster]);
    await until(() => existsSync(`${go}.begun`), { known: () => worker.log });
    await console.request('run-1', { type: 'pause', by: BY });
    await expect.poll(() => console.records('run-1')).toContain('paused');
    await console.request('run-1', { type: 'unpause', by: BY });
    await console.request('run-1', { type: 'cancel', reason: 'the release was withdrawn', by: BY });
    await expect.poll(() => console.records('run-1')).toContain('cancelled');
    await until(() => worker.log.includes('run-1 is cancelled'), { known: () => worker.log });
    writeFileSync(go, '');
    const records = await console.ended('run-1', () => worker.log);
    expect(records.slice(-2)).toEqual([
      'cluster-ended fr1 failed: stopped, for the fleet run is cancelled',
      'fleet-ended cancelled: the release was withdrawn',
    ]);
    expect(readFileSync(`${go}.done`, 'utf8')).toBe('first\n');
    expect(await worker.stop(), worker.log).toBe(0);
  });

  test('a worker that is told to stop ends the step that runs, and another one of its site does the rest', async () => {
    const dir = folder();
    const runbook = join(dir, 'two-steps.yaml');
    const place = await openPlace('it1', 'it', join(dir, 'it'), 0);
    place.lab.addFault('cp-1', { on: /^kubeadm version/, effect: { kind: 'slow', ms: 8000 }, times: 1 });
    writeFileSync(runbook, SLOW);
    const workers = [0, 1].map((index) => ({
      site: 'it',
      inventories: join(dir, 'it'),
      stateDir: join(dir, `s${index}`),
    }));
    const [first, second] = workers.map((options) => startWorker(postgres, options));
    if (!first || !second) throw new Error('no workers');
    await Promise.all([first.ready(), second.ready()]);
    const console = await Console.open(postgres);
    const cluster = clusterOf(place, await console.planned(place, runbook));
    await console.start('run-2', [stage('all', ['it1'])], [cluster]);
    const ran = () =>
      place.lab.world.machines
        .flatMap(({ audit }) => audit.entries.map(({ line }) => line))
        .filter((line) => line.startsWith('kubeadm version'));
    await until(() => ran().length > 0, { known: () => `${first.log}${second.log}` });
    const [busy, other] = first.log.includes('it1: attempt') ? [first, second] : [second, first];
    expect(await busy.stop(), busy.log).toBe(0);
    const records = await console.ended('run-2', () => `${first.log}${second.log}`);
    expect(records.slice(-2)).toEqual(['cluster-ended it1 done', 'fleet-ended done: every stage is over']);
    expect(other.log).toContain('it1: attempt 1 of fleet run run-2');
    expect(ran()).toHaveLength(1);
    expect(await other.stop(), other.log).toBe(0);
  });
});

const SLOW = `apiVersion: runbook/v1
kind: Runbook
name: two-steps
phases:
  - name: All
    nodes: all
    steps:
      - { name: First, run: kubeadm version }
      - { name: Second, run: 'true' }
`;
