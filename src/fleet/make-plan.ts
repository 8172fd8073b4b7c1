import { resolve } from 'node:path';
import type { Fleet, FleetClusterEntry, FleetStageEntry } from '../documents/fleet.ts';
import { stageClusters } from '../documents/fleet-stages.ts';
import { openingAt } from '../engine/window.ts';
import { durationText, roughly } from '../duration.ts';
import { stepsOfPlan } from '../plan/all-steps.ts';
import { estimatePlan } from '../plan/estimate.ts';
import { draftGate } from '../plan/gate.ts';
import { windowText } from '../plan/pace.ts';
import type { Plan } from '../plan/plan.ts';
import { draftWindow } from '../plan/window.ts';
import { type FleetCluster, type FleetPlan, type FleetStage, signedFleetPlan } from './plan.ts';

/** What planning came to on one cluster. */
export interface PlannedCluster {
  readonly name: string;
  readonly site: string;
  /** Releases of its nodes, the oldest first. */
  readonly from: readonly string[];
  /** Absent: no plan could be made. */
  readonly plan?: Plan;
  /** Why its run would be refused, or no plan was made. */
  readonly refusals: readonly string[];
  /** The exit code of planning: 0, or why not. */
  readonly code: number;
}

interface Sources {
  readonly fleet: { readonly file: string; readonly digest: string; readonly value: Fleet };
  readonly inputs: Readonly<Record<string, string>>;
  /** Those that are part of it. */
  readonly planned: readonly PlannedCluster[];
  readonly now: number;
}

/**
 * The plan of a fleet, of the clusters that have a plan. @throws Failure (document) where a gate or window comes to
 * nothing
 */
export function makeFleetPlan({ fleet, inputs, planned, now }: Sources): FleetPlan | undefined {
  const known = planned.flatMap((one) => (one.plan ? [{ ...one, plan: one.plan }] : []));
  const [first] = known;
  if (!first) return undefined;
  const { name, stages } = fleet.value;
  const entries = new Map(fleet.value.clusters.map((one) => [one.name, one]));
  const clusters = known.flatMap((one): FleetCluster[] => {
    const entry = entries.get(one.name);
    return entry ? [clusterOf(entry, one)] : [];
  });
  const byName = new Map(clusters.map((one) => [one.name, one]));
  const { stages: taken } = stageClusters(
    fleet.value.clusters,
    stages.map(({ clusters: expression }) => expression),
  );
  const staged = stages.flatMap((stage, index) => {
    const names = (taken[index] ?? []).flatMap((one) => (byName.has(one.name) ? [one.name] : []));
    return names.length === 0 ? [] : [stageOf(fleet.file, stage, names)];
  });
  const inStages = new Set(staged.flatMap((stage) => stage.clusters));
  const { runbook } = first.plan;
  return signedFleetPlan({
    createdAt: new Date(now).toISOString(),
    fleet: { name, file: resolve(fleet.file), digest: fleet.digest },
    runbook: { name: runbook.name, file: runbook.file, digest: runbook.digest },
    inputs,
    clusters: clusters.filter((one) => inStages.has(one.name)),
    stages: staged,
  });
}

function clusterOf(entry: FleetClusterEntry, { plan, from }: PlannedCluster & { readonly plan: Plan }): FleetCluster {
  return {
    name: entry.name,
    cluster: plan.inventory.cluster,
    site: entry.site,
    labels: entry.labels,
    inventory: resolve(entry.file),
    plan: plan.digest,
    from,
    to: targetOf(plan),
    changes: stepsOfPlan(plan).filter(({ predicted }) => predicted.outcome === 'change').length,
    expected: Math.round(estimatePlan(plan)),
  };
}

/** The release that a plan ends at; empty: it names none. */
export function targetOf({ phases, inputs }: Pick<Plan, 'phases' | 'inputs'>): string {
  const hop = phases.findLast((phase) => phase.hop !== undefined)?.hop?.version;
  const given = inputs['version'];
  return hop ?? (typeof given === 'string' ? given : '');
}

function stageOf(file: string, stage: FleetStageEntry, clusters: readonly string[]): FleetStage {
  const { name, maxConcurrent, maxFailures, soak = 0, approve, span } = stage;
  const scope = { inputs: {}, env: {}, cluster: { name: '', version: '' } };
  const gate = draftGate({ name, span, ...(stage.gate && { gate: stage.gate }) }, {}, scope, 'stage');
  const window = draftWindow({ file, value: { ...(stage.window && { window: stage.window }) } }, {});
  return {
    name,
    clusters,
    maxConcurrent: Math.max(1, shareOf(maxConcurrent, clusters.length, Math.ceil)),
    maxFailures: shareOf(maxFailures, clusters.length, Math.floor),
    soak,
    approve,
    ...(gate && { gate }),
    ...(window && { window }),
  };
}

function shareOf(share: number | string, amount: number, round: (value: number) => number): number {
  return typeof share === 'number' ? share : round((amount * Number.parseInt(share, 10)) / 100);
}

/** By cluster, why the window of its stage is too short for its run. */
export function tooLong({ stages, clusters }: FleetPlan, now: number): ReadonlyMap<string, string> {
  const expected = new Map(clusters.map((one) => [one.name, one.expected]));
  return new Map(
    stages.flatMap(({ name, window, clusters: names }) => {
      if (!window) return [];
      const { from, to } = openingAt(window, now);
      return names.flatMap((cluster) => {
        const takes = expected.get(cluster) ?? 0;
        if (takes <= to - from) return [];
        const why = `its run takes ${roughly(takes)}, and the window of stage ${name}, ${windowText(window)}, is open for ${durationText(to - from)}`;
        return [[cluster, why] as const];
      });
    }),
  );
}
