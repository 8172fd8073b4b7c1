import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folder, runbook, startRunbook } from '../../commands/cli.ts';
import { havePostgres, type Postgres, startPostgres } from '../../postgres/postgres.ts';
import { ask, enter } from '../../serve/bench.ts';
import { until } from '../../eventually.ts';
import { openPlace, startWorker } from './rig.ts';

const SMOKE = `apiVersion: runbook/v1
kind: Runbook
name: touch
phases:
  - name: All
    nodes: all
    steps:
      - { name: Touch, run: 'true' }
`;

/** The page of a fleet run that `serve` shows on a machine without a state folder. */
async function served(env: Readonly<Record<string, string>>, run: string): Promise<string> {
  const serving = startRunbook(['serve', '--state-dir', join(folder(), 'state')], env);
  let said = '';
  serving.all.on('data', (text: Buffer) => (said += text.toString()));
  const found = (): string | undefined => /http:\/\/127\.0\.0\.1:\d+\/\S*/.exec(said)?.[0];
  await until(() => found() !== undefined, { known: () => said });
  const { base, cookie } = await enter(found() ?? '');
  expect((await ask(base, { cookie })).body).toContain(`<a href="fleets/${run}">`);
  const { body } = await ask(`${base}fleets/${run}`, { cookie });
  serving.kill('SIGINT');
  await serving;
  return body;
}

describe.skipIf(!havePostgres)('operators of fleets in a database', () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  test('plan, apply, approve, status, report and resume from machines that reach no node and have no state folder', async () => {
    const dir = folder();
    const env = { RUNBOOK_DATABASE: postgres.url(), PGPASSWORD: postgres.password };
    const fleet = (...words: string[]) => runbook(['fleet', ...words], { cwd: folder(), env });
    const nobody = await fleet('status');
    expect(nobody).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('no worker has used this database yet'),
    });

    const places = await Promise.all(
      ['eu1', 'us1'].map((name) => openPlace(name, name.slice(0, 2), join(dir, name.slice(0, 2)), 0)),
    );
    const workers = ['eu', 'us'].map((site) =>
      startWorker(postgres, { site, inventories: join(dir, site), stateDir: join(dir, `state-${site}`) }),
    );
    await Promise.all(workers.map((worker) => worker.ready()));
    const file = join(dir, 'fleet.yaml');
    const cluster = ({ name, site }: (typeof places)[number]) =>
      `  - { name: prod-${name}, inventory: ${name}-of-the-worker.yaml, site: ${site}, labels: { canary: '${name === 'eu1'}' } }\n`;
    writeFileSync(
      file,
      `apiVersion: runbook/v1\nkind: Fleet\nname: prod\nclusters:\n${places.map(cluster).join('')}strategy:\n  stages:\n    - { name: canary, clusters: "labels.canary == 'true'", approve: true }\n    - { name: rest, clusters: 'true' }\n`,
    );
    const steps = join(dir, 'touch.yaml');
    writeFileSync(steps, SMOKE);

    const saved = join(dir, 'saved');
    const planned = await fleet('plan', file, steps, '-o', saved);
    expect(planned, planned.all).toMatchObject({ code: 0 });
    expect(planned.stdout).toContain('prod-eu1');
    const { digest }: { digest: string } = JSON.parse(readFileSync(join(saved, 'fleet-plan.json'), 'utf8'));

    const applying = startRunbook(['fleet', 'apply', saved, '--plan-digest', digest, '--yes'], env);
    let shown = '';
    applying.all.on('data', (text: Buffer) => (shown += text.toString()));
    await until(async () => (await fleet('status')).stdout.includes('approv'), { known: () => shown });
    const approved = await fleet('approve', 'canary');
    expect(approved, approved.all).toMatchObject({ code: 0 });
    const ended = await applying;
    expect(ended, shown).toMatchObject({ exitCode: 0 });
    const status = await fleet('status', '--output', 'json');
    expect(JSON.parse(status.stdout)).toMatchObject({ fleet: 'prod' });
    const report = await fleet('report', '--format', 'md');
    expect(report).toMatchObject({ code: 0, stdout: expect.stringContaining('prod-us1') });
    for (const said of [shown, status.all, report.all]) expect(said).not.toContain(postgres.password);
    expect(await served(env, JSON.parse(status.stdout).run)).toMatch(/prod-eu1[^]*prod-us1/);
    const resumed = await fleet('resume');
    expect(resumed, resumed.all).toMatchObject({ code: 0, all: expect.stringContaining('nothing to resume') });

    const here = join(dir, 'here.yaml');
    writeFileSync(here, SMOKE.replace("'true'", `'test -e ${join(dir, 'ok')}', on: local`));
    const failed = await fleet('apply', file, here, '--limit', 'prod-us1', '--yes');
    expect(failed, failed.all).toMatchObject({ code: 1 });
    const before = await fleet('status');
    const unanswered = await fleet('resume');
    expect(unanswered).toMatchObject({ code: 2, stderr: expect.stringContaining('give --yes') });
    expect((await fleet('status')).stdout).toBe(before.stdout);
    writeFileSync(join(dir, 'ok'), '');
    const again = await fleet('resume', '--yes');
    expect(again, again.all).toMatchObject({ code: 0, all: expect.stringContaining('workers continue fleet run') });
    await until(async () => (await fleet('status')).stdout.includes('1 of 1 cluster done'), {
      known: () => workers.map(({ log }) => log).join('\n'),
    });

    // No worker is there to make a plan.
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('site: us', 'site: nowhere'));
    const waiting = startRunbook(['fleet', 'plan', file, here, '--limit', 'prod-us1'], env);
    let said = '';
    waiting.all.on('data', (text: Buffer) => (said += text.toString()));
    await until(() => said.includes('reading 1 cluster'));
    waiting.kill('SIGINT');
    expect(await waiting).toMatchObject({ exitCode: 130, all: expect.stringContaining('nothing was changed') });
    await Promise.all(workers.map((worker) => worker.stop()));
  });
});
