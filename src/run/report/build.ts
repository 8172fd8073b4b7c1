import type { Facts } from '../../facts/facts.ts';
import { OutageFold } from '../../journal/outages.ts';
import { foldJournal, type Progress } from '../../journal/progress.ts';
import type { JournalRecord } from '../../journal/record.ts';
import type { RunSummary } from '../../journal/store.ts';
import { stepsOfPhase } from '../../plan/all-steps.ts';
import { stepKey } from '../../plan/key.ts';
import { whySkipped, type Plan } from '../../plan/plan.ts';
import {
  REPORT_VERSION,
  type ReportPhase,
  type ReportSpan,
  type ReportStep,
  STANDINGS,
} from '../../render/report-data.ts';
import type { RunReport } from '../../render/report-data.ts';
import { count, sanitize } from '../../render/text.ts';
import { aboutOf, type Life, outcomesOf, stateOf } from '../summary.ts';
import { type ExpectedTimes, expectedTimes } from './expected.ts';
import { marksOf } from './marks.ts';
import { plannedOf } from './planned.ts';
import type { OutputText } from './outputs.ts';
import { spansOf } from './spans.ts';
import { stepsFor } from './step.ts';
import { Texts } from './texts.ts';
import { versionsOf } from './versions.ts';

/** All that a report is made from. */
export interface ReportSources {
  readonly run: Pick<RunSummary, 'folder' | 'plan'>;
  readonly records: readonly JournalRecord[];
  readonly life: Life;
  /** The facts when the run was planned, and as it read them last; undefined: not kept. */
  readonly before?: Facts;
  readonly after?: Facts;
  /** By {@link attemptKey}. */
  readonly outputs: ReadonlyMap<string, OutputText>;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly zone: string;
}

export function attemptKey(node: string, step: string, attempt: number): string {
  return `${stepKey(node, step)}.${attempt}`;
}

/** Pure: the report of a run, also of one that goes on or failed; of one that never began as of its plan. */
export function buildReport(sources: ReportSources): RunReport {
  const { records, life } = sources;
  const { folder, plan } = sources.run;
  if (records.length === 0) {
    const run = { folder, plan, progress: foldJournal([]) };
    return planReport(sources, { run: folder.id, state: stateOf(run, life), about: aboutOf(run, life) });
  }
  const progress = foldJournal(records);
  const run = { folder, plan, progress };
  const spans = spansOf(records);
  const texts = new Texts();
  const expected = expectedTimes(plan);
  const steps = stepsIn(sources, progress, { spans, texts, expected });
  const nodes = nodesOf(sources, progress, expected);
  const report: Omit<RunReport, 'texts'> = {
    ...headOf(sources),
    run: folder.id,
    state: stateOf(run, life),
    about: aboutOf(run, life),
    ...(progress.startedAt !== undefined && { startedAt: progress.startedAt }),
    ...(progress.lastAt !== undefined && { lastAt: progress.lastAt }),
    worked: progress.worked,
    ...(expected.run && { expected: expected.run }),
    counts: countsOf(steps),
    nodes,
    phases: plan.phases.map((phase) => phaseOf(phase, spans, expected)),
    steps,
    marks: marksOf(plan, records),
    overrides: overridesOf(plan, records),
    ...(texts.known.length > 0 && { known: texts.known }),
    gaps: gapsOf(nodes, steps),
  };
  return { ...cleaned(report), texts: texts.all };
}

/**
 * Pure: a plan as the report of a run that has not begun, with the times that it expects.
 * @param request for a change request; undefined: the run is in the state folder
 */
export function planReport(
  sources: Pick<ReportSources, 'before' | 'now' | 'zone'> & { readonly run: Pick<RunSummary, 'plan'> },
  head: Pick<RunReport, 'run' | 'state' | 'about'> & Partial<Pick<RunReport, 'request'>>,
): RunReport {
  const { plan } = sources.run;
  const expected = expectedTimes(plan);
  const { spans, records, steps, texts, marks, startedAt, lastAt } = plannedOf(plan, expected);
  const report: Omit<RunReport, 'texts'> = {
    ...headOf(sources),
    kind: 'plan',
    ...head,
    startedAt,
    lastAt,
    worked: 0,
    ...(expected.run && { expected: expected.run }),
    counts: countsOf(steps),
    nodes: nodesOf({ ...sources, records }, foldJournal([]), expected),
    phases: plan.phases.map((phase) => phaseOf(phase, spans, expected)),
    steps,
    marks,
    overrides: overridesOf(plan, []),
    gaps: [],
  };
  return { ...cleaned(report), texts };
}

/** What the plan says of itself. */
function headOf({
  run: { plan },
  now,
  zone,
}: Pick<ReportSources, 'now' | 'zone'> & { readonly run: Pick<RunSummary, 'plan'> }) {
  const { runbook, inventory, digest, createdAt, inputs, limit, way, findings } = plan;
  return {
    version: REPORT_VERSION,
    madeAt: new Date(now).toISOString(),
    zone,
    runbook: { name: runbook.name, file: runbook.file, digest: runbook.digest },
    cluster: inventory.cluster,
    plan: { digest, createdAt },
    inputs,
    ...(limit !== undefined && { limit }),
    ...(way && { way }),
    findings,
  } as const;
}

