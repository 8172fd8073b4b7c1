import { execFileSync } from 'node:child_process';
import { constantFrom, sample, string, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { sedPattern, sedReplacement } from '../../../src/packages/lib/files.ts';
import { quote } from '../../../src/transport/quote.ts';

const text = string({ maxLength: 40, unit: 'binary-ascii' }).filter((value) => !/[\0\n\r]/.test(value));

test('a quoted word reaches a program as it was, whatever it holds', () => {
  const words = sample(text, 200).concat(["it's", '$(id)', '`id`', '', '-n', 'a b', '"', '*', '~', '\\']);
  const output = execFileSync('/bin/sh', { input: `printf '%s\\n' ${words.map(quote).join(' ')}\n`, encoding: 'utf8' });
  expect(output.split('\n').slice(0, -1)).toEqual(words);
});

test('plain words stay readable', () => {
  expect(quote('kubeadm=1.32.9-1.1')).toBe('kubeadm=1.32.9-1.1');
  expect(quote('--timeout=600s')).toBe('--timeout=600s');
});

test('a sed substitution replaces just the text that is meant', () => {
  const awkward = string({ unit: constantFrom(...'ab.*[]^$\\|&/-'.split('')), minLength: 1, maxLength: 8 });
  for (const [from, to] of sample(tuple(awkward, awkward), 60)) {
    const program = `s|${sedPattern(from)}|${sedReplacement(to)}|`;
    const output = execFileSync('/bin/sh', {
      input: `printf '%s\\n' ${quote(`<${from}>`)} | sed ${quote(program)}`,
      encoding: 'utf8',
    });
    expect(output).toBe(`<${to}>\n`);
  }
});
