import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { forecastFleet } from '../../src/fleet/forecast.ts';
import { type FleetPlanRow, renderFleetPlan } from '../../src/render/fleet.ts';
import { renderFleetStatus } from '../../src/render/fleet-grid.ts';
import type { FleetStatus } from '../../src/render/fleet-status.ts';
import { widthOf } from '../../src/render/width.ts';
import { fleetPlan, stage } from '../fleet/plans.ts';

const SIZES = [
  [80, 24],
  [200, 60],
] as const;
const NOW = Date.UTC(2026, 10, 30, 20);
const MINUTE = 60_000;
const look = (terminal: number) => ({ color: false, unicode: true, terminal });

beforeEach(() => vi.stubEnv('TZ', 'UTC'));
afterEach(() => vi.unstubAllEnvs());

type Cluster = FleetStatus['clusters'][number];

function cluster(name: string, state: Cluster['state'], over: Partial<Cluster> = {}): Cluster {
  const isBegun = state !== 'waiting';
  return {
    cluster: name,
    stage: 'rest-of-production',
    site: 'eu',
    state,
    reason: '',
    attempts: isBegun ? 1 : 0,
    ...(isBegun && {
      run: `20261130-201530-upgrade-1-32-${name.slice(-4)}`,
      steps: { done: 9, all: 21 },
      took: 754_000,
    }),
    from: ['1.31.9'],
    to: '1.32.9',
    ...over,
  };
}

function status(clusters: readonly Cluster[]): FleetStatus {
  return {
    run: '20261130-200000-production-df19',
    fleet: 'production',
    runbook: 'upgrade-1.32',
    plan: 'a'.repeat(64),
    state: 'running',
    reason: '',
    startedAt: '2026-11-30T20:00:00.000Z',
    about: ['driven by process 4711 of ann on desk, since 2026-11-30T20:00:00.000Z', 'stage canary waits for approval'],
    next: ['runbook fleet approve canary --run 20261130-200000-production-df19'],
    stages: [],
    clusters,
  };
}

const FEW = [
  cluster('prod-eu-0001', 'done', { stage: 'canary', steps: { done: 21, all: 21 } }),
  cluster('prod-eu-0002', 'failed', {
    reason: '3.1-drain on worker-17 failed: the disruption budget web/frontend allows no disruption of 3 pods',
    attempts: 2,
  }),
  cluster('prod-eu-0003', 'settled', { reason: 'it is replaced next week' }),
  cluster('prod-eu-0004', 'running'),
  cluster('prod-eu-0005', 'waiting'),
];
const MANY = Array.from({ length: 120 }, (_, index) =>
  cluster(
    `prod-eu-${String(index).padStart(4, '0')}`,
    index < 40 ? 'done' : index % 9 === 0 && index < 80 ? 'failed' : index < 80 ? 'running' : 'waiting',
    index % 9 === 0 && index < 80 && index >= 40 ? { reason: 'a node was lost' } : {},
  ),
);

/** No line is wider than the terminal. */
function fits(text: string, columns: number): void {
  expect(text.split('\n').filter((line) => widthOf(line) > columns)).toEqual([]);
}

test.each(SIZES)('the grid of a fleet run on a terminal of %ix%i', async (columns, rows) => {
  const text = renderFleetStatus(status(FEW), look(columns));
  fits(text, columns);
  await expect(text).toMatchFileSnapshot(`screens/fleet-status-${columns}x${rows}.txt`);
});

test.each(SIZES)(
  'a fleet too large for a terminal of %ix%i fills it, and what it leaves out is counted',
  async (columns, rows) => {
    const text = renderFleetStatus(status(MANY), look(columns), rows);
    fits(text, columns);
    expect(text.split('\n')).toHaveLength(rows);
    const [, counted = ''] = /^and (.+)$/m.exec(text) ?? [];
    const left = [...counted.matchAll(/(\d+) /g)].reduce((sum, [, n]) => sum + Number(n), 0);
    const shown = text.split('\n').filter((line) => line.startsWith('rest-of-production')).length;
    expect(left + shown).toBe(MANY.length);
    await expect(text).toMatchFileSnapshot(`screens/fleet-many-${columns}x${rows}.txt`);
  },
);

const gate = {
  ask: {
    kind: 'http',
    method: 'GET',
    url: 'https://monitoring.example.com/api/alerts',
    headers: {},
    secretHeaders: {},
    condition: 'size(json) == 0',
  },
  for: 10 * MINUTE,
  every: 15_000,
  timeout: 30 * MINUTE,
} as const;
const PLAN = fleetPlan([
  stage('canary', ['prod-eu-0001'], { soak: 24 * 60 * MINUTE, approve: true }),
  stage('rest-of-production', ['prod-eu-0002', 'prod-us-0001'], {
    maxConcurrent: 2,
    maxFailures: 1,
    window: { days: ['sat', 'sun'], from: '22:00', to: '05:00', timezone: 'Europe/Berlin' },
  }),
  stage('last', ['prod-ap-0001'], { gate }),
]);
const ROWS: FleetPlanRow[] = [
  ...PLAN.clusters.map(({ name, from, to, changes, expected }) => ({
    name,
    site: `${name.slice(5, 7)}-datacenter`,
    from,
    to,
    changes,
    expected,
    refusals: [],
  })),
  {
    name: 'prod-ap-0002',
    site: 'ap-datacenter',
    from: ['1.30.4', '1.31.9'],
    to: '',
    refusals: ['worker-3: its kubelet 1.28.2 is more than three minors behind the API servers, which have 1.32.9 then'],
  },
];

test.each(SIZES)('the plan of a fleet on a terminal of %ix%i', async (columns, rows) => {
  const text = renderFleetPlan(ROWS, PLAN, forecastFleet(PLAN, NOW), look(columns));
  fits(text, columns);
  await expect(text).toMatchFileSnapshot(`screens/fleet-plan-${columns}x${rows}.txt`);
});
