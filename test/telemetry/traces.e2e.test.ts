import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readJournal } from '../../src/journal/journal.ts';
import type { JournalRecord } from '../../src/journal/record.ts';
import { folder, type Lab, labUp, runbook, startRunbook } from '../commands/cli.ts';
import { collect, type Collector, type Received } from './collector.ts';
import { eventually } from '../eventually.ts';

const SECRET = 'the-password-of-the-balancer';

async function setting(steps: string, collector: Collector, env: Record<string, string> = {}) {
  const lab = await labUp('--control-planes', '1', '--workers', '2');
  const dir = folder();
  const file = join(dir, 'traced.yaml');
  writeFileSync(
    file,
    `apiVersion: runbook/v1
kind: Runbook
name: traced
inputs: { token: { type: secret, default: 'env:TOKEN' } }
phases:
  - { name: Look, nodes: all, serial: 3, steps: [{ run: echo looked, changes: false }] }
  - name: Work
    nodes: workers
    steps:
${steps}
`,
  );
  const state = join(dir, 'state');
  const args = ['--state-dir', state, '--yes'];
  const all = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, TOKEN: SECRET, ...env };
  return {
    lab,
    apply: ['apply', file, '-i', lab.inventory, ...args],
    resume: ['resume', ...args],
    env: all,
    journal: (): Promise<JournalRecord[]> => {
      const [run = ''] = readdirSync(join(state, 'runs'));
      return readJournal(join(state, 'runs', run, 'journal.jsonl'));
    },
  };
}

const WORK = `      - uses: cordon
      - name: Balancer out
        run: echo "what it printed $(cat "$TOKEN")"; sleep 0.2
        secrets: { TOKEN: '\${{ inputs.token }}' }
      - { name: Flaky, run: exit 3, continueOnError: true, retries: 1, retryDelay: 1s }
      - uses: uncordon`;

/** Each lies within the span that it is in, and there is one that lies in none. */
function expectNested(spans: readonly Received[]): void {
  const byId = new Map(spans.map((span) => [span.id, span]));
  expect(byId.size).toBe(spans.length);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  expect(spans.filter(({ parent }) => parent === undefined)).toHaveLength(1);
  for (const span of spans) {
    expect(span.start <= span.end, span.name).toBe(true);
    if (span.parent === undefined) continue;
    const parent = byId.get(span.parent);
    expect(parent, `the parent of ${span.name}`).toBeDefined();
    if (!parent || (parent.parent === undefined && span.attributes['runbook.run.part'] !== undefined)) continue;
    expect(span.start >= parent.start && span.end <= parent.end, `${span.name} in ${parent.name}`).toBe(true);
  }
}

/** The names from the run down to the span. */
function path(spans: readonly Received[], { name, parent }: Received): string {
  const above = spans.find(({ id }) => id === parent);
  return above ? `${path(spans, above)} > ${name}` : name;
}

function nanoseconds(at: string): bigint {
  return BigInt(Date.parse(at)) * 1_000_000n;
}

type Of<T extends JournalRecord['type']> = Extract<JournalRecord, { type: T }>;

function recordsOf<T extends JournalRecord['type']>(records: readonly JournalRecord[], type: T): Of<T>[] {
  return records.filter((record): record is Of<T> => record.type === type);
}

