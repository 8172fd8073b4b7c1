import { describe, expect, test } from 'vitest';
import { knownGroups, knownTexts } from '../../src/known/groups.ts';
import { recognise } from '../../src/known/recognise.ts';
import { surroundings } from './surroundings.ts';

const examples = knownGroups.flatMap(({ tool, texts }) =>
  texts.flatMap(({ id, examples: lines }) => lines.map((line) => ({ tool, id, line }))),
);

describe('every example of a known text', () => {
  test.each(examples)('names $id and only it: $line', ({ tool, id, line }) => {
    const { before, after } = surroundings(tool);
    expect(recognise([...before, line, ...after]).map((one) => one.id)).toEqual([id]);
  });

  test.each(examples)('names $id also in a journal, in colours and as a quoted field: $line', ({ id, line }) => {
    const named = (text: string): string[] => recognise([text]).map((one) => one.id);
    expect(named(`\u001B[31m${line}\u001B[0m`)).toEqual([id]);
    expect(named(`${line}\r`)).toEqual([id]);
    expect(named(line.replaceAll('"', '\\"'))).toEqual([id]);
  });
});

test('there are at least 120 of them, each with a meaning of one line, a cause, a remedy and a source', () => {
  expect(knownTexts.length).toBeGreaterThanOrEqual(120);
  for (const { id, meaning, cause, remedy, source, examples: lines } of knownTexts) {
    expect(id).toMatch(/^[a-z][a-z0-9-]+$/);
    expect(lines.length, id).toBeGreaterThan(0);
    expect(meaning.length, meaning).toBeLessThanOrEqual(100);
    for (const text of [meaning, cause, remedy, source]) expect(text.trim(), id).toMatch(/\S{2}/);
  }
});

test('no pattern keeps state, or takes long on a long line', () => {
  const words = ['failed to pull ', 'dial tcp ', 'x509: ', '"', 'error: ', "'", '- package a ', '/', ' ', 'a', 'Unit '];
  const began = performance.now();
  for (const word of words) recognise(Array.from({ length: 20 }, () => word.repeat(4096)));
  expect(performance.now() - began).toBeLessThan(4000);
  for (const { patterns } of knownTexts) for (const { flags } of patterns) expect(flags).toMatch(/^i?$/);
});
