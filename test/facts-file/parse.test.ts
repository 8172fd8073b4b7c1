import { describe, expect, it } from 'vitest';
import { parseFacts } from '../../src/facts-file/parse.ts';
import { factsText } from '../../src/facts-file/document.ts';
import { exampleDocument } from './document.ts';

const text = factsText(exampleDocument());

function problemOf(changed: string): string {
  const parsed = parseFacts(changed);
  return 'problem' in parsed ? `${parsed.problem}. ${parsed.remedy}` : 'none';
}

describe('the text of a facts file', () => {
  it('is read as it was written', () => {
    expect(parseFacts(text)).toEqual({ document: exampleDocument() });
  });

  it('is refused where something in it was edited', () => {
    expect(problemOf(text.replace('1.31.9', '1.32.9'))).toMatch(
      /^it was edited or damaged after it was written: its digest is [0-9a-f]{64}, .* runbook facts -o FILE$/,
    );
  });

  it('is refused where its end is missing, or all of it', () => {
    expect(problemOf(text.slice(0, -40))).toMatch(/^it is not JSON, or only a part of it \(/);
    expect(problemOf(' \n')).toMatch(/^the file is empty/);
  });

  it('is refused in another version, with the program that reads it', () => {
    expect(problemOf(text.replace('"version": 1', '"version": 7').replace('0.1.0', '3.2.1'))).toBe(
      'it has version 7, and this runbook reads version 1. ' +
        'runbook 3.2.1 wrote it: use that one, or read the facts again with this one (runbook facts -o FILE)',
    );
  });

  it.each([
    ['null', 'it is JSON, but no facts file'],
    ['[]', 'it is JSON, but no facts file'],
    ['{}', 'not what `runbook facts` writes: format is missing'],
    ['{"format":"yaml"}', 'not what `runbook facts` writes: format is not "runbook-facts"'],
    ['{"nodes":{},"cluster":{}}', 'it is the kept facts of a run'],
    ['{"version":2,"phases":[],"runbook":{},"factsDigest":"","nodes":[]}', 'it is a saved plan, not a facts file'],
  ])('says what %s is', (other, words) => {
    expect(problemOf(other)).toContain(words);
  });

  it.each([
    ['"readAt": "2026-11-30T11:00:00.000Z"', '"readAt": 5', 'readAt must be a text, not the number 5'],
    [
      '"role": "worker"',
      '"role": "boss"',
      'inventory.nodes[1].role must be "control-plane" or "worker" or "other", not the text "boss"',
    ],
    ['"binaries"', '"entrails"', 'asked.facts[0] is no fact that this runbook knows'],
    ['"asked"', '"more": 1, "asked"', 'more is not known to this runbook'],
  ])('names the field: %s as %s', (before, after, words) => {
    expect(problemOf(text.replace(before, after))).toContain(words);
  });
});
