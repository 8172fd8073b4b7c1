import { expect, test } from 'vitest';
import { SimulatedCluster } from './cluster.ts';
import { Controller } from '../../src/rehearse/controller.ts';
import { KeptJournal } from '../../src/rehearse/kept-journal.ts';
import { needs, plan, readDocuments } from './scenario.ts';

/**
 * An upgrade in which `after` is done to the cluster once the first control plane is through, up to the kubeadm of
 * the second.
 */
async function upgrade(after: (cluster: SimulatedCluster) => void) {
  const documents = await readDocuments();
  const cluster = await SimulatedCluster.create();
  const kept = new KeptJournal(() => cluster.time.now());
  const controller = new Controller({
    ground: cluster,
    inventory: documents.inventory.value,
    minors: needs(documents).minors,
    seams: {},
    checkpoint: async (body, self) => {
      if (body.type !== 'step-finished') return;
      const { action } = made.plan.phases.flatMap((phase) => phase.steps).find((step) => step.id === body.step) ?? {};
      if (action === 'kubeadm-upgrade-apply') after(cluster);
      if (action === 'kubeadm-upgrade-node') self.kill();
    },
  });
  const made = await cluster.time.run(plan(documents, controller));
  const began = cluster.time.now();
  const result = await cluster.time.run(controller.run(made.plan, 'run-1', kept, made.facts));
  const upgrades = cluster.commands.filter(({ line }) => /^kubeadm upgrade (apply|node)\b(?!.*--dry-run)/.test(line));
  return {
    result,
    events: controller.events,
    took: cluster.time.now() - began,
    upgrades: upgrades.map(({ node, line, exit }) => `${node}: ${line} -> ${exit}`),
  };
}

test('an etcd member that dies during the run is refused before the next control plane, and nothing hangs', async () => {
  const { result, events, upgrades, took } = await upgrade((cluster) => {
    cluster.machine('cp-3').etcd.dead = true;
  });
  expect(result).toMatchObject({ outcome: 'refused' });
  expect(upgrades).toEqual([expect.stringContaining('cp-1: kubeadm upgrade apply')]);
  const findings = events.flatMap((event) => (event.type === 'finding' ? [event.finding] : []));
  expect(findings).toContainEqual(
    expect.objectContaining({ guard: 'etcd-health', severity: 'refuse', node: 'cp-3', step: expect.any(String) }),
  );
  expect(took).toBeLessThan(240_000);
});

test('a node whose power is cut takes its member with it, which is found in bounded time', async () => {
  const { result, events, upgrades, took } = await upgrade((cluster) => {
    cluster.machine('cp-3').up = false;
    cluster.cutOff('cp-3', 3_600_000);
  });
  expect(result).toMatchObject({ outcome: 'refused' });
  expect(upgrades).toHaveLength(1);
  expect(JSON.stringify(events)).toContain('the etcd member cp-3');
  expect(took).toBeLessThan(240_000);
});

test('a member that only restarts is waited for', async () => {
  const { result, events, upgrades } = await upgrade((cluster) => {
    const { etcd } = cluster.machine('cp-3');
    etcd.dead = true;
    void cluster.time.sleep(30_000).then(() => {
      etcd.dead = false;
    });
  });
  expect(result).toBe('killed');
  expect(upgrades).toEqual([expect.stringContaining('cp-1'), 'cp-2: kubeadm upgrade node -> 0']);
  expect(JSON.stringify(events)).toContain('waiting: the etcd member cp-3');
});
