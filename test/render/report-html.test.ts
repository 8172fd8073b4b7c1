import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { estimatePlan, takesOf } from '../../src/plan/estimate.ts';
import { renderHtml } from '../../src/render/report-html.ts';
import { type RunReport, reportSchema } from '../../src/render/report-data.ts';
import { scaleOf, ticksOf, WIDTH } from '../../src/render/report/scale.ts';
import { attemptKey } from '../../src/run/report/build.ts';
import { planOf, step } from '../engine/bench.ts';
import { FAULT, FAULTS } from './faults-sample.ts';
import { ann, at, attempt, begun, bigReport, finished, outPlan, ref, reportOf, RUN } from '../run/report-bench.ts';

const SCRIPT = 'void 0;';
const ATTACK = `</script><script>alert(1)</script><img src=x onerror=alert(1)> ]]> --> " ' \u0000\u001b[31m`;

function dataIn(page: string): RunReport {
  const packed = /<script type="application\/gzip" id="report">([^<]*)<\/script>/.exec(page)?.[1] ?? '';
  return reportSchema.parse(JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString()));
}

/** Boxes of a class in the row of a node, in units: from where to where. */
function boxesIn(page: string, node: string, name: string): number[][] {
  const row = page.split(`data-node="${node}"`)[1]?.split('</svg>')[0] ?? '';
  const path = new RegExp(`<path class="${name}" d="([^"]*)"`).exec(row)?.[1] ?? '';
  return [...path.matchAll(/M(\d+) \d+h(\d+)v/g)].map(([, x, width]) => [Number(x), Number(x) + Number(width)]);
}

const [drain, work, uncordon] = [ref('1.1-drain'), ref('1.2-work'), ref('1.3-uncordon')];
const failed = reportOf(outPlan(), [
  [0, begun],
  ...attempt(drain, 1, 10, 19),
  [20, finished(drain, 'changed')],
  ...attempt(work, 1, 30, 39, 1),
  [40, finished(work, 'failed', 'exit status 1')],
  [40, { type: 'run-stopped', reason: 'n1 failed' }],
  [50, { type: 'run-resumed', epoch: 2, holder: ann }],
  ...attempt(work, 2, 60, 69),
  [70, finished(work, 'changed')],
  ...attempt(uncordon, 1, 80, 89),
  [90, finished(uncordon, 'changed')],
  [100, { type: 'run-finished' }],
]);

test('bars and the time out of service lie where the journal has them, to scale', () => {
  const page = renderHtml(failed, SCRIPT);
  expect(boxesIn(page, 'n1', 'changed')).toEqual([
    [1000, 2000],
    [6000, 7000],
    [8000, 9000],
  ]);
  expect(boxesIn(page, 'n1', 'failed')).toEqual([[3000, 4000]]);
  expect(boxesIn(page, 'n1', 'out')).toEqual([[1000, 9000]]);
});

test('a night without work between stop and resume is a break, so that the rest can be seen', () => {
  const report = reportOf(outPlan(), [
    [0, begun],
    [100, { type: 'run-stopped', reason: 'evening' }],
    [40_000, { type: 'run-resumed', epoch: 2, holder: ann }],
    [40_100, { type: 'run-finished' }],
  ]);
  const scale = scaleOf(report);
  const x = (seconds: number) => scale?.x(Date.parse(at(seconds))) ?? 0;
  expect(x(100)).toBeGreaterThan(0.4 * WIDTH);
  expect(x(40_000) - x(100)).toBeLessThan(0.05 * WIDTH);
  expect(
    scale && ticksOf(scale, 8).every((tick) => tick <= Date.parse(at(100)) || tick >= Date.parse(at(40_000))),
  ).toBe(true);
  expect(scale?.at(x(40_050))).toBeCloseTo(Date.parse(at(40_050)), -3);
});

test('the only script and style that may run are those of the page, and no address is in it', () => {
  const page = renderHtml(failed, SCRIPT);
  const policy = /content="(default-src[^"]*)"/.exec(page)?.[1] ?? '';
  expect(policy).toContain('default-src &#39;none&#39;');
  const hash = createHash('sha256').update(SCRIPT).digest('base64');
  expect(policy).toContain(`script-src &#39;sha256-${hash}&#39;;`);
  const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? '';
  expect(policy).toContain(createHash('sha256').update(style).digest('base64'));
  expect(policy).not.toContain('unsafe');
  expect(page).not.toMatch(/https?:|\bsrc=|url\(|@import|\sstyle=|\son[a-z]+=/);
});

describe('of hostile names and output', () => {
  const plan = planOf(['n1'], [step('n1', '1.1-a', { title: ATTACK, commands: [`echo '${ATTACK}'`] })]);
  const [phase] = plan.phases;
  const report = reportOf(
    {
      ...plan,
      runbook: { ...plan.runbook, name: ATTACK, file: ATTACK },
      inventory: { ...plan.inventory, cluster: ATTACK },
      inputs: { [ATTACK]: ATTACK },
      overrides: [{ guard: ATTACK, reason: ATTACK }],
      findings: [{ guard: ATTACK, severity: 'warn', summary: ATTACK, remedy: ATTACK, source: ATTACK }],
      phases: phase ? [{ ...phase, name: ATTACK }] : [],
    },
    [
      [0, { type: 'run-started', run: ATTACK, plan: 'd', epoch: 1, holder: { host: ATTACK, pid: 1, user: ATTACK } }],
      ...attempt(ref('1.1-a'), 1, 1, 2, 1),
      [3, finished(ref('1.1-a'), 'failed', ATTACK)],
      [4, { type: 'run-stopped', reason: ATTACK }],
    ],
    { outputs: new Map([[attemptKey('n1', '1.1-a', 1), { text: ATTACK }]]) },
  );
  const page = renderHtml(report, SCRIPT);

  test('nothing becomes an element or an attribute', () => {
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(page).not.toContain('<img');
    expect(page).not.toMatch(/[\u0000\u001b]/);
    expect(page).toContain('&lt;/script&gt;&lt;script&gt;alert(1)');
  });

  test('the data of the page is what it was, and cannot end its element', () => {
    expect(dataIn(page).texts.some((text) => text.includes('<script>alert(1)</script>'))).toBe(true);
  });
});

