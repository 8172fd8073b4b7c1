import { describe, expect, test } from 'vitest';
import { resolveInputs } from '../../src/documents/inputs.ts';
import type { InputSpec } from '../../src/documents/model.ts';
import { nearest } from '../../src/documents/nearest.ts';
import { parseDuration } from '../../src/duration.ts';

const inputs: Record<string, InputSpec> = {
  version: { type: 'version', default: '1.32.9', description: 'The release to upgrade to' },
  force: { type: 'boolean', default: false },
  n: { type: 'number', default: 1 },
  wait: { type: 'duration', default: '10m' },
  mode: { type: 'string', default: 'a', enum: ['a', 'b'] },
  ports: { type: 'list', default: [80], enum: [80, 443, '8080'] },
};
const resolve = (sets: string[], hops = false) =>
  resolveInputs({ inputs, ...(hops ? { hops: { to: 'x' } } : {}) }, sets);

describe('inputs', () => {
  test('without --set are the defaults', () => {
    expect(resolve([])).toEqual({
      values: { version: '1.32.9', force: false, n: 1, wait: '10m', mode: 'a', ports: [80] },
      diagnostics: [],
    });
  });

  test.each<[string, string, unknown]>([
    ['version=1.33.0', 'version', '1.33.0'],
    ['version=v1.33.0', 'version', '1.33.0'],
    ['version=1.33.0-rc.1', 'version', '1.33.0-rc.1'],
    ['force=true', 'force', true],
    ['n=-2.5', 'n', -2.5],
    ['wait=1h30m', 'wait', '1h30m'],
    ['mode=b', 'mode', 'b'],
    ['ports=80, 443,8080', 'ports', [80, 443, '8080']],
    ['ports=[443]', 'ports', [443]],
  ])('--set %s is taken', (set, name, value) => {
    const { values, diagnostics } = resolve([set]);
    expect(diagnostics).toEqual([]);
    expect(values[name]).toEqual(value);
  });

  test('the last --set of a key counts, and a value may hold =', () => {
    const free = { inputs: { s: { type: 'string' as const } } };
    expect(resolveInputs(free, ['s=a', 's=b=c']).values).toEqual({ s: 'b=c' });
    expect(resolveInputs(free, ['s=']).values).toEqual({ s: '' });
  });

  test.each([
    ['version=1.33', '--set version: it must be a whole version such as 1.32.9'],
    ['version=latest', '--set version: it must be a whole version such as 1.32.9'],
    ['version=vv1.2.3', '--set version: it must be a whole version such as 1.32.9'],
    ['force=yes', '--set force: it must be true or false'],
    ['n=', '--set n: it must be a number'],
    ['n=0x10', '--set n: it must be a number'],
    ['wait=10', '--set wait: it must be a duration such as 90s, 10m or 1h30m'],
    ['mode=c', '--set mode: it must be one of a, b'],
    ['ports=80,81', '--set ports: it must be a list of some of 80, 443, 8080'],
    ['verison=1.2.3', '--set verison: the runbook has no such input'],
    ['toString=1', '--set toString: the runbook has no such input'],
    ['via=1.2.3', '--set via: the runbook has no such input'],
    ['version', '--set version is not of the form key=value'],
    ['=x', '--set =x is not of the form key=value'],
  ])('--set %s is refused', (set, message) => {
    expect(resolve([set]).diagnostics.map((one) => one.summary)).toEqual([message]);
  });

  test('a required one that is missing says how to give it', () => {
    const { diagnostics } = resolveInputs({ inputs: { to: { type: 'version', description: 'The target' } } }, []);
    expect(diagnostics).toMatchObject([
      {
        code: 'missing-input',
        summary: 'input `to` has no value',
        detail: 'give it by --set to=<version> (The target)',
      },
    ]);
  });

  test('of a secret its source is given, with the path of its file absolute, and the secret itself is not printed', () => {
    const runbook = { inputs: { a: { type: 'secret', default: 'file:a' }, b: { type: 'secret' } } } as const;
    expect(resolveInputs(runbook, ['b=file:b'], '/srv/books')).toEqual({
      values: { a: 'file:/srv/books/a', b: `file:${process.cwd()}/b` },
      diagnostics: [],
    });
    for (const source of ['prompt', 'env:TOKEN', 'command:pass show a=b', 'file:~/x'])
      expect(resolveInputs(runbook, [`b=${source}`]).diagnostics).toEqual([]);
    const { values, diagnostics } = resolveInputs(runbook, ['b=hunter2']);
    expect(values).not.toHaveProperty('b');
    expect(diagnostics).toMatchObject([{ code: 'set', summary: expect.stringContaining('never the secret itself') }]);
    expect(JSON.stringify(diagnostics)).not.toContain('hunter2');
    expect(resolveInputs(runbook, []).diagnostics).toMatchObject([
      { code: 'missing-input', detail: 'give it by --set b=prompt|env:NAME|file:PATH|command:CMD' },
    ]);
  });

  test('via names the patches in between where the runbook has hops', () => {
    expect(resolve(['via=v1.32.9, 1.33.12'], true).via).toEqual(['1.32.9', '1.33.12']);
    expect(resolve(['via=1.32'], true).diagnostics).toHaveLength(1);
  });
});

test.each<[string, number | undefined]>([
  ['500ms', 500],
  ['90s', 90_000],
  ['10m', 600_000],
  ['1h30m', 5_400_000],
  ['1h2m3s4ms', 3_723_004],
  ['0s', 0],
  ['10', undefined],
  ['', undefined],
  ['1m1h', undefined],
  ['-1s', undefined],
  ['1.5h', undefined],
  ['10 m', undefined],
  ['597h', undefined],
])('the duration %j is %s milliseconds', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

test.each([
  ['seriel', ['serial', 'steps'], 'serial'],
  ['drian', ['drain', 'cordon'], 'drain'],
  ['timout', ['timeout', 'retries'], 'timeout'],
  ['Name', ['name'], 'name'],
  ['x', ['y', 'on'], undefined],
  ['zebra', ['name', 'uses'], undefined],
])('for %s out of %j, %s is suggested', (word, candidates, best) => {
  expect(nearest(word, candidates)).toBe(best);
});
