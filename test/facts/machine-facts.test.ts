import { execFile } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { clockBetween } from '../../src/facts/clock.ts';
import type { Probe } from '../../src/facts/fact.ts';
import { readNodeFacts } from '../../src/facts/read.ts';
import { found } from '../remote/shells.ts';

describe('clock', () => {
  it('leaves open what the way there and back took, whatever the other facts took', () => {
    const fact = clockBetween({ first: '110.020000000\n', last: '119.020000000\n', sent: 100, received: 109.05 });
    expect(fact.least).toBeCloseTo(9.969, 6);
    expect(fact.most).toBeCloseTo(10.02, 6);
  });

  it('counts a clock without fractions for any moment of its second', () => {
    for (const [first, last] of [
      ['110\n', '110\n'],
      ['110.%N\n', '110.\n'],
    ] as const)
      expect(clockBetween({ first, last, sent: 110.5, received: 110.6 })).toEqual({ least: -0.601, most: 0.5 });
  });

  it('knows nothing without an answer', () => {
    expect(clockBetween({ first: '', last: '1', sent: 0, received: 1 })).toEqual({});
  });
});

describe.each([
  ['the shell here', 'sh', []],
  ['busybox', 'busybox', ['sh']],
  [
    'a shell that finds no program',
    'sh',
    ['-c', 'PATH=/nonexistent; eval "$(/bin/sed "s/^PATH=.*/PATH=\\/nonexistent; export PATH/")"'],
  ],
] as const)('in %s', (_, program, args) => {
  const probe: Probe = (script) =>
    new Promise((resolve) => {
      const child = execFile(program, [...args], (error, stdout, stderr) => {
        resolve({ code: error ? 1 : 0, stdout, stderr });
      });
      child.stdin?.end(script);
    });

  const isHere = found(program) !== undefined;

  it.skipIf(!isHere)(`every fact of a machine can be read${isHere ? '' : ': not on this machine'}`, async () => {
    const facts = await readNodeFacts(
      probe,
      ['disk', 'packageState', 'repositoryKeys', 'kubeletSetup', 'kernel', 'clock'],
      { kubeconfig: '' },
    );
    expect(facts.packageState?.broken).toBeInstanceOf(Array);
    const place = facts.disk?.places[0];
    if (place) expect(place).toMatchObject({ path: '/', mount: '/' });
    if (facts.clock?.least !== undefined) expect(Math.abs(facts.clock.least)).toBeLessThan(30);
  });
});
