import type { FleetRequest } from './book.ts';
import { approvableStage } from './decide.ts';
import type { FleetPlan } from './plan.ts';
import type { FleetNews } from './record.ts';
import type { FleetState } from './state.ts';

/** What a request of an operator leads to, or why it comes to nothing: one that was recorded before is of those. */
export function answerTo(request: FleetRequest, plan: FleetPlan, state: FleetState): FleetNews | string {
  const { by } = request;
  switch (request.type) {
    case 'approve':
      if (approvableStage(plan, state) === request.stage) return { type: 'stage-approved', stage: request.stage, by };
      return `stage ${request.stage} waits for no approval now`;
    case 'pause':
      return state.pausedBy === undefined ? { type: 'paused', by } : `${state.pausedBy} has paused it already`;
    case 'unpause':
      return state.pausedBy === undefined ? 'it is not paused' : { type: 'unpaused', by };
    case 'cancel':
      return state.cancelled ? 'it is cancelled already' : { type: 'cancelled', by, reason: request.reason };
    case 'settle': {
      const { cluster, reason } = request;
      if (state.clusters.get(cluster)?.standing !== 'failed') return `${cluster} has not failed`;
      return { type: 'cluster-settled', cluster, by, reason };
    }
  }
}
