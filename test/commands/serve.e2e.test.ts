import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseJournal } from '../../src/journal/journal.ts';
import { ask, enter } from '../serve/bench.ts';
import { accessibilityProblems, launch, newPage, tabbing, withoutChromium } from './browser.ts';
import { folder, labUp, runbook, startRunbook } from './cli.ts';
import { eventually } from '../eventually.ts';

const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: live
phases:
  - name: Work
    nodes: workers
    steps:
      - uses: cordon
      - { name: Print, run: echo the-output-of-$(hostname) }
      - { name: Hold, if: "node.name == 'worker-1'", run: sleep 30 }
      - { name: Break, if: "node.name == 'worker-2'", run: 'test -e /root/fixed || exit 3' }
      - uses: uncordon
`;

/** Starts the server, as its user does. */
async function serve(state: string, args: readonly string[] = [], env: Record<string, string> = {}) {
  const serving = startRunbook(['serve', '--state-dir', state, ...args], env);
  let printed = '';
  serving.all.setEncoding('utf8');
  serving.all.on('data', (chunk: string) => (printed += chunk));
  const url = await eventually(() => {
    const found = /http:\/\/127\.0\.0\.1:\d+\/\S+?token=[\w-]+/.exec(printed)?.[0];
    if (found === undefined) throw new Error(`no address: ${printed}`);
    return found;
  });
  return { serving, url, printed: () => printed };
}

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it, with 0, also while a page listens', async (signal) => {
  const { serving, url } = await serve(folder());
  const { base, cookie } = await enter(url);
  void ask(`${base}events`, { cookie }).catch(() => undefined);
  expect((await ask(base, { cookie })).status).toBe(200);
  serving.kill(signal);
  expect((await serving).exitCode).toBe(0);
});

test('with --output json the address is one line of JSON, alone on stdout', async () => {
  const { serving, url } = await serve(folder(), ['--output', 'json']);
  serving.kill('SIGTERM');
  expect(JSON.parse((await serving).stdout)).toEqual({ url });
});

test('a port that another program has is refused with 2; one that is no port too', async () => {
  const { url } = await serve(folder());
  const { port } = new URL(url);
  const taken = await runbook(['serve', '--state-dir', folder(), '--port', port]);
  expect([taken.code, taken.stderr]).toEqual([2, expect.stringContaining('another program listens there')]);
  expect((await runbook(['serve', '--port', '70000'])).code).toBe(2);
});

test('--open hands the address to the browser; where there is none it says so and serves', async () => {
  const bin = folder();
  const given = join(bin, 'given');
  writeFileSync(join(bin, 'xdg-open'), `#!/bin/sh\necho "$1" > '${given}.new' && mv '${given}.new' '${given}'\n`);
  chmodSync(join(bin, 'xdg-open'), 0o755);
  const opened = await serve(folder(), ['--open'], { PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` });
  await eventually(() => expect(readFileSync(given, 'utf8')).toBe(`${opened.url}\n`));

  const none = await serve(folder(), ['--open'], { PATH: folder() });
  await eventually(() => expect(none.printed()).toContain('no browser was opened: xdg-open is not installed'));
  expect((await ask(none.url)).status).toBe(303);
});

describe.skipIf(withoutChromium !== '')(`in a browser${withoutChromium}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  async function open(url: string, look?: Parameters<typeof newPage>[1]) {
    const opened = await newPage(browser, look);
    await opened.page.goto(url);
    return opened;
  }

  test('a page follows a run to its end, through a kill and a resume, and keeps what the reader has open', async () => {
    const lab = await labUp('--control-planes', '1', '--workers', '2');
    const dir = folder();
    const state = join(dir, 'state');
    const file = join(dir, 'live.yaml');
    writeFileSync(file, RUNBOOK);
    const { serving, url } = await serve(state);
    const { page, problems } = await open(url);
    expect(new URL(page.url()).search).toBe('');
    await page.getByText('No runs are known in this folder').waitFor();
    await page.getByText('Live: changes are shown').waitFor();

    const common = ['-i', lab.inventory, '--state-dir', state, '--yes'];
    const killed = startRunbook(['apply', file, ...common]);
    await page.getByRole('cell', { name: 'running' }).waitFor();
    await page.getByRole('link', { name: /live/ }).click();
    const shown = page.locator('h1 .state');
    const said = page.locator('#news');
    expect(await shown.innerText()).toBe('running');
    const [run = ''] = readdirSync(join(state, 'runs'));
    const journal = join(state, 'runs', run, 'journal.jsonl');
    const has = (type: string, step: string): boolean =>
      parseJournal(journal, readFileSync(journal)).records.some(
        (one) => one.type === type && 'step' in one && one.step === step,
      );
    await eventually(() => expect(has('attempt-started', '1.3-hold')).toBe(true), 100);
    await page
      .getByText(/1\.3-hold/)
      .first()
      .waitFor({ state: 'attached' });

    // What the reader does now is to be there at the end.
    await page.locator('#n-worker-1 > summary').click();
    const printed = page.locator('#n-worker-1 li').filter({ hasText: 'Print' });
    await printed.locator('summary').first().click();
    await printed.getByText('the-output-of-worker-1').waitFor();
    await page.locator('#query').fill('the-output-of');
    await page.evaluate('window.kept = document.querySelector("#n-worker-1"); scrollTo(0, 300)');
    const scroll = Number(await page.evaluate('scrollY'));
    expect(scroll).toBeGreaterThan(100);

    killed.kill('SIGKILL');
    await killed;
    await eventually(async () => expect(await shown.innerText()).toBe('died'), 100);
    await eventually(async () => expect(await said.innerText()).toBe('The run is died; 1 of 3 nodes done'));

    expect((await runbook(['resume', ...common])).code).toBe(1);
    await eventually(async () => expect(await shown.innerText()).toBe('failed'), 100);
    await page.getByRole('heading', { name: 'Failed or unknown' }).waitFor();
    expect(await runbook(['resume', ...common, '--treat', 'worker-2/1.4-break=skip:not needed'])).toMatchObject({
      code: 0,
    });
    await eventually(async () => expect(await shown.innerText()).toBe('done'), 100);
    expect(await said.innerText()).toBe('The run is done; 3 of 3 nodes done');
    expect(await page.getByRole('heading', { name: 'Failed or unknown' }).count()).toBe(0);
    expect(await page.locator('#parts').innerText()).toMatch(/taken over[\s\S]*failed[\s\S]*resumed[\s\S]*done/);

    expect(await page.locator('#query').inputValue()).toBe('the-output-of');
    expect(await page.evaluate('kept === document.querySelector("#n-worker-1") && kept.open')).toBe(true);
    expect(await printed.getByText('the-output-of-worker-1').isVisible()).toBe(true);
    expect(await page.locator('#n-worker-2').getAttribute('open')).toBeNull();
    expect(Math.abs(Number(await page.evaluate('scrollY')) - scroll)).toBeLessThan(400);
    await page.locator('#query').fill('the-output-of-worker-2');
    await page.locator('#hits a').first().click();
    expect(await page.locator('li[id^="s"]:focus').innerText()).toContain('the-output-of-worker-2');

    const report = await runbook(['report', run, '--state-dir', state, '-o', join(dir, 'report.html')]);
    expect(report.code).toBe(0);
    const fixed = await open(`file://${join(dir, 'report.html')}`);
    const drawn = 'svg[data-node="worker-1"] path.changed';
    expect(await page.locator(drawn).getAttribute('d')).toBe(await fixed.page.locator(drawn).getAttribute('d'));
    expect(await accessibilityProblems(page)).toEqual([]);
    const { unreached } = await tabbing(page);
    expect(unreached).toEqual([]);
    await page.getByRole('link', { name: 'All runs' }).click();
    await page.getByRole('cell', { name: 'done' }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(problems).toEqual([]);

    serving.kill('SIGTERM');
    await serving;
    await page.getByText('Connection lost').waitFor();
  });

  test('another browser with the same address is refused, and a damaged run is listed with its problem', async () => {
    const state = folder();
    mkdirSync(join(state, 'runs', '20260101-100000-live-0000'), { recursive: true });
    const { url } = await serve(state);
    const { page } = await open(url, { width: 400, dark: true });
    await page.getByText('has no readable plan.json').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(400);
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('link', { name: '20260101' }).click();
    await page.getByRole('heading', { name: 'This run cannot be read' }).waitFor();
    const other = await open(url);
    expect(await other.page.innerText('body')).toContain('was used by another browser');
  });
});