/** Times of the spans are those of the records, for every attempt and every step of the journal. */
function expectTimesOf(spans: readonly Received[], records: readonly JournalRecord[]): void {
  const task = (span: Received) => span.attributes['cicd.pipeline.task.run.id'];
  const ends = recordsOf(records, 'attempt-ended');
  const tries = recordsOf(records, 'attempt-started').map((one) => ({
    task: `${one.node}/${one.step}`,
    attempt: one.attempt,
    start: nanoseconds(one.at),
    end: nanoseconds(
      ends.find((end) => end.node === one.node && end.step === one.step && end.attempt === one.attempt)?.at ?? '',
    ),
  }));
  const seen = spans.flatMap((span) => {
    const attempt = span.attributes['runbook.attempt.number'];
    return attempt === undefined ? [] : [{ task: task(span), attempt, start: span.start, end: span.end }];
  });
  const order = (a: { task: unknown; attempt: unknown }, b: typeof a) =>
    `${String(a.task)} ${String(a.attempt)}`.localeCompare(`${String(b.task)} ${String(b.attempt)}`);
  expect(seen.toSorted(order)).toEqual(tries.toSorted(order));
  const finished = recordsOf(records, 'step-finished').map((one) => [`${one.node}/${one.step}`, nanoseconds(one.at)]);
  const steps = spans.filter(({ attributes }) => attributes['cicd.pipeline.task.name'] !== undefined);
  const known = steps.map((span) => [task(span), span.end]);
  const byTask = (a: unknown[], b: unknown[]) => String(a[0]).localeCompare(String(b[0]));
  expect(known.toSorted(byTask)).toEqual(finished.toSorted(byTask));
}

async function until(lab: Lab, args: readonly string[], env: Record<string, string>, node: string, line: string) {
  const running = startRunbook(args, env);
  await eventually(async () => {
    expect((await lab.node(node)).commands.map((command) => command.line)).toContain(line);
  }, 200);
  return { running };
}

test('a run arrives as one trace: run, phases, nodes, steps, attempts, with the times of the journal', async () => {
  const collector = await collect();
  const { apply, env, journal } = await setting(WORK, collector, {
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=ops',
    OTEL_SERVICE_NAME: 'upgrades',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=lab',
  });
  const { code, all } = await runbook(apply, { env });
  expect(code, all).toBe(0);
  const { spans, requests } = collector;
  const records = await journal();
  expectNested(spans);
  expectTimesOf(spans, records);
  expect(new Set(requests.map(({ path: to, headers }) => `${to} ${headers['x-tenant']?.toString()}`))).toEqual(
    new Set(['/v1/traces ops']),
  );

  const root = spans.find(({ parent }) => parent === undefined);
  const [started, ended] = [recordsOf(records, 'run-started')[0], recordsOf(records, 'run-finished')[0]];
  expect(root).toMatchObject({
    name: 'RUN traced',
    start: nanoseconds(started?.at ?? ''),
    end: nanoseconds(ended?.at ?? ''),
    attributes: {
      'cicd.pipeline.name': 'traced',
      'cicd.pipeline.run.id': started?.run,
      'cicd.pipeline.result': 'success',
      'k8s.cluster.name': 'lab',
      'runbook.outcome': 'done',
    },
    resource: { 'service.name': 'upgrades', 'deployment.environment.name': 'lab', 'telemetry.sdk.language': 'nodejs' },
    status: { code: 0 },
  });
  const paths = spans.map((span) => path(spans, span));
  expect(paths).toContain('RUN traced > phase Look > node cp-1 > echo looked > attempt 1');
  expect(paths).toContain('RUN traced > phase Work > node worker-2 > Balancer out > attempt 1');
  const flaky = spans.filter((span) => path(spans, span).startsWith('RUN traced > phase Work > node worker-1 > Flaky'));
  expect(flaky.map(({ name, status }) => `${name}: ${status.code}, ${status.message}`).toSorted()).toEqual([
    'Flaky: 2, the step failed',
    'attempt 1: 2, exit status 3',
    'attempt 2: 2, exit status 3',
  ]);
  expect(flaky.find(({ name }) => name === 'attempt 1')?.attributes).toMatchObject({
    'process.exit.code': 3,
    'error.type': '3',
    'runbook.attempt.host': 'worker-1',
  });
  // Its failure was let pass: its node and its phase have none.
  expect(spans.filter(({ status }) => status.code === 2).map(({ name }) => name.replace(/ \d$/, ''))).toEqual(
    expect.not.arrayContaining(['node worker-1', 'phase Work', 'RUN traced']),
  );
  expect(collector.text()).not.toContain(SECRET);
  expect(collector.text()).not.toContain('what it printed');
});

