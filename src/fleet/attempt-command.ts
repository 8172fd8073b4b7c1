import type { FleetCluster } from './plan.ts';
import type { Standing } from './standing.ts';

/** One attempt at the run of one cluster. */
export interface ClusterTask {
  readonly cluster: Pick<FleetCluster, 'name' | 'cluster' | 'inventory' | 'plan'>;
  /** The file of its frozen plan. */
  readonly plan: string;
  readonly attempt: number;
  /** For what its processes print: `attempt-N.events.jsonl`, `attempt-N.err`. Made where it is missing. */
  readonly folder: string;
  /** It may have run from another state folder: where this one knows no run of its plan, its nodes are asked first. */
  readonly elsewhere: boolean;
  /** Names of steps that ask for approval, and are approved. */
  readonly approve: readonly string[];
  /**
   * The folder from which its runbook has the name that is in the plan, where the plan was made on another machine; its
   * inventory is not where the plan says either.
   */
  readonly cwd?: string;
}

/**
 * The words of the process that takes a run on from where it stands.
 * @param stateDir absolute
 * @param isAsked its nodes were asked, and know no run of this plan that is not over
 */
export function attemptCommand(
  standing: Exclude<Standing, { kind: 'held' | 'done' }>,
  { cluster, plan, elsewhere, approve, cwd }: ClusterTask,
  stateDir: string,
  isAsked: boolean,
): readonly string[] {
  const named = cwd === undefined ? [] : ['-i', cluster.inventory];
  const isOnNodes = standing.kind === 'none' && elsewhere && !isAsked;
  const begin =
    standing.kind === 'unfinished'
      ? ['resume', standing.run, ...named]
      : isOnNodes
        ? ['resume', '-i', cluster.inventory]
        : ['apply', plan, ...named];
  return [
    ...begin,
    '--plan-digest',
    cluster.plan,
    '--yes',
    '--output',
    'json',
    '--state-dir',
    stateDir,
    ...approve.flatMap((step) => ['--approve', step]),
  ];
}
