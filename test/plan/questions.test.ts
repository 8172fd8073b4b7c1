import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { loadInventory } from '../../src/documents/inventory.ts';
import { resolveInputs } from '../../src/documents/inputs.ts';
import { loadRunbook } from '../../src/documents/runbook.ts';
import type { Facts, NodeFacts } from '../../src/facts/facts.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { parsePlan } from '../../src/plan/plan.ts';
import { sketch } from '../guards/cluster.ts';

const INVENTORY = `apiVersion: runbook/v1
kind: Inventory
cluster: test
nodes:
  - { name: cp1, host: 10.0.0.1, role: control-plane }
  - { name: cp2, host: 10.0.0.2, role: control-plane }
  - { name: w1, host: 10.0.0.3, role: worker }
  - { name: w2, host: 10.0.0.4, role: worker }
`;

function facts(): Facts {
  const known = sketch({
    apiServers: { cp1: '1.31.9', cp2: '1.31.9' },
    kubelets: { cp1: '1.31.9', cp2: '1.31.9', w1: '1.31.9', w2: '1.31.9' },
    clusterVersion: '1.31.9',
  });
  const of = (revision: string) => ({
    url: '',
    revisions: { kubeadm: [revision], kubelet: [revision], kubectl: [revision] },
  });
  const offered = { '1.32': of('1.32.9-1.1'), '1.33': of('1.33.4-1.1') };
  const nodes = Object.entries(known.nodes).map(([name, node]): [string, NodeFacts] => [name, { ...node, offered }]);
  return { ...known, nodes: Object.fromEntries(nodes) };
}

async function plan(sets: readonly string[], limit?: string) {
  const text = readFileSync(new URL('../../runbooks/upgrade.yaml', import.meta.url), 'utf8');
  const runbook = loadRunbook('upgrade.yaml', text, actions);
  const inventory = loadInventory('inventory.yaml', INVENTORY);
  if (!runbook.value || !inventory.value) throw new Error(JSON.stringify([runbook.diagnostics, inventory.diagnostics]));
  return makePlan({
    runbook: { ...runbook, value: runbook.value },
    inventory: { ...inventory, value: inventory.value },
    inputs: resolveInputs(runbook.value, ['version=1.33.4', ...sets]).values,
    ...(limit === undefined ? {} : { limit }),
    facts: facts(),
    actions,
    guards: [],
    checks: () => Promise.resolve(undefined),
    now: 0,
  });
}

async function asked(sets: readonly string[] = [], limit?: string) {
  const { phases } = await plan(sets, limit);
  const steps = phases.flatMap((phase) => phase.steps);
  return steps.flatMap(({ id, node, asksFor }) => (asksFor === undefined ? [] : [`${node}: ${id} for ${asksFor}`]));
}

test('the kubeadm of each hop is asked at its beginning, on the first control plane and one worker', async () => {
  expect(await asked()).toEqual([
    'cp1: 1.1-prefetch for 3.4-kubeadm-upgrade-apply',
    'w1: 1.1-prefetch for 6.3-kubeadm-upgrade-node',
    'cp1: 8.1-prefetch for 10.4-kubeadm-upgrade-apply',
    'w1: 8.1-prefetch for 13.3-kubeadm-upgrade-node',
  ]);
});

test('what is not prefetched, or not upgraded, is not asked', async () => {
  expect(await asked(['prefetch=false'])).toEqual([]);
  expect(await asked(['workers=last'])).not.toContainEqual(expect.stringContaining('w1: 1.1-prefetch'));
  expect(await asked([], 'w2')).toEqual([
    'w2: 1.1-prefetch for 6.3-kubeadm-upgrade-node',
    'w2: 8.1-prefetch for 13.3-kubeadm-upgrade-node',
  ]);
});

test('a plan shows what will be asked, with the options of the upgrade itself, and holds nothing of the cluster beside', async () => {
  const made = await plan(['patches=/etc/patches', 'ignorePreflightErrors=CreateJob', 'etcdUpgrade=false']);
  const [fetching] = made.phases[0]?.steps ?? [];
  expect(fetching?.commands.filter((line) => line.endsWith('# by kubeadm 1.32.9, not yet installed'))).toEqual([
    expect.stringMatching(/^kubeadm config images list /),
    expect.stringMatching(/^kubeadm upgrade plan v1\.32\.9 /),
    expect.stringMatching(/^kubeadm upgrade diff v1\.32\.9 --context-lines=\d+ /),
    expect.stringMatching(
      /^kubeadm upgrade apply -y v1\.32\.9 --patches=\/etc\/patches --etcd-upgrade=false --ignore-preflight-errors=CreateJob --dry-run /,
    ),
  ]);
  expect(parsePlan(JSON.stringify(made))).toMatchObject({ plan: { digest: made.digest } });
});
