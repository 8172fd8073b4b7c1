import type { Watch } from '../actions/lib/abilities.ts';
import { readClusterFacts } from '../facts/read.ts';
import { contextOf, type PlannedStep } from '../plan/bind.ts';
import { kubectlHostFor } from './check.ts';
import type { RunContext } from './context.ts';

const PROBE = 6000;

/** What the step's action makes of its output while it runs, if it watches at all. */
export function watchOf(context: RunContext, step: PlannedStep): Watch | undefined {
  const { clock, links, observer, emit, facts = { nodes: {} } } = context;
  return step.action.watch?.(contextOf(step, facts), {
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    show: (message) => emit({ type: 'step-progress', ...step.ref, message }),
    read: async (ids) => {
      try {
        const host = kubectlHostFor(observer, step.node);
        const { kubeconfig } = step.view.settings;
        return await links.once(host, (remote) =>
          readClusterFacts((script) => remote.probe(script, { timeout: PROBE }), ids, { host, kubeconfig }),
        );
      } catch {
        return undefined;
      }
    },
  });
}
