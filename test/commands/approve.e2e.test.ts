import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { reportSchema } from '../../src/render/report-data.ts';
import { folder, labUp, runbook } from './cli.ts';

const CLI = new URL('../../dist/cli.js', import.meta.url).pathname;

/** A runbook whose steps leave marks on this machine, with a question between them. */
async function setting(condition = '') {
  const lab = await labUp('--control-planes', '1', '--workers', '1');
  const dir = folder();
  const [before, after] = [join(dir, 'before'), join(dir, 'after')];
  const file = join(dir, 'asking.yaml');
  const text = `apiVersion: runbook/v1
kind: Runbook
name: asking
inputs: { ask: { type: boolean, default: true } }
phases:
  - name: Work
    nodes: control-plane[0]
    steps:
      - { run: "touch ${before}", on: local }
      - name: All data is lost
        uses: approve
        with: { message: "This removes everything.\\nIs that wanted?" }
        ${condition}
      - { run: "touch ${after}", on: local }
`;
  writeFileSync(file, text);
  const args = [file, '-i', lab.inventory, '--state-dir', join(dir, 'state')];
  return { dir, args, done: () => [existsSync(before), existsSync(after)] };
}

/** On a terminal of its own, with an answer typed ahead. */
async function onTerminal(args: readonly string[], answer: string) {
  const line = [process.execPath, CLI, ...args].map((word) => `'${word}'`).join(' ');
  return execa('script', ['-qec', line, '/dev/null'], {
    input: `${answer}\n`,
    reject: false,
    all: true,
    timeout: 240_000,
    env: { NO_COLOR: '1', TERM: 'xterm' },
  });
}

test('a step that asks a person is not answered by --yes: without a terminal nothing is contacted or done', async () => {
  const { args, done } = await setting();
  const refused = await runbook(['apply', ...args, '--yes']);
  expect(refused.code, refused.all).toBe(2);
  expect(refused.all).toContain('--approve all-data-is-lost');
  expect(done()).toEqual([false, false]);

  const wrong = await runbook(['apply', ...args, '--yes', '--approve', 'something-else']);
  expect(wrong.code, wrong.all).toBe(2);
  expect(wrong.all).toContain('Those that ask: all-data-is-lost');
  expect(done()).toEqual([false, false]);
});

test('--approve names the step by its name or its id, the plan shows the question, and the journal who answered', async () => {
  const { args, dir, done } = await setting();
  const planned = await runbook(['plan', ...args]);
  expect(planned.code, planned.all).toBe(0);
  expect(planned.stdout).toContain('This removes everything.');

  const applied = await runbook(['apply', ...args, '--yes', '--approve', '1.2-all-data-is-lost']);
  expect(applied.code, applied.all).toBe(0);
  expect(done()).toEqual([true, true]);
  const run = applied.all.match(/\d{8}-\d{6}-asking-\w+/)?.[0] ?? '';
  const journal = readFileSync(join(dir, 'state', 'runs', run, 'journal.jsonl'), 'utf8');
  expect(journal).toContain('approved by --approve 1.2-all-data-is-lost');
  expect(await approvalsIn(dir)).toEqual([
    { text: 'All data is lost: approved by --approve 1.2-all-data-is-lost', by: WHO },
  ]);
});

const WHO = `${userInfo().username} on ${hostname()}`;

/** Who answered the question, by the report of the latest run: its JSON, its page and its Markdown agree. */
async function approvalsIn(dir: string) {
  const report = (...words: string[]) => runbook(['report', '--state-dir', join(dir, 'state'), ...words]);
  const [json, page, text] = [
    await report('--format', 'json'),
    await report('--format', 'html'),
    await report('--format', 'md'),
  ];
  const { marks } = reportSchema.parse(JSON.parse(json.stdout));
  const answers = marks.filter(({ kind }) => kind === 'approved');
  for (const { at, by = '', text: said } of answers) {
    expect(Date.now() - Date.parse(at)).toBeLessThan(120_000);
    expect(page.stdout).toMatch(new RegExp(`approved</span></td>.*${by.replaceAll(/[()]/g, '.')}.*${said}`));
    expect(text.stdout.replaceAll('\\', '')).toContain(`approved | cp-1 1.2-all-data-is-lost | ${by} | ${said}`);
  }
  return answers.map(({ text: said, by = '' }) => ({
    text: said,
    by: by.replace(/ \(process \d+\)$|, process \d+$/, ''),
  }));
}

