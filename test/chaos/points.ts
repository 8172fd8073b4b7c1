import type { Baseline, Segment } from './baseline.ts';
import type { Blow } from '../../src/rehearse/faults/blow.ts';
import { generator } from '../../src/rehearse/faults/generator.ts';

/** What strikes; `anew`: the controller is killed, and a new run begun. */
export type Effect = Blow | 'anew';

/** Where it strikes. */
export type Place =
  /** A record of the journal, before or after it is on disk. */
  | { readonly kind: 'record'; readonly seq: number; readonly when: 'before' | 'after'; readonly what: string }
  /** A command of the audit log: the `index`-th of that node in the segment. */
  | {
      readonly kind: 'command';
      readonly index: number;
      readonly when: 'before' | 'during' | 'after';
      /** Milliseconds after its beginning, for `during`. */
      readonly delay: number;
      readonly what: string;
    }
  /** A start request: it arrives `delay` ms late, when its sender is gone. */
  | { readonly kind: 'request'; readonly delay: number; readonly what: string };

/** One disturbance of the upgrade. */
export interface CrashPoint {
  readonly number: number;
  readonly segment: number;
  readonly node: string;
  readonly effect: Effect;
  readonly place: Place;
  /** Of a script that is no attempt: there are many of them, and they change nothing. */
  readonly reading: boolean;
}

type Unnumbered = Omit<CrashPoint, 'number'>;

const EFFECTS: readonly Effect[] = ['kill', 'drop', 'reboot', 'anew'];

/** Every crash point of the undisturbed run, in its order. */
export function allPoints(baseline: Baseline): CrashPoint[] {
  const points = baseline.segments.flatMap((segment) => [
    ...ofRecords(segment),
    ...ofCommands(segment),
    ...ofRequests(segment),
  ]);
  return points.map((point, number) => ({ ...point, number }));
}

function ofRecords(segment: Segment): Unnumbered[] {
  return segment.records.flatMap(({ seq, body }) => {
    const node = body.type === 'attempt-started' ? body.host : 'node' in body ? body.node : segment.step.node;
    const what = `${body.type} ${segment.step.id} on ${segment.step.node}`;
    return (['before', 'after'] as const).flatMap((when) =>
      EFFECTS.map((effect) => ({
        segment: segment.number,
        node,
        effect,
        place: { kind: 'record', seq, when, what } as const,
        reading: false,
      })),
    );
  });
}

function ofCommands(segment: Segment): Unnumbered[] {
  return segment.commands.flatMap(({ node, index, line, origin, began, ended }) => {
    const duration = (ended ?? began) - began;
    const times = [
      { when: 'before', delay: 0 },
      ...(duration > 1 ? [{ when: 'during', delay: Math.floor(duration / 2) } as const] : []),
      { when: 'after', delay: 0 },
    ] as const;
    const reading = origin.kind === 'probe';
    return times.flatMap(({ when, delay }) =>
      EFFECTS.filter((effect) => !reading || effect !== 'anew').map((effect) => ({
        segment: segment.number,
        node,
        effect,
        place: { kind: 'command', index, when, delay, what: line } as const,
        reading,
      })),
    );
  });
}

function ofRequests(segment: Segment): Unnumbered[] {
  return segment.starts.flatMap((node) =>
    (['kill', 'drop'] as const).flatMap((effect) =>
      [0, 400, 2500, 5200, 5700, 6200, 20_000].map((delay) => ({
        segment: segment.number,
        node,
        effect,
        place: { kind: 'request', delay, what: `start of ${segment.step.id}` } as const,
        reading: false,
      })),
    ),
  );
}

const BLOWS: Readonly<Record<Blow, string>> = {
  kill: 'the controller is killed',
  drop: 'the connection breaks',
  reboot: 'the node reboots',
};

/** The point as the output of a test names it. */
export function describe({ number, node, effect, place, segment }: CrashPoint): string {
  const where =
    place.kind === 'request'
      ? `${place.what}, which arrives ${place.delay} ms late,`
      : place.kind === 'record'
        ? `${place.when} record ${place.seq} (${place.what})`
        : `${place.when} command ${place.index} of segment ${segment} (${place.what.slice(0, 90)})`;
  const what = { ...BLOWS, anew: `${BLOWS.kill} and a new run begun` };
  return `point ${number}: ${what[effect]} ${where} on ${node}`;
}

/** A seeded choice of `count` of them, in their order. */
export function sampleOf<T>(items: readonly T[], count: number, seed: number): T[] {
  const chosen = new Set(shuffled(items, generator(seed)).slice(0, count));
  return items.filter((item) => chosen.has(item));
}

/** A seeded choice of `count` points, four fifths of them about what is changed in the cluster and its journal. */
export function sample(points: readonly CrashPoint[], count: number, seed: number): CrashPoint[] {
  const random = generator(seed);
  const writing = shuffled(
    points.filter((point) => !point.reading),
    random,
  );
  const reading = shuffled(
    points.filter((point) => point.reading),
    random,
  );
  const share = Math.min(writing.length, Math.ceil(count * 0.8));
  return [...writing.slice(0, share), ...reading.slice(0, count - share)].toSorted((a, b) => a.number - b.number);
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
