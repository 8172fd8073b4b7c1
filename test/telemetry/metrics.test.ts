import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RunEvent } from '../../src/event.ts';
import { OutageFold } from '../../src/journal/outages.ts';
import type { JournalBody, JournalRecord } from '../../src/journal/record.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { MetricsFile } from '../../src/telemetry/metrics-file.ts';
import { promText } from '../../src/telemetry/prometheus.ts';
import { RunMetrics } from '../../src/telemetry/run-metrics.ts';
import { folder } from '../commands/cli.ts';
import { planOf, step } from '../engine/bench.ts';
import { attempt, begun, finished, outPlan, ref, reportOf } from '../run/report-bench.ts';
import { samplesIn } from './prom.ts';

const PLAN = planOf(['n1', 'n2'], [step('n1', '1.1-a'), step('n1', '1.2-b'), step('n2', '1.1-a')]);
const START = Date.parse('2026-01-05T10:00:00.000Z');
const holder = { host: 'h', pid: 1, user: 'u' };
const started = { type: 'run-started', run: 'r', plan: '', epoch: 1, holder } as const;

function record(second: number, body: JournalBody): JournalRecord {
  return { v: 3, seq: 1, at: new Date(START + second * 1000).toISOString(), ...body };
}

function ended(node: string, id: string, outcome: 'changed' | 'failed', seconds: number): JournalBody {
  return { type: 'step-finished', step: id, node, outcome, reason: '', duration: seconds * 1000 };
}

test('names of phases and clusters are escaped and cut, and each family has its help and type once', () => {
  const family = { name: 'a_b', help: 'What \\ it is', samples: [{ labels: { phase: 'x'.repeat(300) }, value: 1.5 }] };
  const text = promText([family, { name: 'none', help: 'x', samples: [] }], { cluster: 'say "hi"\\\nto all' });
  expect(text).toBe(
    `# HELP a_b What \\\\ it is\n# TYPE a_b gauge\na_b{cluster="say \\"hi\\"\\\\\\nto all",phase="${'x'.repeat(127)}…"} 1.5\n`,
  );
  expect(samplesIn(text).size).toBe(1);
});

test('steps are counted by outcome, with what has none, and times are added up', () => {
  const metrics = new RunMetrics(PLAN, undefined);
  for (const one of [
    record(0, started),
    record(5, ended('n1', '1.1-a', 'changed', 4)),
    record(9, ended('n1', '1.2-b', 'failed', 2.5)),
  ])
    metrics.add(one);
  const samples = samplesIn(metrics.text(START + 10_000));
  const of = (name: string, labels = '') =>
    samples.get(`${name}{cluster="${PLAN.inventory.cluster}",runbook="${PLAN.runbook.name}"${labels}}`);
  expect(of('runbook_node_steps', ',node="n1",outcome="changed"')).toBe(1);
  expect(of('runbook_node_steps', ',node="n1",outcome="failed"')).toBe(1);
  expect(of('runbook_node_steps', ',node="n2",outcome="pending"')).toBe(1);
  expect(of('runbook_node_step_seconds', ',node="n1"')).toBe(6.5);
  expect(of('runbook_run_start_timestamp_seconds')).toBe(START / 1000);
  expect(of('runbook_run_step_failures')).toBe(1);
  expect(of('runbook_run_running')).toBe(1);
  expect(of('runbook_run_end_timestamp_seconds')).toBeUndefined();
  expect(of('runbook_last_success_timestamp_seconds')).toBeUndefined();
});

test('a thousand nodes have a bounded number of series, and none is lost', () => {
  const names = Array.from({ length: 1000 }, (_, index) => `n${index}`);
  const metrics = new RunMetrics(
    planOf(
      names,
      names.map((name) => step(name, '1.1-a')),
    ),
    undefined,
  );
  metrics.add(record(0, started));
  metrics.add(record(1, ended('n999', '1.1-a', 'changed', 1)));
  const samples = [...samplesIn(metrics.text(START))];
  expect(samples.length).toBeLessThan(501 * 9 + 40);
  const steps = samples.filter(([name]) => name.startsWith('runbook_node_steps{'));
  expect(steps.reduce((sum, [, value]) => sum + value, 0)).toBe(1000);
  expect(steps.find(([name]) => name.includes('node="other nodes",outcome="changed"'))?.[1]).toBe(1);
});

