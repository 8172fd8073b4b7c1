import { expect, test } from 'vitest';
import { knownTexts } from '../../src/known/groups.ts';
import { reportSchema } from '../../src/render/report-data.ts';
import { renderHtml } from '../../src/render/report-html.ts';
import { renderMarkdown } from '../../src/render/report-markdown.ts';
import { attemptKey } from '../../src/run/report/build.ts';
import { attempt, begun, finished, outPlan, ref, reportOf } from '../run/report-bench.ts';

const FULL = 'Error from server: etcdserver: mvcc: database space exceeded';
const { meaning = '', remedy = '' } = knownTexts.find(({ id }) => id === 'etcd-no-space') ?? {};
const work = ref('1.2-work');

/** Two attempts of a step, of which the first printed that etcd is full. */
function tried(codes: readonly [number, number], outcome: 'changed' | 'failed') {
  return reportOf(
    outPlan(),
    [
      [0, begun],
      ...attempt(work, 1, 1, 2, codes[0]),
      ...attempt(work, 2, 3, 4, codes[1]),
      [5, finished(work, outcome, `exit status ${codes[1]}`)],
    ],
    {
      outputs: new Map([
        [attemptKey('n1', '1.2-work', 1), { text: `${FULL}\n${'more\n'.repeat(100)}` }],
        [attemptKey('n1', '1.2-work', 2), { text: `tried again\n${FULL}` }],
      ]),
    },
  );
}

/** As a page has it, without tags and escapes. */
function words(page: string): string {
  const entities = new Map([
    ['&#39;', "'"],
    ['&quot;', '"'],
    ['&lt;', '<'],
    ['&gt;', '>'],
    ['&amp;', '&'],
  ]);
  return page
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&(#39|quot|lt|gt|amp);/g, (entity) => entities.get(entity) ?? entity);
}

test('the model has each known text once, and which attempts that ended badly printed it', () => {
  const report = tried([1, 1], 'failed');
  expect(report.known).toEqual([{ id: 'etcd-no-space', meaning, remedy }]);
  expect(report.steps[1]?.spans[0]?.attempts.map(({ known }) => known)).toEqual([['etcd-no-space'], ['etcd-no-space']]);
  expect(reportSchema.parse(report)).toEqual(report);
});

test('what an attempt that ended well printed is not looked at', () => {
  const report = tried([1, 0], 'changed');
  expect(report.steps[1]?.spans[0]?.attempts.map(({ known }) => known)).toEqual([['etcd-no-space'], undefined]);
  expect(tried([0, 0], 'changed').known).toBeUndefined();
});

test('the page shows it beside the output, and where it lists what needs someone', () => {
  const text = words(renderHtml(tried([1, 1], 'failed'), ''));
  const shown = `etcd-no-space: ${meaning} Do: ${remedy}`;
  expect(text.split(shown)).toHaveLength(4);
  expect(text.indexOf(shown)).toBeLessThan(text.indexOf('A click on a bar'));
  expect(text.indexOf(shown, text.indexOf('tried again'))).toBeGreaterThan(0);
  expect(words(renderHtml(tried([0, 0], 'changed'), ''))).not.toContain('etcd-no-space');
});

test('Markdown shows it beneath the output of the failure', () => {
  const text = renderMarkdown(tried([1, 1], 'failed'));
  expect(text).toContain(`[attempt 2: exit status 1]\n\`\`\`\n\nKnown: **etcd-no-space**: ${meaning} Do: `);
  expect(renderMarkdown(tried([0, 0], 'changed'))).not.toContain('Known:');
});
