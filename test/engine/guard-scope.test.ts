import { expect, it } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { neededFacts } from '../../src/engine/refresh.ts';
import { askedBeforeSteps, guards } from '../../src/guards/registry.ts';
import { Bench, firstStep, planOf, step } from './bench.ts';

it('asks guards of the whole run while planning alone, and the others before each step as well', () => {
  for (const action of actions.values()) {
    for (const id of action.guards) {
      expect(askedBeforeSteps([id])).toEqual(guards.get(id)?.scope === 'step' ? [id] : []);
    }
  }
  expect(askedBeforeSteps(['same-machine', 'skew-kubelet-behind', 'etcd-health'])).toEqual([
    'same-machine',
    'etcd-health',
  ]);
});

it('reads before a step neither what only guards of the whole run stand on, nor less than the step itself needs', () => {
  const plan = planOf(['cp-1'], [step('cp-1', 'a', { action: 'kubeadm-upgrade-apply', with: { version: '1.32.9' } })]);
  const bench = new Bench({ ...plan, nodes: plan.nodes.map((node) => ({ ...node, role: 'control-plane' })) });
  const needed = neededFacts([firstStep(bench.context())]);
  const action = actions.get('kubeadm-upgrade-apply');
  const asked = (action?.guards ?? []).filter((id) => guards.get(id)?.scope === 'step');
  const wanted = [...(action?.facts ?? []), ...asked.flatMap((id) => guards.get(id)?.facts ?? [])];
  expect(needed.toSorted()).toEqual([...new Set(wanted)].toSorted());
});
