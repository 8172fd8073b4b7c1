import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folder } from './cli.ts';
import { runbook } from './in-process.ts';

const HEAD = 'apiVersion: runbook/v1\nkind: Runbook\nname: x\n';

/** A runbook with one step, which is in line 8 and 9. */
const withStep = (step: string) =>
  `${HEAD}phases:\n  - name: p\n    nodes: all\n    steps:\n      - run: 'true'\n        ${step}\n`;
const withInput = (name: string) => `${HEAD}inputs: { ${name}: { type: string } }\nphases: []\n`;

const numbers = `[${Array.from({ length: 900 }, (_, index) => index).join(', ')}]`;
const long = 'x'.repeat(200_000);
const list = (text: string, count: number) => Array(count).fill(text).join('');

function validate(text: string | Uint8Array) {
  const file = join(folder(), 'f.yaml');
  writeFileSync(file, text);
  return runbook(['validate', file]);
}

describe('a document that is more than it may be is refused with the place and what to do', () => {
  test.each([
    ['100,000 brackets', `${HEAD}x: ${'['.repeat(100_000)}`, '4:103', 'nested too deeply', 'never closed'],
    ['100,000 dashes', `${'- '.repeat(100_000)}a`, '1:201', 'nested too deeply', 'flatter'],
    ['blocks', Array.from({ length: 300 }, (_, n) => `${' '.repeat(n)}a:\n`).join(''), '101:101', 'nested too', ''],
    [
      'blocks with texts before them',
      Array.from({ length: 150 }, (_, n) => 'k: |\n x\nm:\n'.replaceAll(/^(?=.)/gm, ' '.repeat(n))).join(''),
      '301:101',
      'nested too deeply',
      '',
    ],
    ['colons', 'run: x['.repeat(2000), '1:', 'nested too deeply: a document may', 'never closed'],
    ['crossed brackets', '{]'.repeat(1000), '1:22', 'close nothing', 'remove'],
    ['closed brackets', ']'.repeat(100_000), '1:11', 'close nothing', 'remove'],
    [
      'a chain of aliases',
      `a0: &a0 [x]\n${Array.from({ length: 300 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}]\n`).join('')}`,
      '200:',
      'nested too deeply',
      '',
    ],
    ['300,000 values', `a: [${list('1,', 300_000)}]`, '1:4', 'more than 200,000 values', 'split'],
    ['2 MiB', `# ${'x'.repeat(2 ** 21)}`, '', 'larger than 1 MiB', 'split'],
    ['a NUL', 'a: 1\nb: \0\n', '2:4', 'not a text', 'UTF-8'],
    ['a NUL in quotes', withStep('check: "a\\0"'), '9:16', 'a NUL character', 'remove it'],
    ['__proto__', withStep('env: { __proto__: x }'), '9:16', 'cannot be called `__proto__`', 'another name'],
    ['constructor', withInput('constructor'), '4:11', 'cannot be called `constructor`', 'another name'],
    ['toString', withInput('toString'), '4:11', 'cannot be called `toString`', 'another name'],
    ['a variable', withStep(`env: { A: ${long} }`), '9:16', '`A` has 196 KiB', 'into a file on the node'],
    [
      'variables together',
      withStep(`env: { A: &a ${'x'.repeat(120_000)}, ${Array.from({ length: 9 }, (_, n) => `A${n}: *a`).join(', ')} }`),
      '9:',
      'all variables together have',
      'into a file on the node',
    ],
    ['a regexp', withStep(`if: '"${'a'.repeat(40)}b".matches("(a+)+$")'`), '9:14', 'no value yet', 'simpler'],
    [
      'nested all()',
      withStep(`if: '${numbers}.all(a, ${numbers}.all(b, ${numbers}.all(c, a + b + c >= 0)))'`),
      '9:9681',
      'it may have 2000 parts',
      'script',
    ],
    [
      'nested map()',
      withStep(`if: '${list('[1,2,3,4,5,6,7,8].map(x, ', 12)}1${list(')', 12)}.size() > 0'`),
      '9:14',
      'no value yet',
      'shorter',
    ],
    ['parentheses', withStep(`if: '${'('.repeat(1000)}true${')'.repeat(1000)}'`), '9:', 'it may have 50 levels', ''],
    ['a long sum', withStep(`if: '0${'+1'.repeat(5000)} > 0'`), '9:', 'it may have 2000 parts', ''],
    [
      'doubled lists',
      withStep(`env: { A: '\${{ [1]${list('.map(x, [x, x])', 40)} }}' }`),
      '9:24',
      'more than 100,000 values',
      '',
    ],
    ['a NUL that is made', withStep(`env: { A: '\${{ "a\\u0000" }}' }`), '9:24', 'a NUL character', ''],
  ])('%s', async (_, text, place, summary, advice) => {
    const { code, all } = await validate(text);
    expect(code, all).toBe(2);
    expect(all).toContain(place === '' ? 'f.yaml' : `f.yaml:${place}`);
    expect(all).toContain(summary);
    expect(all).toContain(advice);
    expect(all).not.toMatch(/bug in runbook|^ +at /m);
  });

  test('one without an end', async () => {
    const { code, all } = await runbook(['validate', '/dev/zero']);
    expect([code, all]).toEqual([2, expect.stringContaining('larger than 1 MiB')]);
  });
});

test('what is large but within the limits is read', async () => {
  const nodes = Array.from(
    { length: 2000 },
    (_, n) => `  - { <<: *all, name: w-${n}, host: 10.0.${n >> 8}.${n & 255} }\n`,
  );
  const inventory = `apiVersion: runbook/v1\nkind: Inventory\ncluster: c\nnodes:\n  - &all { name: w, host: h, role: worker }\n${nodes.join('')}`;
  const { code, all } = await validate(inventory);
  expect(code, all).toBe(0);
});

const INVENTORY = 'apiVersion: runbook/v1\nkind: Inventory\ncluster: x\nnodes: [{ name: u, host: u.invalid }]\n';

/** Of a step on this machine: nothing is contacted. */
async function plan(step: string, before?: () => void) {
  const dir = folder();
  const path = (name: string) => join(dir, name);
  writeFileSync(path('r.yaml'), withStep(`on: local\n        ${step}`));
  writeFileSync(path('i.yaml'), INVENTORY);
  writeFileSync(path('plan.json'), '');
  chmodSync(path('plan.json'), 0o666);
  before?.();
  const args = ['plan', path('r.yaml'), '-i', path('i.yaml'), '--state-dir', path('state'), '-o', path('plan.json')];
  return { ...(await runbook(args)), mode: statSync(path('plan.json')).mode & 0o777 };
}

test('a plan saved onto a file that others could read is for its owner alone', async () => {
  expect(await plan("check: 'false'")).toMatchObject({ code: 0, mode: 0o600 });
});

test.each([
  [
    'a regexp over a value of the inventory',
    `if: '(cluster.name + "${'a'.repeat(40)}b").matches("(a+)+$")'`,
    'no value yet',
  ],
  [
    'a variable that an expression makes',
    `env: { A: '\${{ cluster.name }}${'x'.repeat(140_000)}' }`,
    '`A` has 137 KiB',
  ],
])('%s ends the plan with its place', async (_, step, summary) => {
  const { code, all } = await plan(step);
  expect(code, all).toBe(2);
  expect(all).toContain(summary);
});
