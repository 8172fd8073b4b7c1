import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folder } from '../../commands/cli.ts';
import { havePostgres, type Postgres, startPostgres } from '../../postgres/postgres.ts';
import { stage } from '../plans.ts';
import { BY, clusterOf, Console, openPlace, startWorker } from './rig.ts';

const RUNBOOK = new URL('../../../runbooks/upgrade-1.32.yaml', import.meta.url).pathname;

describe.skipIf(!havePostgres)('workers of sites', () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  test('each site plans and runs its clusters, stage by stage, once the one before is approved', async () => {
    const dir = folder();
    const sites = ['eu', 'us'] as const;
    const workers = sites.map((site) =>
      startWorker(postgres, { site, inventories: join(dir, site), stateDir: join(dir, `state-${site}`) }),
    );
    const places = await Promise.all([
      openPlace('eu1', 'eu', join(dir, 'eu')),
      openPlace('us1', 'us', join(dir, 'us')),
    ]);
    await Promise.all(workers.map((worker) => worker.ready()));
    const log = () => workers.map((worker) => worker.log).join('\n');
    const console = await Console.open(postgres);
    const clusters = await Promise.all(
      places.map(async (place) => {
        const result = await console.planned(place, RUNBOOK);
        expect(result, log()).toMatchObject({ code: 0 });
        return clusterOf(place, result);
      }),
    );
    await console.start(
      'run-1',
      [stage('canary', ['eu1'], { approve: true, soak: 500 }), stage('rest', ['us1'])],
      clusters,
    );
    await expect.poll(() => console.records('run-1')).toContain('cluster-ended eu1 done');
    expect(await console.records('run-1')).not.toContain('cluster-started us1');
    await console.request('run-1', { type: 'approve', stage: 'canary', by: BY });
    expect(await console.ended('run-1', log)).toEqual([
      'fleet-started',
      'cluster-started eu1',
      'cluster-run eu1',
      'cluster-ended eu1 done',
      'stage-approved canary',
      'cluster-started us1',
      'cluster-run us1',
      'cluster-ended us1 done',
      'fleet-ended done: every stage is over',
    ]);
    expect(workers[0]?.log).toContain('eu1: done');
    expect(workers[1]?.log).not.toContain('eu1: attempt');
    expect(await Promise.all(workers.map((worker) => worker.stop()))).toEqual([0, 0]);
    expect(log()).not.toContain(postgres.password);
  });
});
