import type { FleetStatus } from '../../src/render/fleet-status.ts';

type Cluster = FleetStatus['clusters'][number];

/** A cluster of a fleet run in some state. */
export function cluster(name: string, state: Cluster['state'], over: Partial<Cluster> = {}): Cluster {
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

/** A fleet run at work, in which a stage waits for its approval. */
export function status(clusters: readonly Cluster[]): FleetStatus {
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

export const FEW = [
  cluster('prod-eu-0001', 'done', { stage: 'canary', steps: { done: 21, all: 21 } }),
  cluster('prod-eu-0002', 'failed', {
    reason: '3.1-drain on worker-17 failed: the disruption budget web/frontend allows no disruption of 3 pods',
    attempts: 2,
  }),
  cluster('prod-eu-0003', 'settled', { reason: 'it is replaced next week' }),
  cluster('prod-eu-0004', 'running'),
  cluster('prod-eu-0005', 'waiting'),
];
