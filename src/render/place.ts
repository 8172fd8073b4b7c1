import type { PlanStep } from '../plan/plan.ts';

/** Where a step runs, in words; undefined: on its own node. */
export function placeName(place: PlanStep['place']): string | undefined {
  switch (place) {
    case 'node':
      return undefined;
    case 'local':
      return 'this machine';
    case 'control-plane':
      return 'a control plane';
    case 'kubectl':
      return "kubectl's machine";
  }
}
