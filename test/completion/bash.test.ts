import { expect, test } from 'vitest';
import { bashReply, splitBashLine } from '../../src/completion/bash.ts';

/** As bash sets COMP_WORDBREAKS. */
const BREAKS = ' \t\n"\'><=;|&(:';

test.each([
  ['runbook pl', ['runbook', 'pl'], ''],
  ['runbook plan ', ['runbook', 'plan', ''], ''],
  ['runbook  plan\t-i ', ['runbook', 'plan', '-i', ''], ''],
  ['runbook plan --set version=1.', ['runbook', 'plan', '--set', 'version=1.'], 'version='],
  ['runbook plan --set=version=1.', ['runbook', 'plan', '--set=version=1.'], '--set=version='],
  ['runbook plan a:b', ['runbook', 'plan', 'a:b'], 'a:'],
  [String.raw`runbook plan a\:b`, ['runbook', 'plan', 'a:b'], ''],
  [String.raw`runbook plan my\ dir/i`, ['runbook', 'plan', 'my dir/i'], ''],
  ['runbook plan "my dir/i', ['runbook', 'plan', 'my dir/i'], ''],
  ['runbook plan -i"my dir/i', ['runbook', 'plan', '-imy dir/i'], '-i'],
  [String.raw`runbook plan "a\"b\c`, ['runbook', 'plan', String.raw`a"b\c`], ''],
  [String.raw`runbook plan 'a\b`, ['runbook', 'plan', String.raw`a\b`], ''],
  ['runbook plan ""', ['runbook', 'plan', ''], ''],
  ['', [''], ''],
])('%j has the words %j, of which bash keeps %j', (line, words, kept) => {
  expect(splitBashLine(line, BREAKS)).toMatchObject({ words, kept });
});

test('what readline does not quote is quoted as the open quote wants it', () => {
  const reply = (line: string, value: string) =>
    bashReply({ candidates: [{ value }], paths: false }, splitBashLine(line, BREAKS));
  expect(reply('runbook x ', 'a b$(c)')).toEqual(['', String.raw`a\ b\$\(c\)`]);
  expect(reply('runbook x "', 'a b$(c)"')).toEqual(['', String.raw`a b\$(c)\"`]);
  expect(reply("runbook x '", "it's")).toEqual(['', String.raw`it'\''s`]);
});

test('paths are left to readline, which quotes them and adds the slash of a folder', () => {
  const candidates = [{ value: 'a:my dir/', path: true, open: true }] as const;
  expect(bashReply({ candidates, paths: true }, splitBashLine('runbook x a:m', BREAKS))).toEqual([
    'filenames nospace',
    'my dir',
  ]);
});
