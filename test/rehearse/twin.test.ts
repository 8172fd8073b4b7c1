import { describe, expect, test } from 'vitest';
import { anonymised } from '../../src/facts-file/anonymised.ts';
import { createWorld, type LabOptions } from '../../src/lab/lab.ts';
import { problems } from '../../src/lab/problems.ts';
import { exampleDocument } from '../facts-file/document.ts';
import { coursesOf } from './random-runs.ts';
import { compareTwin, documentOf, type SourceDocument, textsOf, timeOf } from './twins.ts';

const labs: Readonly<Record<string, LabOptions>> = {
  'of its usual size': { controlPlanes: 3, workers: 2 },
  'with every problem': { controlPlanes: 3, workers: 2, problems: Object.keys(problems) },
  'with Rocky Linux': { controlPlanes: 1, workers: 1, rocky: ['*'] },
  'with openSUSE': { controlPlanes: 1, workers: 1, suse: ['*'] },
  'with an external etcd': { controlPlanes: 2, workers: 1, externalEtcd: 3 },
  'with machines that have not joined': { controlPlanes: 1, workers: 1, spareControlPlanes: 1, spareWorkers: 1 },
  "with Debian's own containerd": { controlPlanes: 1, workers: 1, containerd: '1.6.20~ds1' },
  'with another etcd and containerd': { controlPlanes: 1, workers: 1, etcd: '3.4.13', containerd: '1.7.27' },
  'with awkward workloads': {
    controlPlanes: 1,
    workers: 2,
    workloads: ['naked', 'emptydir', 'blocked-pdb', 'two-pdbs', 'too-big', 'finalizer', 'orphan', 'foreign-daemonset'],
  },
};

/** As a file of facts has it. */
function inventoryOf({ cluster, nodes }: SourceDocument['inventory']) {
  return { ...exampleDocument().inventory, cluster, nodes: nodes.map((node) => ({ ...node, vars: {} })), groups: {} };
}

describe('what is read of the twin of a lab is what was read of the lab', () => {
  test.each(Object.entries(labs))('%s', async (_name, options) => {
    const clock = timeOf();
    const document = await documentOf(await createWorld({ ...options, clock }), clock);
    const comparison = await compareTwin(document);
    expect(textsOf(comparison)).toEqual([]);
    expect(comparison.equal).toBeGreaterThan(500);
  });

  test.each(['of its usual size', 'with an external etcd', 'with awkward workloads'])(
    '%s, of facts that are anonymised',
    async (name) => {
      const clock = timeOf();
      const { readAt, inventory, facts } = await documentOf(await createWorld({ ...labs[name], clock }), clock);
      const hidden = anonymised(exampleDocument({ readAt, facts, inventory: inventoryOf(inventory) }));
      expect(textsOf(await compareTwin(hidden))).toEqual([]);
    },
  );

  test('with machines that have no UUID of a firmware', async () => {
    const clock = timeOf();
    const document = await documentOf(await createWorld({ controlPlanes: 1, workers: 1, clock }), clock);
    const nodes = Object.entries(document.facts.nodes).map(([name, { machine, ...node }]) => {
      const { systemUuid: _, ...bare } = machine ?? {};
      return [name, { ...node, machine: bare }];
    });
    const facts = { ...document.facts, nodes: Object.fromEntries(nodes) };
    expect(textsOf(await compareTwin({ ...document, facts }))).toEqual([]);
  });
});

describe('mirror pods that are not ready, as they are for minutes after a boot', () => {
  /** Facts of a cluster that answers, read so many seconds after its kubelets started. */
  async function justStarted(seconds: number, components: readonly string[]): Promise<SourceDocument> {
    const clock = timeOf();
    const document = await documentOf(await createWorld({ controlPlanes: 1, workers: 1, clock }), clock);
    const { nodes, cluster } = document.facts;
    const startedAt = Math.floor(Date.parse(document.readAt) / 1000) - seconds;
    const pods = cluster?.pods?.map((pod) => ({
      ...pod,
      ready: pod.ready && !components.some((name) => pod.name === `${name}-cp-1`),
    }));
    const restarted = Object.entries(nodes).map(([name, node]) => [
      name,
      { ...node, ...(node.kubelet && { kubelet: { ...node.kubelet, startedAt } }) },
    ]);
    return {
      ...document,
      facts: { nodes: Object.fromEntries(restarted), cluster: { ...cluster, ...(pods && { pods }) } },
    };
  }
  const all = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

  test.each([[all], [['etcd']], [['kube-apiserver']]])('the twin has them, and answers: %j', async (components) => {
    expect(textsOf(await compareTwin(await justStarted(60, components)))).toEqual([]);
  });

  test('a run goes on', async () => {
    const { run, rehearsal } = await coursesOf(await justStarted(60, all));
    expect(rehearsal).toEqual(run);
    expect(run.end).toBe('done');
  });

  test('what answers is ready in a moment, whenever its kubelet started', async () => {
    const { run } = await coursesOf(await justStarted(86_400, ['etcd', 'kube-apiserver']));
    expect(run.end).toBe('done');
  });

  test('what has been unready for long stays so', async () => {
    const document = await justStarted(86_400, ['kube-scheduler']);
    expect(textsOf(await compareTwin(document))).toEqual([]);
  });
});
