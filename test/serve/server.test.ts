import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FolderFleetStore } from '../../src/fleet/embedded/folder-store.ts';
import { RunStore } from '../../src/journal/store.ts';
import { reportSchema } from '../../src/render/report-data.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { type Plan, planDigest } from '../../src/plan/plan.ts';
import { folder } from '../commands/cli.ts';
import { fleetPlan, stage } from '../fleet/plans.ts';
import { outPlan, RUN } from '../run/report-bench.ts';
import { ask, enter, listenTo, serving } from './bench.ts';
import { eventually } from '../eventually.ts';

const content = outPlan();
const plan: Plan = { ...content, digest: planDigest(content) };
const facts: Facts = { nodes: {} };

/** A state folder with one run that has not begun. */
async function withRun(): Promise<string> {
  const state = folder();
  await new RunStore(state).create(RUN, plan, facts);
  return state;
}

describe('who may ask', () => {
  test('without the token everything is refused, with a wrong one too', async () => {
    const { url, port } = await serving(await withRun());
    const { base } = await enter(url);
    for (const path of ['', 'events', `runs/${RUN}`, `runs/${RUN}/events`, `runs/${RUN}/report.json`, '?token=abc'])
      expect((await ask(base + path)).status, path).toBe(403);
    expect((await ask(`http://127.0.0.1:${port}/`)).status).toBe(403);
    expect((await ask(base, { cookie: 'runbook-serve=abc' })).status).toBe(403);
  });

  test('the token is good for one browser: it gets a cookie, and an address without the token', async () => {
    const { url } = await serving(await withRun());
    const first = await ask(url);
    expect(first.status).toBe(303);
    expect(first.headers['set-cookie']?.[0]).toMatch(/; Path=\/[\w-]{16}\/; HttpOnly; SameSite=Strict$/);
    expect(first.headers.location).toBe(new URL(url).pathname);
    const [cookie = ''] = first.headers['set-cookie']?.[0]?.split(';') ?? [];
    expect((await ask(url)).status).toBe(403);
    expect((await ask(url, { cookie })).status).toBe(303);
    const page = await ask(new URL(first.headers.location ?? '', url).href, { cookie });
    expect(page.status).toBe(200);
    expect(page.body).toContain(RUN);
    expect(page.body).not.toContain(new URL(url).searchParams.get('token'));
  });

  test('a look with HEAD does not use the token up', async () => {
    const { url } = await serving(await withRun());
    expect((await ask(url, { method: 'HEAD' })).status).toBe(403);
    expect((await ask(url)).status).toBe(303);
  });

  test.each(['evil.example:PORT', '127.0.0.1', 'localhost:1', '127.0.0.1:PORT.evil.example', '10.0.0.1:PORT'])(
    'a request to the host %s is refused, with the cookie too',
    async (host) => {
      const { url, port } = await serving(await withRun());
      const named = host.replace('PORT', String(port));
      expect((await ask(url, { host: named })).status).toBe(403);
      const { base, cookie } = await enter(url);
      expect((await ask(base, { cookie, host: named })).status).toBe(403);
      expect((await ask(base, { cookie, host: `localhost:${port}` })).status).toBe(200);
    },
  );

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('%s is refused', async (method) => {
    const { url } = await serving(await withRun());
    const { base, cookie } = await enter(url);
    const { status, headers } = await ask(`${base}runs/${RUN}`, { method, cookie });
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  test('only this machine can connect', async () => {
    const { port } = await serving(await withRun());
    const others = Object.values(networkInterfaces()).flatMap((all = []) => all.filter(({ internal }) => !internal));
    const addresses = [...others.filter(({ family }) => family === 'IPv4').map(({ address }) => address), '127.0.0.2'];
    for (const address of addresses)
      await expect(ask(`http://127.0.0.1:${port}/`, { address }), address).rejects.toThrow('ECONNREFUSED');
  });
});

describe('what is shown', () => {
  test('a page may run its own script alone, is not kept, and is in no frame', async () => {
    const { url } = await serving(await withRun());
    const { base, cookie } = await enter(url);
    for (const path of ['', `runs/${RUN}`]) {
      const { headers } = await ask(base + path, { cookie });
      expect(headers['content-security-policy']).toMatch(
        /^default-src 'none'; script-src 'sha256-\S+'; style-src 'sha256-\S+'; connect-src 'self'; .*frame-ancestors 'none'$/,
      );
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      });
    }
  });

  test('HEAD has the headers of GET without the page', async () => {
    const { url } = await serving(await withRun());
    const { base, cookie } = await enter(url);
    const head = await ask(`${base}runs/${RUN}`, { method: 'HEAD', cookie });
    expect([head.status, head.body]).toEqual([200, '']);
    expect(Number(head.headers['content-length'])).toBeGreaterThan(5000);
  });

  test('a folder without runs, or that is not there, says so', async () => {
    for (const state of [folder(), join(folder(), 'none')]) {
      const { url } = await serving(state);
      const { base, cookie } = await enter(url);
      expect((await ask(base, { cookie })).body).toContain('No runs are known in this folder');
    }
  });

  test('a damaged run is listed with its problem, beside the others', async () => {
    const state = await withRun();
    const damaged = '20260102-100000-test-0000';
    mkdirSync(join(state, 'runs', damaged), { recursive: true });
    writeFileSync(join(state, 'runs', damaged, 'plan.json'), '{"<b>');
    const { url } = await serving(state);
    const { base, cookie } = await enter(url);
    const list = await ask(base, { cookie });
    expect(list.body).toMatch(
      new RegExp(`cannot be read[\\s\\S]*${damaged}[\\s\\S]*plan\\.json[\\s\\S]*not started[\\s\\S]*${RUN}`),
    );
    const page = await ask(`${base}runs/${damaged}`, { cookie });
    expect(page.body).toContain('This run cannot be read');
    expect((await ask(`${base}runs/${damaged}/report.json`, { cookie })).status).toBe(500);
  });

  test.each(['runs/none', 'runs/..%2f..%2fetc', 'runs/', 'other', `runs/${RUN}/other`, `runs/${RUN}/plan.json`])(
    'there is no %s',
    async (path) => {
      const { url } = await serving(await withRun());
      const { base, cookie } = await enter(url);
      expect((await ask(base + path, { cookie })).status).toBe(404);
    },
  );

  test('report.json is the document of `report --format json`', async () => {
    const { url } = await serving(await withRun());
    const { base, cookie } = await enter(url);
    const { headers, body } = await ask(`${base}runs/${RUN}/report.json`, { cookie });
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(reportSchema.parse(JSON.parse(body))).toMatchObject({ run: RUN, state: 'not started' });
  });
});

