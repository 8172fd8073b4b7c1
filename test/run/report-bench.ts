import type { JournalBody, JournalRecord } from '../../src/journal/record.ts';
import { JOURNAL_VERSION } from '../../src/journal/record.ts';
import type { Plan, PlanStep } from '../../src/plan/plan.ts';
import type { RunReport } from '../../src/render/report-data.ts';
import { attemptKey, buildReport, type ReportSources } from '../../src/run/report/build.ts';
import { planOf, step } from '../engine/bench.ts';

export const RUN = '20260101-100000-test-0000';
const START = Date.parse('2026-01-01T10:00:00.000Z');

/** The time so many seconds after the start. */
export function at(seconds: number): string {
  return new Date(START + seconds * 1000).toISOString();
}

export const ann = { host: 'laptop', pid: 7, user: 'ann' };
export const bob = { host: 'desk', pid: 9, user: 'bob' };

/** Records of a journal, each with its second. */
export function recordsOf(bodies: readonly (readonly [seconds: number, body: JournalBody])[]): JournalRecord[] {
  return bodies.map(([seconds, body], index) => ({ v: JOURNAL_VERSION, seq: index + 1, at: at(seconds), ...body }));
}

export const begun: JournalBody = { type: 'run-started', run: RUN, plan: 'd', epoch: 1, holder: ann };

export function attempt(ref: { step: string; node: string }, number: number, from: number, to?: number, code = 0) {
  const started: JournalBody = { type: 'attempt-started', ...ref, attempt: number, host: ref.node, scriptDigest: 'e' };
  const ended: JournalBody = { type: 'attempt-ended', ...ref, attempt: number, state: { kind: 'exited', code } };
  return to === undefined
    ? ([[from, started]] as const)
    : ([
        [from, started],
        [to, ended],
      ] as const);
}

export function finished(
  ref: { step: string; node: string },
  outcome: 'changed' | 'failed' | 'unchanged',
  reason = '',
) {
  return { type: 'step-finished', ...ref, outcome, reason, duration: 1000 } as const;
}

export const ref = (id: string, node = 'n1') => ({ step: id, node });

export function reportOf(
  plan: Plan,
  bodies: readonly (readonly [number, JournalBody])[],
  more: Partial<ReportSources> = {},
): RunReport {
  return buildReport({
    run: { folder: { id: RUN, path: '', journal: '' }, plan },
    records: recordsOf(bodies),
    life: { kind: 'none' },
    outputs: new Map(),
    now: START + 3_600_000,
    zone: 'Europe/Berlin',
    ...more,
  });
}

/** One node that is cordoned, worked on, and uncordoned. */
export function outPlan(more: Partial<PlanStep> = {}): Plan {
  return planOf(
    ['n1'],
    [
      step('n1', '1.1-drain', { action: 'drain', title: 'drain' }),
      step('n1', '1.2-work', more),
      step('n1', '1.3-uncordon', { action: 'uncordon', title: 'uncordon' }),
    ],
  );
}

/** A run of an upgrade on many nodes, one after the other, whose steps print what such steps print. */
export function bigReport(nodes: number, steps: number): RunReport {
  const names = Array.from({ length: nodes }, (_, index) => `worker-${index + 1}`);
  const planned = names.flatMap((node) =>
    Array.from({ length: steps }, (_, index) =>
      step(node, `1.${index + 1}-step`, {
        title: `Install kubelet 1.32.9 part ${index + 1}`,
        commands: [`apt-get install -y part${index + 1}=1.32.9-1.1`, `kubectl get node ${node} -o wide`],
      }),
    ),
  );
  const bodies: (readonly [number, JournalBody])[] = [[0, begun]];
  const outputs = new Map<string, { text: string }>();
  let seconds = 1;
  for (const [number, { node, id }] of planned.entries()) {
    const own = ref(id, node);
    // Times that have no pattern, as those of a real run.
    const took = 2 + ((number * 7919) % 997) / 100;
    bodies.push(...attempt(own, 1, seconds, seconds + took));
    const outcome = number % 9 === 0 ? 'unchanged' : 'changed';
    bodies.push([seconds + took + 0.2, finished(own, outcome, `part is at 1.32.9 on ${node}, exited with 0`)]);
    seconds += took + 0.4;
    const lines = Array.from(
      { length: 8 },
      (_, line) => `Get:${line} http://mirror/part${line} ${number * 31 + line} B [${took} s]`,
    );
    outputs.set(attemptKey(node, id, 1), { text: [`Setting up part on ${node} ...`, ...lines].join('\n') });
  }
  bodies.push([seconds, { type: 'run-finished' }]);
  const expected = planned
    .slice(0, steps)
    .map(({ id }, index) => ({ step: id, role: 'other' as const, takes: 5000 + index }));
  return reportOf({ ...planOf(names, planned), expected }, bodies, { outputs });
}
