import { isDeepStrictEqual } from 'node:util';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FactsDocument } from '../../src/facts-file/document.ts';
import { parseFacts, type ParsedFacts } from '../../src/facts-file/parse.ts';
import { LabFailure } from '../../src/lab/failure.ts';
import { readDocument } from '../../src/lab/twin/document.ts';
import { generator } from '../../src/rehearse/faults/generator.ts';
import { folder } from '../commands/cli.ts';
import { runbook } from '../commands/in-process.ts';
import { type Mutant, mutants, realText, sealed } from './mutants.ts';

const SETS = ['--set', 'version=1.21.0'];

/** Its form is judged before its digest, which takes longer to be made. */
function parsed(value: object): ParsedFacts {
  const first = parseFacts(JSON.stringify(value));
  return 'problem' in first && first.problem.startsWith('it was edited') ? parseFacts(sealed(value)) : first;
}

function isAsItIs(document: FactsDocument, { value }: Mutant): boolean {
  const plain = (of: object) => ({ ...of, digest: '' });
  return isDeepStrictEqual(plain(document), plain(value));
}

test('each value of a real facts file that is another, or missing, is read as it is or refused by its place', () => {
  const wrong: string[] = [];

  let [read, refused] = [0, 0];
  for (const mutant of mutants(realText('single'))) {
    const { place, change } = mutant;
    const result = parsed(mutant.value);
    if ('document' in result) {
      read++;
      if (change.startsWith('becomes')) wrong.push(`${place} ${change}: read`);
      if (!isAsItIs(result.document, mutant)) wrong.push(`${place} ${change}: read as something else`);
    } else {
      refused++;
      const isShort = /^[^\n]{1,200}$/.test(result.problem);
      if (!isShort || !isOf(place, result.problem)) wrong.push(`${place} ${change}: ${result.problem}`);
    }
  }

  expect(wrong).toEqual([]);
  expect(read).toBeGreaterThan(150);
  expect(refused).toBeGreaterThan(800);
});

test.each(['plan', 'preflight', 'rehearse'])(
  '%s takes or refuses such a file, and calls none a bug',
  async (command) => {
    const dir = folder();
    const file = join(dir, 'facts.json');
    const random = generator(command.length);
    let tried = 0;
    for (const { place, change, value } of mutants(realText('single'))) {
      if (random() > 0.005) continue;
      const text = sealed(value);
      const result = parseFacts(text);
      // What it takes would be rehearsed.
      if (command === 'rehearse' && 'document' in result) continue;
      tried++;
      await writeFile(file, text);
      const { code, all } = await runbook([command, 'upgrade', '--facts', file, ...SETS, '--state-dir', dir]);
      const what = `${place} ${change}: ${all}`;
      expect(all, what).not.toMatch(/this is a bug|^ +at .*:\d+:\d+\)?$/m);
      if ('document' in result) continue;
      expect(code, what).toBe(2);
      expect(all.replaceAll(/\n +/g, '\n'), what).toBe(`✖ error: ${file}: ${result.problem}\n${result.remedy}`);
    }
    expect(tried).toBeGreaterThan(1);
  },
);

test('the lab reads such a file, or refuses it by the place', () => {
  const wrong: string[] = [];
  let refused = 0;
  for (const { place, change, value } of mutants(realText('single'))) {
    try {
      readDocument(value, 'facts.json');
    } catch (error) {
      refused++;
      const said = error instanceof LabFailure && error.exitCode === 2 ? error.detail.join('\n') : String(error);
      if (!/^[\w .*/:-]+: [^\n]+\n(.+\n)*Write one with: /.test(said)) wrong.push(`${place} ${change}: ${said}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(refused).toBeGreaterThan(800);
});

/** Of that place, of one around it, or of nodes that are not the same everywhere. */
function isOf(place: string, problem: string): boolean {
  const named = problem.replace(/^it is .* writes: |[ :].*$/g, '');
  return problem.includes(`${place} `) || place.startsWith(named) || /^(inventory|asked)\.nodes\[\d+\]$/.test(place);
}
