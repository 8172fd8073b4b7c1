import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Clock } from '../../src/engine/clock.ts';
import type { FleetRequest } from '../../src/fleet/book.ts';
import { drive, type DriveEnd, type GivenRequest } from '../../src/fleet/drive.ts';
import type { FleetPlan } from '../../src/fleet/plan.ts';
import type { FleetNews, FleetRecord } from '../../src/fleet/record.ts';
import type { ClusterEnd } from '../../src/fleet/attempt-judge.ts';
import { FleetFold } from '../../src/fleet/state.ts';
import { FastTime } from '../../src/lab/fast-time.ts';
import { fleetPlan, stage } from './plans.ts';

const by = { user: 'ann', host: 'desk' };
const MINUTE = 60_000;
const BEGAN = Date.UTC(2026, 0, 1);

/** A kill -9 of the driver. */
class Killed extends Error {}

interface Attempt {
  readonly began: number;
  readonly ends: number;
  readonly outcome: 'done' | 'failed';
}

/** A fleet on fake time: runs live on whatever becomes of the driver, records and requests are kept. */
class World {
  readonly time = new FastTime(BEGAN);
  readonly records: FleetRecord[] = [];
  readonly requests: FleetRequest[] = [];
  readonly refused: string[] = [];
  /** By cluster, its attempts in order. */
  readonly runs = new Map<string, Attempt[]>();
  readonly plan: FleetPlan;
  readonly #behaviour: (cluster: string, attempt: number) => { readonly minutes: number; readonly fails: boolean };
  /** Records after which the driver is killed: before it, or right after it. */
  readonly #kills: Set<number>;

  constructor(
    plan: FleetPlan,
    behaviour: (cluster: string, attempt: number) => { readonly minutes: number; readonly fails: boolean },
    kills: Iterable<number> = [],
  ) {
    this.plan = plan;
    this.#behaviour = behaviour;
    this.#kills = new Set(kills);
  }

  get clock(): Clock {
    return {
      now: () => this.time.now(),
      sleep: (ms, signal) => this.time.sleep(ms, signal).catch(() => undefined),
    };
  }

  /** Drives until the fleet ends, with a new driver after each kill. */
  async untilEnd(): Promise<DriveEnd> {
    for (;;) {
      try {
        return await this.once();
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
    }
  }

  once(signals: { stop?: AbortSignal; leave?: AbortSignal } = {}): Promise<DriveEnd> {
    const fold = new FleetFold(this.plan);
    for (const record of this.records) fold.add(record);
    const killed = new AbortController();
    const never = new AbortController().signal;
    const work = drive({
      plan: this.plan,
      fold,
      clock: this.clock,
      record: async (news) => {
        await Promise.resolve();
        if (killed.signal.aborted) throw new Killed();
        this.#keep(news, fold, killed);
      },
      requests: () => Promise.resolve(this.#given(killed.signal)),
      runCluster: (cluster, attempt, { stop }) => this.#run(cluster, attempt, stop, killed.signal),
      askGate: async () => {
        await this.clock.sleep(MINUTE);
        return { kind: 'holds' };
      },
      onDecision: () => undefined,
      onRefused: (_request, why) => void this.refused.push(why),
      stop: signals.stop ?? never,
      leave: signals.leave ?? never,
      every: 10 * MINUTE,
    });
    return this.time.run(work, 30 * 24 * 60 * MINUTE);
  }

  #keep(news: FleetNews, fold: FleetFold, killed: AbortController): void {
    const number = this.records.length * 2;
    if (this.#kills.delete(number)) {
      killed.abort();
      throw new Killed();
    }
    const record: FleetRecord = { ...news, at: new Date(this.time.now()).toISOString() };
    this.records.push(record);
    if (this.#kills.delete(number + 1)) {
      killed.abort();
      throw new Killed();
    }
    fold.add(record);
  }

  #given(killed: AbortSignal): GivenRequest[] {
    return this.requests.map((request) => ({
      request,
      taken: () => {
        if (!killed.aborted) this.requests.splice(this.requests.indexOf(request), 1);
        return Promise.resolve();
      },
    }));
  }

  /** As the runner: it begins an attempt once, and waits for its end however often it is called. */
  async #run(cluster: string, attempt: number, stop: AbortSignal, killed: AbortSignal): Promise<ClusterEnd> {
    const attempts = this.runs.get(cluster) ?? [];
    this.runs.set(cluster, attempts);
    if (attempts.length < attempt - 1) throw new Error(`${cluster}: attempt ${attempt} after ${attempts.length}`);
    const { minutes, fails } = this.#behaviour(cluster, attempt);
    const began = this.time.now();
    const run = attempts[attempt - 1] ?? { began, ends: began + minutes * MINUTE, outcome: fails ? 'failed' : 'done' };
    attempts[attempt - 1] = run;
    const rest = run.ends - this.time.now();
    if (rest > 0) await this.clock.sleep(rest, stop);
    if (killed.aborted) return { outcome: 'left', reason: '' };
    if (stop.aborted && this.time.now() < run.ends) return { outcome: 'stopped', reason: '' };
    return { outcome: run.outcome, reason: run.outcome === 'done' ? '' : 'it failed' };
  }

  of<T extends FleetRecord['type']>(type: T): Extract<FleetRecord, { type: T }>[] {
    return this.records.filter((one): one is Extract<FleetRecord, { type: T }> => one.type === type);
  }
}