describe('events', () => {
  test('name the version of the page at once, and another one when a record is added', async () => {
    const state = await withRun();
    const { url } = await serving(state);
    const { base, cookie } = await enter(url);
    const version = /data-version="(\w+)"/.exec((await ask(`${base}runs/${RUN}`, { cookie })).body)?.[1];
    const { versions } = listenTo(`${base}runs/${RUN}/events`, cookie);
    await eventually(() => expect(versions).toEqual([version]));
    appendFileSync(new RunStore(state).folder(RUN).journal, '{}');
    await eventually(() => expect(versions.length).toBe(2));
    expect(versions[1]).not.toBe(version);
  });

  test('of the list come when a run is added, to a folder that had none too', async () => {
    const state = folder();
    const { url } = await serving(state);
    const { base, cookie } = await enter(url);
    const { versions } = listenTo(`${base}events`, cookie);
    await eventually(() => expect(versions.length).toBe(1));
    await new RunStore(state).create(RUN, plan, facts);
    await eventually(() => expect(versions.length).toBeGreaterThan(1));
    expect((await ask(base, { cookie })).body).toContain(RUN);
  });

  test('end when the server ends, which waits for no browser', async () => {
    const { url, close } = await serving(await withRun());
    const { base, cookie } = await enter(url);
    const { versions } = listenTo(`${base}events`, cookie);
    await eventually(() => expect(versions.length).toBe(1));
    await close();
    await expect(ask(base, { cookie })).rejects.toThrow('ECONNREFUSED');
  });
});

test('a port that is taken is a failure that says what to do', async () => {
  const { port } = await serving(folder());
  await expect(serving(folder(), port)).rejects.toMatchObject({
    kind: 'usage',
    message: `cannot listen on 127.0.0.1:${port}: another program listens there`,
  });
});

test('plans are listed beside the runs, each with a page that follows its file', async () => {
  const dir = folder();
  const file = join(dir, 'plan.json');
  writeFileSync(file, JSON.stringify(plan));
  const { url } = await serving(await withRun(), 0, [file]);
  const { base, cookie } = await enter(url);
  const list = await ask(base, { cookie });
  expect(list.body).toContain(`<a href="plans/1">${file}</a>`);
  const page = await ask(`${base}plans/1`, { cookie });
  expect(page.status).toBe(200);
  expect(page.body).toContain('Plan of a run');
  expect(page.body).toContain(`--plan-digest ${plan.digest}`);
  expect((await ask(`${base}plans/2`, { cookie })).status).toBe(404);
  expect((await ask(`${base}plans/1`)).status).toBe(403);

  const { versions } = listenTo(`${base}plans/1/events`, cookie);
  await eventually(() => expect(versions).toHaveLength(1));
  expect(page.body).toContain(`data-version="${versions[0]}"`);
  writeFileSync(file, 'no plan');
  await eventually(() => expect(new Set(versions).size).toBe(2));
  const damaged = await ask(`${base}plans/1`, { cookie });
  expect(damaged.body).toContain('cannot be read');
  expect(damaged.body).toContain('not a plan: not JSON');
  expect((await ask(base, { cookie })).body).toContain('not a plan: not JSON');
});

test('fleet runs are listed beside the runs, and have a page that links the runs which are known here', async () => {
  const state = await withRun();
  const file = join(state, 'plan.json');
  writeFileSync(file, JSON.stringify(plan));
  const fleet = fleetPlan([stage('one', ['eu1', 'eu2'])]);
  const store = new FolderFleetStore(state);
  const run = await store.create(
    fleet,
    new Map([
      ['eu1', file],
      ['eu2', file],
    ]),
    { approve: [] },
  );
  const journal = await store.journal(run);
  await journal.append({ type: 'fleet-started', run, plan: fleet.digest, by: { user: 'ann', host: 'desk' } });
  await journal.append({ type: 'cluster-started', cluster: 'eu1', attempt: 1 });
  await journal.append({ type: 'cluster-run', cluster: 'eu1', run: RUN });
  await journal.append({ type: 'cluster-ended', cluster: 'eu1', outcome: 'failed', reason: '<it> broke' });
  await journal.close();
  const { url } = await serving(state);
  const { base, cookie } = await enter(url);
  const list = await ask(base, { cookie });
  expect(list.body).toContain(`<a href="fleets/${run}">`);
  const page = await ask(`${base}fleets/${run}`, { cookie });
  expect(page.status).toBe(200);
  expect(page.body).toContain(`<a href="../runs/${RUN}">`);
  expect(page.body).toContain('&lt;it&gt; broke');
  expect((await ask(`${base}fleets/20260101-000000-none-0000`, { cookie })).status).toBe(404);
  expect((await ask(`${base}fleets/..%2f..`, { cookie })).status).toBe(404);
});
