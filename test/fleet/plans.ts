import { type FleetCluster, type FleetPlan, type FleetStage, signedFleetPlan } from '../../src/fleet/plan.ts';

export function cluster(name: string, over: Partial<FleetCluster> = {}): FleetCluster {
  return {
    name,
    cluster: `prod-${name}`,
    site: 'here',
    labels: {},
    inventory: `/fleet/${name}/inventory.yaml`,
    plan: 'a'.repeat(64),
    from: ['1.31.9'],
    to: '1.32.9',
    changes: 5,
    expected: 600_000,
    ...over,
  };
}

export function stage(name: string, clusters: readonly string[], over: Partial<FleetStage> = {}): FleetStage {
  return { name, clusters, maxConcurrent: 1, maxFailures: 0, soak: 0, approve: false, ...over };
}

export function fleetPlan(
  stages: readonly FleetStage[],
  over: Readonly<Record<string, Partial<FleetCluster>>> = {},
): FleetPlan {
  const names = stages.flatMap(({ clusters }) => clusters);
  return signedFleetPlan({
    createdAt: '2026-01-01T00:00:00.000Z',
    fleet: { name: 'prod', file: '/fleet/fleet.yaml', digest: 'b'.repeat(64) },
    runbook: { name: 'upgrade', file: '/fleet/upgrade.yaml', digest: 'c'.repeat(64) },
    inputs: {},
    clusters: names.map((name) => cluster(name, over[name])),
    stages,
  });
}