/** Half of a character: UTF-8 has no bytes for it. */
const LONE = /\p{Surrogate}/gu;

/** Names, reasons and what a node printed come from outside: no control characters are left in any of them. */
function cleaned<T>(data: T): T {
  const copy: T = JSON.parse(JSON.stringify(data), (_key, value: unknown) =>
    typeof value === 'string' ? sanitize(value).replaceAll(LONE, '\ufffd') : value,
  );
  return copy;
}

type Spans = ReadonlyMap<string, readonly ReportSpan[]>;

interface Parts {
  readonly spans: Spans;
  readonly texts: Texts;
  readonly expected: ExpectedTimes;
}

function stepsIn({ run, life, outputs }: ReportSources, progress: Progress, parts: Parts): ReportStep[] {
  const { spans, texts, expected } = parts;
  const outcomes = outcomesOf({ ...run, progress }, life);
  return stepsFor(run.plan, texts, expected, (step) => {
    const key = stepKey(step.node, step.id);
    const { outcome = 'pending', reason = '', continued } = outcomes.get(key) ?? {};
    const written = progress.steps.get(key)?.outputs;
    return {
      outcome,
      reason,
      spans: (spans.get(key) ?? []).map((span) =>
        texts.withOutput(span, (attempt) => outputs.get(attemptKey(step.node, step.id, attempt))),
      ),
      ...(continued && { continued }),
      ...(written && { outputs: written }),
    };
  });
}

function countsOf(steps: readonly ReportStep[]): RunReport['counts'] {
  const counts = Object.fromEntries(STANDINGS.map((standing) => [standing, 0])) as Record<
    (typeof STANDINGS)[number],
    number
  >;
  for (const { outcome } of steps) counts[outcome] += 1;
  return counts;
}

function nodesOf(
  {
    run,
    records,
    before,
    after,
  }: Pick<ReportSources, 'records' | 'before' | 'after'> & {
    readonly run: Pick<RunSummary, 'plan'>;
  },
  progress: Progress,
  expected: ExpectedTimes,
): RunReport['nodes'] {
  const { plan } = run;
  const outages = new OutageFold(plan);
  for (const record of records) outages.add(record);
  const reasons = new Map<string, string>();
  for (const [key, { leavesOut, reason = '' }] of progress.steps)
    if (leavesOut) reasons.set(key.slice(0, key.indexOf('/')), reason);
  const cordoned = new Set(after?.cluster?.nodes?.filter(({ unschedulable }) => unschedulable).map(({ name }) => name));
  return plan.nodes.map((node) => {
    const [first, last] = [versionsOf(before, node), versionsOf(after, node)];
    const leftOut = reasons.get(node.name);
    const takes = expected.ofNode(node.name);
    return {
      name: node.name,
      host: node.host,
      role: node.role,
      ...(first && { before: first }),
      ...(last && { after: last }),
      outages: [...outages.of(node.name)],
      ...(cordoned.has(node.object ?? node.name) && { cordoned: true as const }),
      ...(leftOut !== undefined && { leftOut }),
      ...(takes !== undefined && { expected: takes }),
    };
  });
}

function phaseOf(phase: Plan['phases'][number], spans: Spans, expected: ExpectedTimes): ReportPhase {
  const own = stepsOfPhase(phase).flatMap(({ node, id }) => spans.get(stepKey(node, id)) ?? []);
  const from = own.map((span) => span.from).toSorted()[0];
  const to = own
    .flatMap((span) => span.to ?? [])
    .toSorted()
    .at(-1);
  const skipped = whySkipped(phase);
  const takes = expected.ofPhase(phase);
  return {
    number: phase.number,
    name: phase.name,
    ...(phase.hop && { hop: phase.hop.version }),
    batches: phase.batches,
    ...(skipped !== undefined && { skipped }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(takes !== undefined && { expected: takes }),
  };
}

/** The journal states who gave them. */
function overridesOf({ overrides = [] }: Plan, records: readonly JournalRecord[]): RunReport['overrides'] {
  return overrides.map((override) => {
    const record = records.find(
      (one) => one.type === 'guard-overridden' && one.guard === override.guard && one.on === override.node,
    );
    const given = record?.type === 'guard-overridden' ? { by: record.by, at: record.at } : {};
    return { ...override, ...given };
  });
}

function gapsOf(nodes: RunReport['nodes'], steps: readonly ReportStep[]): string[] {
  const attempts = steps.flatMap(({ spans }) => spans.flatMap((span) => span.attempts));
  const silent = attempts.filter(({ output }) => output === undefined).length;
  return [
    ...(nodes.some(({ before }) => before) ? [] : ['The versions before the run are not kept here.']),
    ...(nodes.some(({ after }) => after) ? [] : ['The versions after the run are not kept here.']),
    ...(attempts.length > 0 && silent === attempts.length
      ? ['No output is kept here. While the run is not finished, its nodes keep it under the runbook folder.']
      : silent > 0
        ? [`${count(silent, 'attempt')} printed nothing, or their output is not kept here.`]
        : []),
  ];
}
