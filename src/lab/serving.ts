import { hasQuorum, isServing } from './etcd-members.ts';
import { controlPlanes, etcdMachines, type World } from './world.ts';

/** Whether a simulated cluster still serves: its API, its etcd, and what runs there. */
export interface Serving {
  /** Control planes whose API server answers, of all. */
  readonly api: { readonly answers: readonly string[]; readonly of: number };
  /** Voting members of etcd that answer, of all; whether they are a majority. */
  readonly etcd: { readonly answers: readonly string[]; readonly of: number; readonly quorum: boolean };
  /** PodDisruptionBudgets with fewer healthy pods than they ask for. */
  readonly short: readonly { readonly budget: string; readonly healthy: number; readonly wanted: number }[];
}

/** As it is now. */
export function servingNow(world: World): Serving {
  const planes = controlPlanes(world);
  const voters = etcdMachines(world).filter(({ etcd }) => !etcd.learner);
  const short = world.cluster.budgets.flatMap((budget) => {
    const { healthy, desired } = world.cluster.budgetStatus(budget);
    return healthy < desired ? [{ budget: `${budget.namespace}/${budget.name}`, healthy, wanted: desired }] : [];
  });
  return {
    api: {
      answers: planes.filter((machine) => machine.apiServerReady()).map(({ name }) => name),
      of: planes.length,
    },
    etcd: { answers: voters.filter(isServing).map(({ name }) => name), of: voters.length, quorum: hasQuorum(world) },
    short,
  };
}
