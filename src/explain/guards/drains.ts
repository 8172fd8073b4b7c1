import type { GuardGroup } from '../guard-text.ts';

export const drains: GuardGroup = {
  title: 'Drains',
  guards: [
    {
      id: 'drain-destroys',
      what: 'Refuses pods without a controller, pods of a DaemonSet that is gone and emptyDir data, unless the step says `force` and `deleteEmptydirData`; then it warns. Warns of pods of a `DaemonSet` of another API group, which kubectl before 1.34 does not evict without `force`.',
      why: 'A pod without a controller is not made again, and emptyDir data ends with its pod.',
      remedy: 'Move the pod or its data, or set the inputs `force` and `deleteEmptydirData` if it may go.',
    },
    {
      id: 'drain-blocked',
      what: 'Refuses a PodDisruptionBudget that can never allow a disruption or that the disruption controller cannot compute, and a pod with two of them; warns of one that allows none at this moment.',
      why: 'The eviction API refuses, and the drain waits until its time limit.',
      remedy: 'Scale the workload up, loosen the PodDisruptionBudget, or choose `onBlocked` in the runbook.',
    },
    {
      id: 'drain-forecast',
      what: 'Notes how many pods move, what is lost, which budgets are in the way, and what the step does about them.',
      why: 'What is moved and lost is to be known before, not after.',
      remedy: 'Read it; nothing has to be done unless another guard refuses.',
    },
    {
      id: 'drain-room',
      what: 'Warns of pods that fit on no other node by their requests, labels and taints.',
      why: 'A pod that fits nowhere stays Pending until its node is back.',
      remedy: 'Add room, lower requests, or accept that it waits.',
    },
    {
      id: 'drain-together',
      what: 'Warns where all replicas are on the node that is drained and no budget spreads them over time.',
      why: 'All replicas end at the same time: the workload is down until new ones are ready.',
      remedy: 'Add a PodDisruptionBudget or spread the replicas over nodes.',
    },
    {
      id: 'drain-terminating',
      what: 'Warns of pods that wait for finalizers.',
      why: 'The drain waits for pods that no one lets go.',
      remedy: 'See who owns the finalizer (`kubectl get pod NAME -o yaml`); remove it if its owner is gone.',
    },
  ],
};
