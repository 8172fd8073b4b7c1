import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { forecastFleet } from '../../src/fleet/forecast.ts';
import { type FleetPlanRow, renderFleetPlan } from '../../src/render/fleet.ts';
import { renderFleetStatus } from '../../src/render/fleet-grid.ts';
import { widthOf } from '../../src/render/width.ts';
import { fleetPlan, stage } from '../fleet/plans.ts';
import { cluster, FEW, status } from './fleet-status.ts';

const SIZES = [
  [80, 24],
  [200, 60],
] as const;
const NOW = Date.UTC(2026, 10, 30, 20);
const MINUTE = 60_000;
const look = (terminal: number) => ({ color: false, unicode: true, terminal });

beforeEach(() => vi.stubEnv('TZ', 'UTC'));
afterEach(() => vi.unstubAllEnvs());

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