test('docs/observability.md names every metric, and no other', () => {
  const metrics = new RunMetrics(PLAN, START);
  metrics.add(record(0, started));
  metrics.end('done', START);
  const known = [...samplesIn(metrics.text(START)).keys()].map((name) => name.replace(/\{.*/, ''));
  const docs = readFileSync(new URL('../../docs/observability.md', import.meta.url), 'utf8');
  const documented = [...docs.matchAll(/^\| `(runbook_[a-z_]+)`/gm)].map(([, name = '']) => name);
  expect(documented.toSorted()).toEqual([...new Set(known)].toSorted());
});

const [drain, work, uncordon] = [ref('1.1-drain'), ref('1.2-work'), ref('1.3-uncordon')];

describe('time out of service is that of the report', () => {
  test.each([
    [
      'of a node that is back',
      [
        ...attempt(drain, 1, 1, 5),
        [6, finished(drain, 'changed')],
        ...attempt(uncordon, 1, 303, 304),
        [305, finished(uncordon, 'changed')],
      ],
      304,
    ],
    [
      'of one that is not',
      [...attempt(drain, 1, 1, 5), [6, finished(drain, 'changed')], [400, finished(work, 'failed')]],
      399,
    ],
    ['of a drain that failed and undid itself', [...attempt(drain, 1, 1, 5, 1), [6, finished(drain, 'failed')]], 4],
    [
      'of one whose drain was tried again',
      [
        ...attempt(drain, 1, 1, 5, 1),
        ...attempt(drain, 2, 10, 12),
        [13, finished(drain, 'changed')],
        [20, finished(uncordon, 'unchanged')],
      ],
      14,
    ],
    [
      'of one that a person reported to be back',
      [
        ...attempt(drain, 1, 1, 5),
        [6, finished(drain, 'changed')],
        [31, { type: 'step-treated', ...uncordon, as: 'done', by: 'ann' }],
      ],
      30,
    ],
  ] as const)('%s', (_, changes, seconds) => {
    const bodies = [[0, begun] as const, ...changes];
    const report = reportOf(outPlan(), bodies);
    const end = 400;
    const service = new OutageFold(outPlan());
    for (const [second, body] of bodies) service.add(record(second, body));
    const outages = report.nodes.flatMap((node) => node.outages);
    const reported = outages.reduce(
      (sum, { from, to }) =>
        sum + (to === undefined ? end * 1000 + Date.parse(report.startedAt ?? '') : Date.parse(to)) - Date.parse(from),
      0,
    );
    expect(reported / 1000).toBe(seconds);
    expect(service.out('n1', START + end * 1000) / 1000).toBe(seconds);
    expect(service.isOut('n1')).toBe(outages.some(({ to }) => to === undefined));
  });
});

describe('the file', () => {
  const warnings: string[] = [];
  const warn = (text: string) => void warnings.push(text);
  let file = '';

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'], now: START });
    warnings.length = 0;
    file = join(folder(), 'runbook.prom');
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const value = (name: string): number | undefined =>
    [...samplesIn(readFileSync(file, 'utf8'))].find(([key]) => key.startsWith(name))?.[1];
  const finish = (outcome: 'done' | 'failed'): RunEvent => ({
    type: 'run-finished',
    at: new Date(Date.now()).toISOString(),
    run: 'r',
    outcome,
    counts: { changed: 0, unchanged: 0, skipped: 0, failed: 0, unknown: 0 },
    duration: 0,
    next: [],
  });
  /** When it was written, in seconds. No `vi.waitFor` here: it moves the fake time on at each look. */
  const written = async (metrics: MetricsFile): Promise<number> => {
    await metrics.idle();
    expect(readdirSync(join(file, '..'))).toEqual(['runbook.prom']);
    return (value('runbook_run_updated_timestamp_seconds') ?? 0) - START / 1000;
  };

  async function whole(outcome: 'done' | 'failed', plan: Plan = PLAN): Promise<void> {
    const metrics = new MetricsFile(file, warn, Date.now);
    metrics.begin(plan, []);
    metrics.record(record(0, started));
    metrics.record(record(1, outcome === 'done' ? { type: 'run-finished' } : { type: 'run-stopped', reason: '' }));
    metrics.event(finish(outcome));
    await metrics.close();
  }

  test('is written at the start, every five seconds with news, every fifteen without, and at the end', async () => {
    const metrics = new MetricsFile(file, warn, Date.now);
    metrics.begin(PLAN, []);
    metrics.record(record(0, started));
    expect(await written(metrics)).toBe(0);
    metrics.record(record(1, ended('n1', '1.1-a', 'changed', 1)));
    vi.advanceTimersByTime(4000);
    expect(await written(metrics)).toBe(0);
    vi.advanceTimersByTime(1000);
    expect(await written(metrics)).toBe(5);
    vi.advanceTimersByTime(14_000);
    expect(await written(metrics)).toBe(5);
    vi.advanceTimersByTime(1000);
    expect(await written(metrics)).toBe(20);
    metrics.record(record(21, { type: 'run-stopped', reason: '' }));
    metrics.event(finish('failed'));
    await metrics.close();
    expect(value('runbook_run_running')).toBe(0);
    expect([...samplesIn(readFileSync(file, 'utf8'))].find(([key]) => key.includes('state="failed"'))?.[1]).toBe(1);
    expect(statSync(file).mode & 0o777).toBe(0o644);
    expect(warnings).toEqual([]);
  });

  test('keeps the time of the last success over runs that fail', async () => {
    await whole('done');
    const success = value('runbook_last_success_timestamp_seconds');
    expect(success).toBe(START / 1000);
    vi.advanceTimersByTime(60_000);
    await whole('failed');
    expect(value('runbook_last_success_timestamp_seconds')).toBe(success);
    await whole('failed', { ...PLAN, inventory: { ...PLAN.inventory, cluster: 'another' } });
    expect(value('runbook_last_success_timestamp_seconds')).toBeUndefined();
  });

  test('that cannot be written is reported once, and nothing throws', async () => {
    const metrics = new MetricsFile(file, warn, Date.now);
    rmSync(join(file, '..'), { recursive: true });
    metrics.begin(PLAN, []);
    metrics.record(record(0, started));
    vi.advanceTimersByTime(60_000);
    await metrics.close();
    expect(warnings).toEqual([expect.stringMatching(/^the metrics cannot be written to .*ENOENT/)]);
  });

  test('that is there already stays whole until the new one is', async () => {
    writeFileSync(file, 'runbook_of_before 1\n');
    mkdirSync(join(file, '..', `.runbook.prom.${process.pid}`));
    await whole('done');
    expect(readFileSync(file, 'utf8')).toBe('runbook_of_before 1\n');
    expect(warnings).toHaveLength(1);
  });
});
