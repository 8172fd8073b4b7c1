import { actions } from '../../src/actions/registry.ts';
import type { NodeFacts } from '../../src/facts/facts.ts';
import { readNodeFacts } from '../../src/facts/read.ts';
import type { Run } from './rig.ts';

const options = { minors: ['1.32', '1.40'], kubeconfig: '/etc/kubernetes/admin.conf', host: 'worker-1' };

/** What is known of worker-1's packages. */
export function packageFacts(run: Run): Promise<NodeFacts> {
  const ids = ['os', 'packages', 'repository', 'offered', 'binaries', 'osUpdates', 'packageState', 'reboot'] as const;
  return readNodeFacts((script) => run('worker-1', script), ids, options);
}

/** A step of an action on worker-1, where everything was on hold before. */
export function packageStep(name: string, given: object, machine: NodeFacts) {
  const action = actions.get(name);
  if (!action) throw new Error(`no action ${name}`);
  const node = { name: 'worker-1', host: '10.10.0.101', role: 'worker' } as const;
  const context = {
    with: action.schema.parse(given),
    node,
    nodes: [node],
    facts: { nodes: { 'worker-1': machine } },
    settings: { kubeconfig: options.kubeconfig },
    run: 'run',
    before: { unschedulable: false, held: ['kubeadm', 'kubectl', 'kubelet'] },
  };
  return {
    isDone: () => action.isDone(context),
    script: () => action.script?.(context)?.text ?? '',
    unsupported: action.unsupported?.(context),
  };
}
