import { beforeAll, expect, test } from 'vitest';
import { drain } from '../../src/actions/drain.ts';
import { actions } from '../../src/actions/registry.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { JournalBody } from '../../src/journal/record.ts';
import { type AttemptSpec, type AttemptState, type RemoteNode } from '../../src/remote/attempt.ts';
import { ConnectionLost } from '../../src/transport/transport.ts';
import { type Baseline, recordBaseline } from './baseline.ts';
import type { Seams } from '../../src/rehearse/controller.ts';
import { allPoints, type CrashPoint, describe } from './points.ts';
import { disturb } from './trial.ts';

let baseline: Baseline;
let points: readonly CrashPoint[];

beforeAll(async () => {
  baseline = await recordBaseline();
  points = allPoints(baseline);
});

/** The first points of a kind, at the step that must never run twice and at those around it. */
function some(wanted: (point: CrashPoint) => boolean, count = 3): CrashPoint[] {
  return points.filter(wanted).slice(0, count);
}

function inApply(point: CrashPoint): boolean {
  return baseline.segments[point.segment]?.step.action === 'kubeadm-upgrade-apply' && !point.reading;
}

async function violations(chosen: readonly CrashPoint[], seams: Seams, pause?: number): Promise<string[]> {
  expect(chosen.length).toBeGreaterThan(0);
  const found: string[] = [];
  for (const point of chosen) {
    const verdict = await disturb(baseline, point, { seams, ...(pause === undefined ? {} : { pause }) });
    expect(verdict.struck, describe(point)).toBe(true);
    found.push(...verdict.violations);
  }
  return found;
}

const duringApply = (effect: string) => (point: CrashPoint) =>
  inApply(point) && point.effect === effect && point.place.kind === 'command' && point.place.when === 'during';
const lateApply = (effect: string) => (point: CrashPoint) =>
  inApply(point) && point.effect === effect && point.place.kind === 'request';

test('the engine as it is keeps every promise at the points that follow', async () => {
  const chosen = ['kill', 'drop'].flatMap((effect) => [...some(duringApply(effect)), ...some(lateApply(effect), 4)]);
  expect(await violations(chosen, {})).toEqual([]);
});

test('caught: a node that runs an attempt although it exists already', async () => {
  const found = await violations(some(lateApply('drop'), 3), { claimsTwice: true });
  expect(found.join('\n')).toMatch(/was sent to cp-1 (while|although)/);
});

test('caught: a journal that is written after the deed', async () => {
  const journal = (inner: Journal): Journal => {
    let late: JournalBody | undefined;
    return {
      append: async (body) => {
        if (body.type === 'attempt-started') {
          late = body;
          return;
        }
        if (late) await inner.append(late);
        late = undefined;
        await inner.append(body);
      },
      close: () => inner.close(),
    };
  };
  const found = await violations(some(duringApply('kill'), 1), { journal });
  expect(found.join('\n')).toContain('of which the journal knows nothing');
});

test('caught: a resume that sends again without asking the node', async () => {
  const seams: Seams = {
    progress: (steps) =>
      new Map([...steps].map(([key, { last, ...step }]) => [key, last?.ended ? { ...step, last } : step])),
  };
  const chosen = points.filter(
    (point) =>
      point.effect === 'kill' &&
      point.place.kind === 'command' &&
      point.place.when === 'before' &&
      !point.reading &&
      ['kubeadm-upgrade-apply', 'drain'].includes(baseline.segments[point.segment]?.step.action ?? ''),
  );
  const found = await violations(chosen.slice(0, 12), seams, 0);
  expect(found.join('\n')).toMatch(/was sent to cp-\d while .* still ran/);
});

test('caught: a lost connection that is read as success', async () => {
  const remote = (inner: RemoteNode): RemoteNode => {
    const success = (work: Promise<AttemptState>) =>
      work.catch((error: unknown): AttemptState => {
        if (error instanceof ConnectionLost) return { kind: 'exited', code: 0 };
        throw error;
      });
    return wrapped(inner, {
      start: (spec, sink) => success(inner.start(spec, sink)),
      follow: (...call) => success(inner.follow(...call)),
    });
  };
  const found = await violations(some(duringApply('drop'), 1), { remote });
  expect(found.join('\n')).toMatch(/the journal says of .*: exited 0; on cp-1 it is running/);
});

test('caught: a drain of a node for which there is nothing left to do', async () => {
  const { service: _, ...always } = drain;
  const seams: Seams = { actions: new Map([...actions, ['drain', { ...always } as typeof drain]]) };
  const done = (point: CrashPoint) =>
    point.effect === 'anew' &&
    point.place.kind === 'record' &&
    point.place.when === 'after' &&
    baseline.segments[point.segment]?.step.action === 'verify-cluster';
  expect(await violations(some(done, 1), {})).toEqual([]);
  const found = await violations(some(done, 1), seams);
  expect(found.join('\n')).toContain('was finished and is drained again');
});

/** A node with some of its answers replaced. */
function wrapped(inner: RemoteNode, changes: Partial<RemoteNode>): RemoteNode {
  return {
    start: (spec: AttemptSpec, sink) => inner.start(spec, sink),
    follow: (...call) => inner.follow(...call),
    status: (...call) => inner.status(...call),
    cancel: (...call) => inner.cancel(...call),
    list: (...call) => inner.list(...call),
    sweep: (...call) => inner.sweep(...call),
    probe: (...call) => inner.probe(...call),
    close: () => inner.close(),
    ...changes,
  };
}
