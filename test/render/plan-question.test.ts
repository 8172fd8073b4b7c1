import { expect, test } from 'vitest';
import { renderPlanSummary } from '../../src/render/plan.ts';
import { samplePlan } from './samples.ts';

const LOOK = { color: false, unicode: true, verbose: false, columns: 80 };

test('the question says what is upgraded, how many nodes are drained and restarted, and how long it takes', () => {
  const plan = samplePlan(20);
  const from = ['1.31.8', '1.31.9'];
  expect(renderPlanSummary(plan, { from, expected: 3_720_000, isSettled: () => false }, LOOK)).toMatchInlineSnapshot(`
    "
      1 First control plane: cp-1
        package-repo, install-packages, kubeadm-upgrade-apply
      2 Other control planes: cp-2, cp-3
        package-repo, install-packages, kubeadm-upgrade-node
      3 Kubelets of the control planes: cp-[1:3]
        drain, install-packages, uncordon
      4 Workers: worker-[1:20]
        package-repo, install-packages, kubeadm-upgrade-node, drain, uncordon

      cluster    lab, 1.31.8 and 1.31.9 -> 1.32.9
      nodes      23 to change (3 control planes, 20 workers)
      disrupts   23 drains, 3 restarts of an API server
      takes      usually about 1h02m, without waits for budgets, people and gates
      found      1 refusal, 1 note
    "
  `);
});

test('of a run that goes on only the rest counts, as it was found when it was planned', () => {
  const plan = { ...samplePlan(), findings: [], limit: 'workers' };
  const isSettled = ({ node }: { readonly node: string }): boolean => node !== 'worker-2';
  const text = renderPlanSummary(plan, { from: [], expected: 20_000, isSettled, isResumed: true }, LOOK);
  expect(text).toMatchInlineSnapshot(`
    "
      4 Workers: worker-2
        package-repo, install-packages, kubeadm-upgrade-node, drain, uncordon

      cluster    lab, to 1.32.9
      nodes      1 to change (1 worker); 4 not changed
      disrupts   1 drain
      takes      usually about a minute, without waits for budgets, people and gates
      found      nothing, when it was planned
      limited to workers
    "
  `);
});

test('without Kubernetes it says what it can', () => {
  const [first] = samplePlan().phases;
  const [step] = first?.steps ?? [];
  if (!first || !step) throw new Error('the sample has no steps');
  const own = { ...step, action: 'run', title: 'Tell the load balancer', with: {} };
  const plan = { ...samplePlan(), findings: [], phases: [{ ...first, steps: [own] }] };
  const text = renderPlanSummary(plan, { from: [], expected: 90_000, isSettled: () => false }, LOOK);
  expect(text).toMatchInlineSnapshot(`
    "
      1 First control plane: cp-1
        Tell the load balancer

      cluster    lab
      nodes      1 to change (1 control plane); 4 not changed
      disrupts   no drain
      takes      usually about 2m, without waits for budgets, people and gates
      found      nothing
    "
  `);
});
