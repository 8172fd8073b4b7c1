import { expect, test } from 'vitest';
import { z } from 'zod';
import { comparePlans } from '../../src/plan/changes.ts';
import { planChangesJsonSchema } from '../../src/plan/changes-schema.ts';
import type { Plan, PlanStep } from '../../src/plan/plan.ts';
import { markdownPlanChanges, renderPlanChanges } from '../../src/render/plan-changes.ts';
import { planFor } from '../plan/scale.ts';
import { samplePlan } from './samples.ts';

const LOOK = { color: false, unicode: true };

function between(before: Plan, after: Plan) {
  const changes = comparePlans(before, after);
  const compared = { before, after, file: 'plan.json' };
  return {
    changes,
    text: renderPlanChanges(changes, compared, LOOK),
    markdown: markdownPlanChanges(changes, compared),
  };
}

function withSteps(plan: Plan, of: (step: PlanStep) => readonly PlanStep[]): Plan {
  return { ...plan, phases: plan.phases.map((phase) => ({ ...phase, steps: phase.steps.flatMap(of) })) };
}

test('a plan and itself, made at another time, have nothing changed', () => {
  const { changes, text } = between(samplePlan(), { ...samplePlan(), createdAt: '2026-02-01T00:00:00.000Z' });
  expect(changes).toMatchObject({ changed: false, about: [], nodes: [], steps: [], findings: [] });
  expect(text).toBe('Nothing changed since plan.json of lab, made 2026-01-05T10:00:00.000Z\n');
});

test('real plans of a cluster with more workers differ in these and their steps, each once for all of them', async () => {
  const [{ plan: before }, { plan: after }] = [await planFor(6), await planFor(9)];
  const { changes, text, markdown } = between(before, after);
  expect(changes.nodes.map(({ change, node }) => [change, node])).toEqual(
    [4, 5, 6].map((number) => ['added', `worker-${number}`]),
  );
  expect(new Set(changes.steps.filter(({ change }) => change === 'added').map(({ node }) => node))).toEqual(
    new Set(['worker-4', 'worker-5', 'worker-6']),
  );
  expect(text).toContain('\n+ worker-[4:6]\n');
  expect(text).toMatch(/\n\+ 6\.4-drain on worker-\[4:6\]\n/);
  expect(text).toContain('\n+     $ kubectl --kubeconfig /etc/kubernetes/admin.conf drain <node> --ignore-daemonsets');
  expect(text).toContain('\n- phase Workers: order: worker-[1:3], one at a time\n');
  expect(text).toContain('\n+ phase Workers: order: worker-[1:6], one at a time\n');
  expect(text).toMatch(/\nExpected time\n- about \d+ min\n\+ about \d+ min\n/);
  expect(markdown).toMatch(/^## Changes since plan\.json\n\nWhat changed since /);
  expect(markdown).toContain('### Steps of Workers\n\n```diff\n');
  expect(z.fromJSONSchema(z.looseObject({}).parse(planChangesJsonSchema())).parse(changes)).toEqual(changes);
  // And the other way round.
  expect(between(after, before).text).toContain('\n- 6.4-drain on worker-[4:6]\n');
});

test('what a step does, its outcome and its reason, findings, inputs and overrides are compared, numbers of steps are not', () => {
  const before = samplePlan();
  const first = before.phases[0]?.steps[0];
  if (!first) throw new Error('the sample has no step');
  const moved = withSteps(before, (step) => {
    if (step.id === '1.1-package-repo')
      return [
        { ...first, id: '1.1-look', title: 'Look' },
        { ...step, id: '1.2-package-repo' },
      ];
    if (step.id === '3.1-drain')
      return [{ ...step, commands: step.commands.map((line) => line.replace('600s', '60s')) }];
    if (step.id === '4.7-uncordon') return [{ ...step, predicted: { outcome: 'unchanged', reason: 'it is so' } }];
    return [step];
  });
  const [refused, ...others] = before.findings;
  if (!refused) throw new Error('the sample has no finding');
  const after: Plan = {
    ...moved,
    inputs: { ...before.inputs, version: '1.32.10' },
    overrides: [{ guard: 'swap', reason: 'known' }],
    findings: [...others, { ...refused, guard: 'swap', summary: 'swap is on' }],
  };
  const { text, changes } = between(before, after);
  expect(changes.steps.filter(({ change }) => change === 'removed')).toEqual([]);
  expect(text).toMatchInlineSnapshot(`
    "What changed since plan.json of lab, made 2026-01-05T10:00:00.000Z

    Plan
    - input version: 1.32.9
    + input version: 1.32.10
    + override swap: known

    Steps of First control plane
    + 1.1-look on cp-1
    +     outcome: change
    +     reason: package-repo is at 1.31.9, 1.32.9 is asked for
    +     $ sed -i s,v1.31,v1.32, /etc/apt/sources.list.d/kubernetes.list
    +     $ apt-get update

    Steps of Kubelets of the control planes
      3.1-drain Drain the node on cp-[1:3]
    -     $ kubectl drain <node> --ignore-daemonsets --timeout=600s
    +     $ kubectl drain <node> --ignore-daemonsets --timeout=60s

    Steps of Workers
      4.7-uncordon Let pods onto the node again on worker-1, worker-2
    -     outcome: change
    +     outcome: unchanged
    -     reason: uncordon is at 1.31.9, 1.32.9 is asked for
    +     reason: it is so

    Findings
    + refused: cp-1 1.3-kubeadm-upgrade-apply: swap is on (swap)
    +     do: upgrade to 1.32 first: --set version=1.32.9
    - refused: cp-1 1.3-kubeadm-upgrade-apply: 1.31.9 to 1.33.4 skips a minor (version-skew)

    1 step added, 5 steps changed, 1 finding new, 1 finding gone, 2 differences of the plan itself
    "
  `);
});

test('no text of a plan ends the fence of the Markdown, and no control character is left', () => {
  const hostile = '```\n</details>\u001b[31m\u202e';
  const after = withSteps(samplePlan(), (step) => [{ ...step, commands: [hostile], title: hostile }]);
  const { text, markdown } = between(samplePlan(), { ...after, inputs: { [hostile]: hostile } });
  expect(`${text}${markdown}`).not.toMatch(/[\u001b\u202e]/);
  expect(markdown).not.toMatch(/^ *`{3}$|^<\/details>/m);
});
