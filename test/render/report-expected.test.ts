import { describe, expect, test } from 'vitest';
import type { Plan } from '../../src/plan/plan.ts';
import { reportSchema, type RunReport } from '../../src/render/report-data.ts';
import { renderHtml } from '../../src/render/report-html.ts';
import { renderMarkdown } from '../../src/render/report-markdown.ts';
import { planOf, step } from '../engine/bench.ts';
import { attempt, begun, finished, ref, reportOf } from '../run/report-bench.ts';

const names = ['1.1-drain', '1.2-work', '1.3-same'];
const unchanged = { predicted: { outcome: 'unchanged', reason: 'it is there' } } as const;
const plan: Plan = {
  ...planOf(
    ['n1', 'n2'],
    ['n1', 'n2'].flatMap((node) => names.map((id) => step(node, id, id === '1.3-same' ? unchanged : {}))),
  ),
  expected: [
    { step: '1.1-drain', role: 'other', takes: 60_000, measured: 3 },
    { step: '1.2-work', role: 'other', takes: 20_000 },
  ],
};
const bodies = [
  [0, begun],
  ...attempt(ref('1.1-drain'), 1, 1, 90),
  [91, finished(ref('1.1-drain'), 'changed')],
  ...attempt(ref('1.2-work'), 1, 91, 95),
  [96, finished(ref('1.2-work'), 'changed')],
  [97, finished(ref('1.3-same'), 'unchanged')],
] as const;
const report = reportOf(plan, bodies);
const without = reportOf({ ...plan, expected: [] }, bodies);

describe('what the plan expected is in the report', () => {
  test('of each due step, of each node and phase, and of the run: batches one after another', () => {
    expect(report.steps.slice(0, 3).map(({ expected }) => expected)).toEqual([60_000, 20_000, undefined]);
    expect(report.nodes.map(({ expected }) => expected)).toEqual([80_000, 80_000]);
    expect(report.phases[0]?.expected).toBe(160_000);
    expect(report.expected).toEqual({ takes: 160_000, kinds: 2, measured: 1 });
    expect(reportSchema.parse(report)).toEqual(report);
  });

  test('but not where the plan expected nothing, as plans of earlier versions', () => {
    const { steps, nodes, phases, expected } = without;
    expect([...steps, ...nodes, ...phases, { expected }].filter((part) => part.expected !== undefined)).toEqual([]);
    expect(renderHtml(without, '')).not.toContain('expected');
    expect(renderMarkdown(without)).not.toContain('xpected');
  });
});

test('the page shows it next to the real time of the run, the phases, the nodes and the steps', () => {
  const page = renderHtml(report, '');
  expect(page).toContain('1m37s at work, 2m40s expected');
  expect(cellsOf(page, 'Took')).toEqual(['1m36s, 2m40s expected']);
  expect(cellsOf(page, 'Time at work')).toEqual(['1m36s, 1m20s expected', '1m20s expected']);
  expect(stepTimes(page, report)).toEqual([
    '11:00:01, 1m30s, 1m00s expected',
    '11:01:31, 5.0s, 20s expected',
    '11:01:36, 1.0s',
    '1m00s expected',
    '20s expected',
  ]);
});

test('Markdown shows it by run, phase, node and kind of step, those furthest from it first', () => {
  const text = renderMarkdown(report);
  expect(text).toContain('| At work | 1m37s, 2m40s expected (1 of 2 kinds of step measured before) |');
  expect(text).toContain('| n1 | other | not known | never | 1m36s, 1m20s expected |  |');
  expect(text).toContain('| 1 | one | 2026-01-01 11:00:01 +01:00 | 1m36s, 2m40s expected |');
  expect(text.slice(text.indexOf('## Estimated'), text.indexOf('## What'))).toBe(`## Estimated and real time

Of the steps that ended, in all, those furthest from their estimate first.

| Step | Nodes | Estimated | Real |
| --- | --- | --- | --- |
| 1.1-drain | 1 | 1m00s | 1m30s |
| 1.2-work | 1 | 20s | 5.0s |

`);
});

test('a step that failed does not count as what it takes, nor one that a person answered', () => {
  const drain = ref('1.1-drain');
  const failed = reportOf(plan, [
    [0, begun],
    ...attempt(drain, 1, 1, 9, 1),
    [10, finished(drain, 'failed')],
    ...attempt(ref('1.2-work'), 1, 11),
    [50, { type: 'step-treated', ...ref('1.2-work'), as: 'done', by: 'ann' }],
  ]);
  expect(renderMarkdown(failed)).not.toContain('## Estimated and real time');
});

function cellsOf(page: string, title: string): string[] {
  return [...page.matchAll(new RegExp(`<td data-l="${title}">(.*?)</td>`, 'g'))].map(([, cell = '']) => textOf(cell));
}

function stepTimes(page: string, { steps }: RunReport): string[] {
  const times = steps.map((_, index) =>
    new RegExp(`id="s${index}"[^>]*>.*?</b>( <span class="t">.*?</span>)?`).exec(page),
  );
  return times.flatMap((found) => (found?.[1] === undefined ? [] : [textOf(found[1]).trim()]));
}

function textOf(html: string): string {
  return html.replaceAll(/<[^>]*>/g, '');
}
