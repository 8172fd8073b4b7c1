import { expect, test } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { loadInventory } from '../../src/documents/inventory.ts';
import { resolveInputs } from '../../src/documents/inputs.ts';
import { readRunbook } from '../../src/documents/read.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { isClusterFact, isNodeFact } from '../../src/facts/lib/kinds.ts';
import { readClusterFacts, readNodeFacts } from '../../src/facts/read.ts';
import { minorNumber } from '../../src/facts/lib/version.ts';
import { guards } from '../../src/guards/registry.ts';
import type { Finding } from '../../src/guards/guard.ts';
import { bindPlan, contextOf } from '../../src/plan/bind.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { needsOf } from '../../src/plan/needs.ts';
import type { Plan, PlanStep } from '../../src/plan/plan.ts';
import { fakeLab } from '../lab/rig.ts';

const TARGET = '1.34.1';
const NAMES = ['cp-1', 'cp-2', 'worker-1'];

const INVENTORY = `apiVersion: runbook/v1
kind: Inventory
cluster: lab
nodes:
${NAMES.map((name, index) => `  - { name: ${name}, host: 10.10.0.${name.startsWith('cp') ? 11 + index : 99 + index}, role: ${name.startsWith('cp') ? 'control-plane' : 'worker'} }`).join('\n')}
`;

async function documents(workers: string, via: readonly string[]) {
  const path = new URL('../../runbooks/upgrade.yaml', import.meta.url).pathname;
  const [book, inventory] = [await readRunbook(path, actions), loadInventory('inventory.yaml', INVENTORY)];
  if (!book.value || !inventory.value) throw new Error(JSON.stringify([book.diagnostics, inventory.diagnostics]));
  const sets = [`version=${TARGET}`, `workers=${workers}`, 'prefetch=false'];
  const { values } = resolveInputs(book.value, sets);
  return {
    runbook: { ...book, value: book.value },
    inventory: { ...inventory, value: inventory.value },
    inputs: values,
    chosen: { via },
    needs: needsOf(book.value, inventory.value, values, actions, guards),
  };
}
type Documents = Awaited<ReturnType<typeof documents>>;

/** What an undisturbed lab at 1.31.9 tells, with what the repositories of all minors offer. */
async function healthy({ needs }: Documents): Promise<Facts> {
  const { run } = await fakeLab({ controlPlanes: 2, workers: 1, kubernetes: '1.31.9' });
  const options = { kubeconfig: '/etc/kubernetes/admin.conf', minors: ['1.31', '1.32', '1.33', '1.34'] };
  const nodes: Record<string, Facts['nodes'][string]> = {};
  for (const name of NAMES)
    nodes[name] = await readNodeFacts((script) => run(name, script), needs.facts.filter(isNodeFact), options);
  const ids = needs.facts.filter(isClusterFact);
  return { nodes, cluster: await readClusterFacts((script) => run('cp-1', script), ids, options) };
}

function planFrom(documents: Documents, facts: Facts): Promise<Plan> {
  const { runbook, inventory, inputs, needs, chosen } = documents;
  const checks = () => Promise.resolve({});
  return makePlan({ runbook, inventory, inputs, facts, actions, guards: needs.guards, checks, chosen, now: 0 });
}

function changing(plan: Plan): PlanStep[] {
  return plan.phases.flatMap((phase) => phase.steps).filter((step) => step.predicted.outcome === 'change');
}

function refusals({ findings }: Plan): readonly Finding[] {
  return findings.filter((finding) => finding.severity === 'refuse');
}

/** The facts once each of these steps has succeeded, one after another; the first are those before any. */
function afterEach(documents: Documents, plan: Plan, start: Facts): Facts[] {
  const phases = bindPlan(plan, { actions, inventory: documents.inventory.value, run: 'RUN' });
  const states = [start];
  for (const step of phases.flatMap(({ steps }) => steps)) {
    if (step.planned.predicted.outcome !== 'change') continue;
    states.push(step.action.project(contextOf(step, states.at(-1) ?? start)));
  }
  return states;
}

/** Kubelets that pass over a minor. */
function leaps(states: readonly Facts[]): string[] {
  return states.slice(1).flatMap((facts, index) =>
    (facts.cluster?.nodes ?? []).flatMap(({ name, kubeletVersion }) => {
      const before = states[index]?.cluster?.nodes?.find((node) => node.name === name)?.kubeletVersion ?? '';
      const minors = (minorNumber(kubeletVersion) ?? 0) - (minorNumber(before) ?? 0);
      return minors > 1 ? [`the kubelet of ${name} goes from ${before} to ${kubeletVersion}`] : [];
    }),
  );
}

test.each([
  ['each', [], '1.32.10'],
  ['last', ['1.32.9', '1.33.12'], '1.32.9'],
])(
  'from wherever an upgrade over three minors was abandoned, the same command leads to its end (workers=%s via=%j)',
  async (workers, via, first) => {
    const book = await documents(workers, via);
    const start = await healthy(book);
    const whole = await planFrom(book, start);
    expect(refusals(whole)).toEqual([]);
    expect(whole.way).toEqual({ from: '1.31.9', through: [first, '1.33.12', TARGET] });
    const states = afterEach(book, whole, start);
    const steps = changing(whole);
    const wrong: string[] = [];
    for (const [index, facts] of states.entries()) {
      const place = index === 0 ? 'at the start' : `after ${steps[index - 1]?.node}/${steps[index - 1]?.id}`;
      const anew = await planFrom(book, facts);
      wrong.push(
        ...refusals(anew).map(
          (one) => `${place}: ${(anew.way?.through ?? []).join()} ${one.step ?? ''} ${one.summary}`,
        ),
      );
      const ahead = afterEach(book, anew, facts);
      if (workers === 'each') wrong.push(...leaps(ahead).map((leap) => `${place}: ${leap}`));
      const end = ahead.at(-1) ?? facts;
      const last = await planFrom(book, end);
      wrong.push(
        ...changing(last).map(
          (step) => `${place}: still to do at the end: ${step.node}/${step.id}: ${step.predicted.reason}`,
        ),
      );
      for (const node of end.cluster?.nodes ?? [])
        if (node.kubeletVersion !== TARGET) wrong.push(`${place}: ${node.name} ends at ${node.kubeletVersion}`);
    }
    expect(wrong).toEqual([]);
  },
  120_000,
);