const well = () => ({ minutes: 30, fails: false });

const three = fleetPlan([
  stage('canary', ['c1'], { soak: 60 * MINUTE }),
  stage('wide', ['w1', 'w2', 'w3'], { maxConcurrent: 2, maxFailures: 1, soak: 30 * MINUTE }),
  stage('rest', ['r1', 'r2']),
]);

test('a fleet goes stage by stage, as many clusters at a time as may, with its soaks between', async () => {
  const world = new World(three, well);
  expect(await world.untilEnd()).toBe('ended');
  expect(world.of('fleet-ended')).toMatchObject([{ outcome: 'done', reason: 'every stage is over' }]);
  const begins = [...world.runs].map(([name, [first]]) => [name, ((first?.began ?? 0) - BEGAN) / MINUTE]);
  expect(begins).toEqual([
    ['c1', 0],
    ['w1', 90],
    ['w2', 90],
    ['w3', 120],
    ['r1', 180],
    ['r2', 210],
  ]);
});

test('killed before or after any record, the next driver comes to the same end: each attempt runs once, in the same order', async () => {
  const whole = new World(three, well);
  await whole.untilEnd();
  const order = whole.of('cluster-started').map(({ cluster }) => cluster);
  for (let kill = 0; kill < whole.records.length * 2; kill += 1) {
    const world = new World(three, well, [kill]);
    await world.untilEnd();
    expect(
      world.of('cluster-started').map(({ cluster }) => cluster),
      `kill ${kill}`,
    ).toEqual(order);
    expect(world.of('fleet-ended'), `kill ${kill}`).toMatchObject([{ outcome: 'done' }]);
    expect([...world.runs.values()].every((attempts) => attempts.length === 1)).toBe(true);
  }
});

test('requests are taken once, in their order, and what makes no sense is told', async () => {
  const plan = fleetPlan([stage('a', ['a1'], { approve: true }), stage('b', ['b1'])]);
  const world = new World(plan, well, [3, 7, 8]);
  const asked = (request: FleetRequest, minutes: number) =>
    world.time.after(minutes * MINUTE, () => world.requests.push(request));
  asked({ type: 'approve', by, stage: 'a' }, 5);
  asked({ type: 'pause', by }, 35);
  asked({ type: 'approve', by, stage: 'a' }, 50);
  asked({ type: 'unpause', by }, 200);
  await world.untilEnd();
  expect(world.records.map(({ type }) => type)).toEqual([
    'cluster-started',
    'cluster-ended',
    'paused',
    'stage-approved',
    'unpaused',
    'cluster-started',
    'cluster-ended',
    'fleet-ended',
  ]);
  expect(world.refused[0]).toBe('stage a waits for no approval now');
  expect(world.runs.get('b1')?.[0]?.began).toBeGreaterThanOrEqual(BEGAN + 200 * MINUTE);
});

test('a cancelled fleet stops its runs, and ends as cancelled', async () => {
  const world = new World(three, () => ({ minutes: 600, fails: false }));
  world.time.after(20 * MINUTE, () => world.requests.push({ type: 'cancel', by, reason: 'no' }));
  await world.untilEnd();
  expect(world.of('fleet-ended')).toMatchObject([{ outcome: 'cancelled', reason: 'no' }]);
  expect(world.of('cluster-ended')).toMatchObject([{ cluster: 'c1', outcome: 'failed' }]);
});

test('a driver that is stopped stops its runs without an end of theirs, and the next one goes on with the same attempts', async () => {
  const world = new World(three, well);
  const stop = new AbortController();
  world.time.after(100 * MINUTE, () => stop.abort());
  expect(await world.once({ stop: stop.signal })).toBe('stopped');
  expect(world.of('cluster-ended').map(({ cluster }) => cluster)).toEqual(['c1']);
  expect(await world.untilEnd()).toBe('ended');
  expect(world.of('cluster-started').map(({ cluster, attempt }) => `${cluster}.${attempt}`)).toEqual([
    'c1.1',
    'w1.1',
    'w2.1',
    'w3.1',
    'r1.1',
    'r2.1',
  ]);
});