test('a question whose condition is false is not asked, and one that turns out true is refused before anything is done', async () => {
  const { args, done } = await setting('if: inputs.ask');
  const refused = await runbook(['apply', ...args, '--yes']);
  expect(refused.code, refused.all).toBe(2);
  expect(done()).toEqual([false, false]);
  const applied = await runbook(['apply', ...args, '--yes', '--set', 'ask=false']);
  expect(applied.code, applied.all).toBe(0);
  expect(done()).toEqual([true, true]);
});

test('on a terminal the question is asked when the run comes to it; no stops there, and resume asks again', async () => {
  const { args, dir, done } = await setting();
  const no = await onTerminal(['apply', ...args, '--yes'], 'n');
  expect(no.exitCode, no.all).toBe(130);
  expect(no.all).toContain('Is that wanted?');
  expect(done()).toEqual([true, false]);
  const [, inventory = '', , state = ''] = args.slice(1);
  const nobody = await runbook(['resume', '-i', inventory, '--state-dir', state, '--yes']);
  expect(nobody.code, nobody.all).toBe(2);
  const yes = await onTerminal(['resume', '-i', inventory, '--state-dir', state, '--yes'], 'y');
  expect(yes.exitCode, yes.all).toBe(0);
  expect(done()).toEqual([true, true]);
  expect(await approvalsIn(dir)).toEqual([{ text: expect.stringContaining('approved '), by: WHO }]);
});

test('a limit that leaves out the node at which the question stands does not leave out the question', async () => {
  const { args, dir, done } = await setting();
  const [file = ''] = args;
  const text = readFileSync(file, 'utf8');
  const work = `  - name: Later\n    nodes: workers\n    steps:\n      - { run: "touch ${join(dir, 'later')}", on: local }\n`;
  writeFileSync(file, `${text}${work}`);
  const no = await onTerminal(['apply', ...args, '--limit', 'workers', '--yes'], 'n');
  expect(no.exitCode, no.all).toBe(130);
  expect(existsSync(join(dir, 'later'))).toBe(false);

  const yes = await runbook([
    'apply',
    ...args,
    '--new',
    '--limit',
    'workers',
    '--yes',
    '--approve',
    'all-data-is-lost',
  ]);
  expect(yes.code, yes.all).toBe(0);
  expect([...done(), existsSync(join(dir, 'later'))]).toEqual([false, false, true]);
  expect(yes.all).toContain('approved by --approve all-data-is-lost');
});

test('a question of a phase without nodes needs no answer, and takes one', async () => {
  const { dir, args } = await setting();
  const mark = join(dir, 'worker');
  const [file = '', option = '', inventory = '', ...state] = args;
  const more = `  - name: Workers\n    nodes: workers\n    steps:\n      - { run: "touch ${mark}", on: local }\n`;
  writeFileSync(file, readFileSync(file, 'utf8').replace('control-plane[0]', 'none') + more);
  const groups = join(dirname(inventory), 'groups.yaml');
  const text = readFileSync(inventory, 'utf8');
  expect(text).not.toMatch(/^groups:/m);
  writeFileSync(groups, `${text}\ngroups: { none: [] }\n`);
  for (const approve of [[], ['--approve', 'all-data-is-lost']]) {
    const { code, all } = await runbook(['apply', file, option, groups, ...state, '--yes', ...approve]);
    expect(code, all).toBe(0);
  }
  expect(existsSync(mark)).toBe(true);
});