test('a run that was killed and resumed is one trace, in which its step lasts from the first process to the second', async () => {
  const collector = await collect();
  const steps = `      - uses: cordon
      - { name: Long, run: systemctl restart kubelet, if: node.name == 'worker-1' }
      - uses: uncordon`;
  const { lab, apply, resume, env, journal } = await setting(steps, collector);
  await lab.fault('worker-1', 'systemctl restart kubelet', 'slow:8s');
  const { running } = await until(lab, apply, env, 'worker-1', 'systemctl restart kubelet');
  running.kill('SIGKILL');
  await running;
  const killedAt = BigInt(Date.now()) * 1_000_000n;
  const { code, all } = await runbook(resume, { env });
  expect(code, all).toBe(0);
  const records = await journal();
  // What left the first process too is the same in both.
  const spans = [...new Map(collector.spans.map((span) => [span.id, span])).values()];
  for (const span of collector.spans) expect(spans).toContainEqual(span);
  expectNested(spans);
  expectTimesOf(spans, records);
  const root = spans.find(({ parent }) => parent === undefined);
  expect(root?.moments).toEqual(['runbook.resumed']);
  const long = spans.filter((span) => path(spans, span).includes('node worker-1 > Long'));
  expect(long.map(({ name }) => name).toSorted()).toEqual(['Long', 'attempt 1']);
  for (const { start, end } of long) expect(start < killedAt && killedAt < end).toBe(true);
});

test('a run that failed and was resumed is one trace with two parts', async () => {
  const collector = await collect();
  const steps = `      - uses: cordon
      - { name: Broken, run: systemctl restart kubelet, effect: repeatable }
      - uses: uncordon`;
  const { lab, apply, resume, env, journal } = await setting(steps, collector);
  await lab.fault('worker-1', 'systemctl restart kubelet', 'exit:1');
  expect((await runbook(apply, { env })).code).toBe(1);
  const first = [...collector.spans];
  expectNested(first);
  expect(first.filter(({ status }) => status.code === 2).map((span) => path(first, span))).toEqual(
    expect.arrayContaining(['RUN traced', 'RUN traced > phase Work > node worker-1 > Broken > attempt 1']),
  );
  const { code, all } = await runbook(resume, { env });
  expect(code, all).toBe(0);
  expectNested(collector.spans);
  expectTimesOf(collector.spans, await journal());
  const parts = collector.spans.filter(({ name }) => name === 'RUN traced');
  expect(parts.map(({ attributes }) => attributes['runbook.outcome'])).toEqual(['failed', 'done']);
  expect(parts[1]).toMatchObject({ parent: parts[0]?.id, links: [parts[0]?.id] });
});

test.each(['never', 500] as const)(
  'a collector that answers %s costs the run nothing but one warning',
  async (answer) => {
    const collector = await collect(answer);
    const { apply, env } = await setting(WORK, collector, { OTEL_BSP_SCHEDULE_DELAY: '100' });
    const began = Date.now();
    const run = startRunbook(apply, env);
    let doneAt = 0;
    run.all?.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('done')) doneAt = Date.now();
    });
    const { exitCode, all } = await run;
    expect(exitCode, all).toBe(0);
    expect(collector.requests.length).toBeGreaterThan(0);
    expect(all?.match(/spans of this run could not be sent/g)).toHaveLength(1);
    expect(doneAt).toBeGreaterThan(began);
    expect(Date.now() - doneAt).toBeLessThan(10_000);
  },
);

test('without an address, or where it is switched off, nothing is sent', async () => {
  const collector = await collect();
  const { apply, env } = await setting(WORK, collector, { OTEL_SDK_DISABLED: 'true' });
  expect((await runbook(apply, { env })).code).toBe(0);
  expect(collector.requests).toEqual([]);
});