test('the report of 300 nodes with 30 steps each stays below 1 MB, with all of its steps and bars', () => {
  const report = bigReport(300, 30);
  const page = renderHtml(report, readScript());
  expect(Buffer.byteLength(page)).toBeLessThan(1_000_000);
  expect(dataIn(page).steps).toHaveLength(9000);
  expect(boxesIn(page, 'worker-300', 'changed').length + boxesIn(page, 'worker-300', 'unchanged').length).toBe(30);
});

test('outputs that are too long for a page lose their middle, last those of what failed', () => {
  const plan = planOf(['n1'], [step('n1', '1.1-a'), step('n1', '1.2-b')]);
  let seed = 1;
  const noise = (lines: number): string =>
    Array.from({ length: lines }, () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return createHash('sha512').update(String(seed)).digest('base64');
    }).join('\n');
  const outputs = new Map([
    [attemptKey('n1', '1.1-a', 1), { text: `first\n${noise(60_000)}\nlast` }],
    [attemptKey('n1', '1.2-b', 1), { text: `begin\n${noise(60)}\nend` }],
  ]);
  const records = [
    [0, begun],
    ...attempt(ref('1.1-a'), 1, 1, 2),
    [3, finished(ref('1.1-a'), 'changed')],
    ...attempt(ref('1.2-b'), 1, 4, 5, 1),
    [6, finished(ref('1.2-b'), 'failed', 'exit status 1')],
  ] as const;
  const report = reportOf(plan, records, { outputs });
  const page = renderHtml(report, SCRIPT);
  expect(Buffer.byteLength(page)).toBeLessThan(1_000_000);
  const texts = dataIn(page).texts;
  expect(texts.find((text) => text.startsWith('first'))).toMatch(/characters are left out of this page[\s\S]*last$/);
  expect(texts).toContain(outputs.get(attemptKey('n1', '1.2-b', 1))?.text);
});

test('a run that never began has the page of its plan: each due step when it is expected, from its start', () => {
  const plan = outPlan();
  const report = reportOf(plan, []);
  expect(reportSchema.parse(report)).toMatchObject({ kind: 'plan', state: 'not started', run: RUN });
  const page = renderHtml(report, SCRIPT);
  const takes = takesOf(plan, actions);
  const [drained = 0, worked = 0, back = 0] = plan.phases[0]?.steps.map(takes) ?? [];
  const whole = drained + worked + back;
  expect(estimatePlan(plan, actions)).toBe(whole);
  const x = (time: number) => Math.round((time / whole) * WIDTH);
  expect(boxesIn(page, 'n1', 'change')).toEqual([
    [0, x(drained)],
    [x(drained), x(drained + worked)],
    [x(drained + worked), WIDTH],
  ]);
  expect(boxesIn(page, 'n1', 'out')).toEqual([[0, WIDTH]]);
  expect(page).toContain('+2m00s');
  expect(page).toContain('Plan of a run');
  expect(page).not.toMatch(/What happened|undefined|\[object|NaN/);
});

test('a plan of which nothing is due has a page without a timeline', () => {
  const done = outPlan();
  const [phase] = done.phases;
  const steps = phase?.steps.map((one) => ({
    ...one,
    predicted: { outcome: 'unchanged', reason: 'it is so' } as const,
  }));
  const page = renderHtml(reportOf({ ...done, phases: phase && steps ? [{ ...phase, steps }] : [] }, []), SCRIPT);
  expect(page).toContain('Nothing is to be done');
  expect(page).not.toContain('svg class="row"');
});

test('the bundled script cannot end its own element', () => {
  expect(readScript()).not.toMatch(/<\/script|<!--/i);
});

/** The build makes it. */
function readScript(): string {
  const file = new URL('../../dist/report-page.js', import.meta.url);
  expect(existsSync(file), 'npm run build').toBe(true);
  return readFileSync(file, 'utf8');
}

test('a rehearsal is called one wherever a run would be, and its misfortunes are reached from the top', () => {
  const faults: RunReport['faults'] = {
    ...FAULTS,
    rows: [FAULT, { ...FAULT, name: 'other', ends: 'failed', why: 'x' }],
  };
  const page = renderHtml({ ...failed, kind: 'rehearsal', run: 'rehearsal', faults }, SCRIPT);
  const words = page.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
  expect(page).toMatch(/<title>Rehearsal: [^<(]* on [^<(]*: done<\/title>/);
  expect(page).toMatch(/<h1>Rehearsal: /);
  expect(words).toMatch(/Started \S+ \S+ \S+ \(simulated\)[^]* Ended \S+ \S+ \S+ \(simulated\)/);
  expect(words).toContain('simulated times are of the zone');
  expect(words).not.toContain('Run rehearsal');
  expect(page).toContain('<a href="#faults">Misfortunes</a>');
  expect(words).toContain('The run does not end well after 1 of 2.');
  const without = renderHtml({ ...failed, kind: 'rehearsal' }, SCRIPT);
  expect(without).not.toContain('#faults');
  expect(renderHtml(failed, SCRIPT)).not.toContain('simulated');
});