test('a driver that is told to leave returns at once', async () => {
  const world = new World(three, well);
  const leave = new AbortController();
  world.time.after(10 * MINUTE, () => leave.abort());
  expect(await world.once({ leave: leave.signal })).toBe('left');
  expect(world.time.now()).toBe(BEGAN + 10 * MINUTE);
});

const stages = fc
  .array(
    fc.record({
      size: fc.integer({ min: 1, max: 4 }),
      maxConcurrent: fc.integer({ min: 1, max: 3 }),
      maxFailures: fc.integer({ min: 0, max: 2 }),
      soak: fc.constantFrom(0, 45 * MINUTE),
      approve: fc.boolean(),
      gated: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) =>
    fleetPlan(
      all.map(({ size, gated, ...over }, index) =>
        stage(
          `s${index}`,
          Array.from({ length: size }, (_, at) => `s${index}-${at}`),
          {
            ...over,
            ...(gated && {
              gate: { ask: { kind: 'run', script: 'true', place: 'local' }, for: 0, every: 1000, timeout: 1000 },
            }),
          },
        ),
      ),
    ),
  );

const request: fc.Arbitrary<FleetRequest> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .integer({ min: 0, max: 3 })
      .map((index): FleetRequest => ({ type: 'approve', by, stage: `s${index}` })),
  },
  fc.constant<FleetRequest>({ type: 'pause', by }),
  fc.constant<FleetRequest>({ type: 'unpause', by }),
  fc
    .integer({ min: 0, max: 3 })
    .map((index): FleetRequest => ({ type: 'settle', by, cluster: `s${index}-0`, reason: 'by hand' })),
);

test('whatever fails, is asked and is killed: each attempt runs once, stages keep their order, limits, soaks and approvals, and there is an end', async () => {
  await fc.assert(
    fc.asyncProperty(
      stages,
      fc.infiniteStream(
        fc.record({ minutes: fc.integer({ min: 1, max: 90 }), fails: fc.nat(4).map((one) => one === 0) }),
      ),
      fc.array(fc.nat(60), { maxLength: 8 }),
      fc.array(fc.record({ at: fc.nat(1000), request }), { maxLength: 12 }),
      async (plan, behaviours, kills, requests) => {
        const known = new Map<string, { minutes: number; fails: boolean }>();
        const world = new World(
          plan,
          (name, attempt) => {
            const key = `${name}.${attempt}`;
            const found = known.get(key) ?? behaviours.next().value;
            known.set(key, found);
            return found;
          },
          kills,
        );
        for (const one of requests) world.time.after(one.at * MINUTE, () => world.requests.push(one.request));
        // Someone approves everything in the end, and nothing stays paused.
        for (let day = 1; day < 12; day += 1)
          world.time.after(day * 24 * 60 * MINUTE, () => {
            world.requests.push({ type: 'unpause', by });
            for (const { name } of plan.stages) world.requests.push({ type: 'approve', by, stage: name });
          });
        await world.untilEnd();
        check(world);
      },
    ),
    { numRuns: 100 },
  );
});

/** What every fleet keeps to, from its records and from what really ran. */
function check(world: World): void {
  const { plan } = world;
  const at = (record: FleetRecord): number => Date.parse(record.at);
  expect(world.of('fleet-ended')).toHaveLength(1);
  const running = new Set<string>();
  const failed = new Set<string>();
  for (const record of world.records) {
    if (record.type === 'cluster-started') {
      const index = plan.stages.findIndex(({ clusters }) => clusters.includes(record.cluster));
      const own = plan.stages[index];
      if (!own) throw new Error(record.cluster);
      running.add(record.cluster);
      expect(running.size).toBeLessThanOrEqual(own.maxConcurrent);
      expect(own.clusters).toEqual(expect.arrayContaining([...running]));
      expect(own.clusters.filter((name) => failed.has(name)).length).toBeLessThanOrEqual(own.maxFailures);
      for (const earlier of plan.stages.slice(0, index)) {
        const ends = world.of('cluster-ended').filter(({ cluster }) => earlier.clusters.includes(cluster));
        expect(ends).toHaveLength(earlier.clusters.length);
        const last = Math.max(...ends.map(at));
        expect(at(record)).toBeGreaterThanOrEqual(last + earlier.soak);
        if (earlier.approve)
          expect(
            world
              .of('stage-approved')
              .some((one) => one.stage === earlier.name && at(one) >= last && at(one) <= at(record)),
          ).toBe(true);
      }
    }
    if (record.type === 'cluster-ended') {
      running.delete(record.cluster);
      if (record.outcome === 'failed') failed.add(record.cluster);
    }
    if (record.type === 'cluster-settled') failed.delete(record.cluster);
  }
  expect(running.size).toBe(0);
  for (const [name, attempts] of world.runs) {
    const starts = world.of('cluster-started').filter(({ cluster }) => cluster === name);
    expect(starts.map(({ attempt }) => attempt)).toEqual(attempts.map((_, index) => index + 1));
  }
}
