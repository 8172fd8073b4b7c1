import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { anonymised } from '../../src/facts-file/anonymised.ts';
import { parseFacts } from '../../src/facts-file/parse.ts';
import { factsText } from '../../src/facts-file/document.ts';
import { reportSchema } from '../../src/render/report-data.ts';
import { folder } from '../commands/cli.ts';
import { runbook } from '../commands/in-process.ts';
import { realText } from './mutants.ts';
import { CHOSEN, nasty } from './nasty.ts';

test.each(Array.from({ length: 12 }, (_, seed) => seed))('of nasty names nothing is left (seed %i)', (seed) => {
  const document = nasty(realText('single'), seed);
  expect(factsText(document).match(CHOSEN)?.length).toBeGreaterThan(20);
  const text = factsText(anonymised(document));
  expect('document' in parseFacts(text)).toBe(true);
  const left = text.split('\n').filter((line) => new RegExp(CHOSEN.source, 'i').test(line));
  expect(left).toEqual([]);
});

test('the rehearsal of an anonymised file has the same steps with the same outcomes', async () => {
  const dir = folder();
  const document = nasty(realText('single'), 3);
  const outcomes = async (name: string, text: string) => {
    const [file, page] = [join(dir, `${name}.json`), join(dir, `${name}-report.json`)];
    await writeFile(file, text);
    const sets = ['version=1.21.0', 'force=true', 'deleteEmptydirData=true'].flatMap((set) => ['--set', set]);
    const { code, all } = await runbook([
      'rehearse',
      'upgrade',
      '--facts',
      file,
      ...sets,
      '-o',
      page,
      '--state-dir',
      dir,
    ]);
    expect(code, all).toBe(0);
    const { nodes, steps } = reportSchema.parse(JSON.parse(await readFile(page, 'utf8')));
    return steps.map(({ node, step, outcome }) => [nodes.findIndex(({ name: one }) => one === node), step, outcome]);
  };
  const before = await outcomes('real', factsText(document));
  expect(before.length).toBeGreaterThan(20);
  expect(await outcomes('hidden', factsText(anonymised(document)))).toEqual(before);
});
