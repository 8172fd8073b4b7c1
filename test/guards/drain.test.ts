import { describe, expect, it } from 'vitest';
import { evictablePods } from '../../src/actions/lib/evictable.ts';
import { podsToDrain } from '../../src/facts/lib/drain.ts';
import type { Facts } from '../../src/facts/facts.ts';
import type { PdbFact } from '../../src/facts/pdbs.ts';
import type { PodFact } from '../../src/facts/pods.ts';
import { nodes as nodesFact } from '../../src/facts/nodes.ts';
import { pdbs } from '../../src/facts/pdbs.ts';
import { pods } from '../../src/facts/pods.ts';
import { checkStep } from '../../src/guards/registry.ts';
import { fixture, podLines, parsed } from '../facts/fixture.ts';
import { testCases } from './cases.ts';
import { guardNode, pdb, pod, sketch, stepOn } from './cluster.ts';
import { blockedCases, roomCases, terminatingCases, togetherCases } from './drain.cases.ts';

const bare = sketch({ apiServers: { cp1: '1.31.9' }, kubelets: { cp1: '1.31.9', w1: '1.31.9', w2: '1.31.9' } });

function cluster(pods: readonly PodFact[], pdbs: readonly PdbFact[] = []): Facts {
  return { ...bare, cluster: { ...bare.cluster, pods, pdbs } };
}

function drain(facts: Facts, options: Readonly<Record<string, unknown>> = {}, node = 'w1') {
  const step = stepOn(node, 'drain', options);
  const input = { nodes: [guardNode(node)], before: facts, after: facts, step };
  return checkStep(input, ['drain-destroys', 'drain-blocked']);
}

/** The real cluster, seen from its worker w1. */
const real: Facts = (() => {
  const nodes = parsed(nodesFact, fixture('nodes.json'));
  const machineId = nodes.find((node) => node.name === 'w1')?.machineId ?? '';
  return {
    nodes: { w1: { machine: { hostname: 'w1', machineId, bootId: '', addresses: [] } } },
    cluster: { nodes, pods: parsed(pods, podLines()), pdbs: parsed(pdbs, fixture('pdbs.json')) },
  };
})();

describe('the pods of a node, as a drain sorts them', () => {
  const names = (pods: readonly PodFact[] | undefined) => pods?.map((entry) => `${entry.namespace}/${entry.name}`);

  it('sorts those of a real worker as kubectl did', () => {
    const sorted = podsToDrain(real, 'w1');
    expect(names(sorted?.daemonSet)).toEqual(['demo/agent-rpfmh', 'kube-system/kube-proxy-s84zb']);
    expect(names(sorted?.naked)).toEqual(['demo/naked']);
    expect(names(sorted?.emptyDir)).toEqual(['demo/scratch-859d64699b-6bd52']);
    expect(names(sorted?.evictable)).toEqual(['demo/scratch-859d64699b-6bd52', 'demo/web-67bbc55f-qwx5z']);
  });

  it('leaves static pods of a real control plane alone', () => {
    const sorted = podsToDrain(real, 'cp1');
    expect(sorted?.mirror).toHaveLength(4);
    expect(names(sorted?.evictable)?.every((name) => name.startsWith('kube-system/coredns'))).toBe(true);
  });

  it('leaves only pods of a DaemonSet that exists in the group apps', () => {
    const of = (name: string, controller: PodFact['controller'], change: Partial<PodFact> = {}) =>
      pod(name, 'w1', { ...(controller ? { controller } : {}), ...change });
    const facts = cluster([
      of('there', { kind: 'DaemonSet', name: 'agent', exists: true }),
      of('orphan', { kind: 'DaemonSet', name: 'gone' }),
      of('kruise', { kind: 'DaemonSet', name: 'agent', group: 'apps.kruise.io' }),
      of('over', { kind: 'DaemonSet', name: 'gone' }, { phase: 'Failed' }),
    ]);
    const sorted = podsToDrain(facts, 'w1');
    expect(names(sorted?.daemonSet)).toEqual(['demo/there']);
    expect(names(sorted?.naked)).toEqual(['demo/orphan']);
    expect(names(sorted?.evictable)).toEqual(['demo/kruise']);
    expect(names(sorted?.finished)).toEqual(['demo/over']);
    expect(names(evictablePods(facts.cluster, 'w1'))).toEqual(['demo/orphan', 'demo/kruise', 'demo/over']);
  });

  it('takes finished pods for harmless, and knows nothing where pods were not asked for', () => {
    const job = pod('job-1', 'w1', {
      phase: 'Succeeded',
      emptyDirs: ['tmp'],
      controller: { kind: 'Job', name: 'job' },
    });
    const { controller: _none, ...ended } = pod('once', 'w1', { phase: 'Failed' });
    expect(podsToDrain(cluster([job, ended]), 'w1')).toMatchObject({
      finished: [job, ended],
      evictable: [],
      naked: [],
      emptyDir: [],
    });
    expect(podsToDrain(bare, 'w1')).toBeUndefined();
  });
});

describe('drain-destroys', () => {
  it('refuses on the real worker, naming the pods and the inputs', () => {
    const findings = drain(real);
    expect(findings.map(({ severity, summary }) => [severity, summary])).toEqual([
      ['refuse', 'draining w1 would delete permanently, as no controller brings them back: demo/naked'],
      ['refuse', 'draining w1 would lose the emptyDir data of: demo/scratch-859d64699b-6bd52'],
    ]);
    expect(findings[0]?.remedy).toContain('--set force=true');
    expect(findings[1]?.remedy).toContain('--set deleteEmptydirData=true');
  });

  it('warns where the runbook says that it is meant, each by its own input', () => {
    expect(drain(real, { force: true }).map((finding) => finding.severity)).toEqual(['warn', 'refuse']);
    expect(drain(real, { force: true, deleteEmptydirData: true }).map((finding) => finding.severity)).toEqual([
      'warn',
      'warn',
    ]);
    expect(drain(real, { force: false }).map((finding) => finding.severity)).toEqual(['refuse', 'refuse']);
  });

  it('takes the pod of a DaemonSet that is gone for one without a controller', () => {
    const orphan = pod('ds-1', 'w1', { controller: { kind: 'DaemonSet', name: 'gone' } });
    expect(drain(cluster([orphan]))).toMatchObject([
      { severity: 'refuse', summary: expect.stringContaining('demo/ds-1') },
    ]);
    expect(drain(cluster([orphan]), { force: true })).toMatchObject([{ severity: 'warn' }]);
  });

  it('warns of a DaemonSet of another group, which kubectl before 1.34 takes for one that is gone', () => {
    const facts = cluster([
      pod('k-1', 'w1', { controller: { kind: 'DaemonSet', name: 'k', group: 'apps.kruise.io' } }),
    ]);
    expect(drain(facts)).toMatchObject([
      { severity: 'warn', summary: expect.stringContaining('demo/k-1 (apps.kruise.io)') },
    ]);
    expect(drain(facts, { force: true })).toEqual([]);
  });

  it('says nothing of pods on other nodes, or before other steps', () => {
    const { controller: _none, ...naked } = pod('naked', 'w2');
    expect(drain(cluster([naked]))).toEqual([]);
    const step = stepOn('w2', 'cordon');
    const facts = cluster([naked]);
    expect(checkStep({ nodes: [], before: facts, after: facts, step }, ['drain-destroys'])).toEqual([]);
  });
});

describe('drain-blocked', () => {
  const web = [pod('web-1', 'w1'), pod('web-2', 'w2'), pod('web-3', 'w2')];
  const table: readonly [string, Partial<PdbFact>, 'refuse' | 'warn' | undefined][] = [
    ['a budget that allows one', {}, undefined],
    ['maxUnavailable 0', { maxUnavailable: '0', disruptionsAllowed: 0, desiredHealthy: 3 }, 'refuse'],
    ['maxUnavailable 0%', { maxUnavailable: '0%', disruptionsAllowed: 0, desiredHealthy: 3 }, 'refuse'],
    ['minAvailable 100%', { minAvailable: '100%', disruptionsAllowed: 0, desiredHealthy: 3 }, 'refuse'],
    [
      'minAvailable as many as there are pods',
      { minAvailable: '3', disruptionsAllowed: 0, desiredHealthy: 3 },
      'refuse',
    ],
    [
      'minAvailable more than there are pods',
      { minAvailable: '5', disruptionsAllowed: 0, desiredHealthy: 5 },
      'refuse',
    ],
    [
      'what the disruption controller cannot compute, whatever its numbers say',
      { disruptionsAllowed: 1, syncFailed: 'no scale subresource' },
      'refuse',
    ],
    ['a percentage that rounds up to all', { minAvailable: '90%', disruptionsAllowed: 0, desiredHealthy: 3 }, 'refuse'],
    [
      'one replica that must be there',
      { minAvailable: '1', disruptionsAllowed: 0, expectedPods: 1, currentHealthy: 1, desiredHealthy: 1 },
      'refuse',
    ],
    ['one pod not ready right now', { minAvailable: '2', disruptionsAllowed: 0, currentHealthy: 2 }, 'warn'],
    ['all pods not ready right now', { minAvailable: '2', disruptionsAllowed: 0, currentHealthy: 0 }, 'warn'],
    ['a spec that was not judged yet', { minAvailable: '2', generation: 2, observedGeneration: 1 }, 'warn'],
    [
      'numbers of an older spec',
      { minAvailable: '1', desiredHealthy: 3, disruptionsAllowed: 0, generation: 2 },
      'warn',
    ],
    ['a new spec that can never do', { maxUnavailable: '0', generation: 2, observedGeneration: 1 }, 'refuse'],
    ['a budget of another namespace', { namespace: 'other', maxUnavailable: '0', disruptionsAllowed: 0 }, undefined],
    [
      'a budget of other pods',
      { selector: { matchLabels: { app: 'db' }, matchExpressions: [] }, maxUnavailable: '0' },
      undefined,
    ],
    [
      'a budget that covers nothing',
      { selector: { matchLabels: {}, matchExpressions: [], matchesNothing: true }, maxUnavailable: '0' },
      undefined,
    ],
    [
      'an empty selector, which covers all',
      { selector: { matchLabels: {}, matchExpressions: [] }, maxUnavailable: '0' },
      'refuse',
    ],
    [
      'In',
      {
        selector: { matchLabels: {}, matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] },
        maxUnavailable: '0',
      },
      'refuse',
    ],
    [
      'NotIn',
      {
        selector: { matchLabels: {}, matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] },
        maxUnavailable: '0',
      },
      undefined,
    ],
    [
      'Exists',
      {
        selector: { matchLabels: {}, matchExpressions: [{ key: 'app', operator: 'Exists', values: [] }] },
        maxUnavailable: '0',
      },
      'refuse',
    ],
    [
      'DoesNotExist',
      {
        selector: { matchLabels: {}, matchExpressions: [{ key: 'tier', operator: 'DoesNotExist', values: [] }] },
        maxUnavailable: '0',
      },
      'refuse',
    ],
  ];

  it.each(table)('%s', (_title, change, severity) => {
    const findings = drain(cluster(web, [pdb('web', change)]));
    expect(findings.map((finding) => finding.severity)).toEqual(severity === undefined ? [] : [severity]);
    if (severity !== undefined) {
      expect(findings[0]?.summary).toContain('PodDisruptionBudget demo/web');
      expect(findings[0]?.summary).toContain('demo/web-1');
    }
  });

  it('refuses a pod of two budgets, as its eviction can only fail', () => {
    const findings = drain(cluster(web, [pdb('web'), pdb('again')]));
    expect(findings).toMatchObject([
      { severity: 'refuse', summary: expect.stringContaining('demo/web-1 on w1 (web, again)') },
    ]);
  });

  it('asks no budget for pods that do not run yet, are going, or stay on the node', () => {
    const never = pdb('web', { maxUnavailable: '0', disruptionsAllowed: 0 });
    const free = [
      pod('web-1', 'w1', { phase: 'Pending' }),
      pod('web-2', 'w1', { deleting: true }),
      pod('web-3', 'w1', { controller: { kind: 'DaemonSet', name: 'web', exists: true } }),
      pod('web-4', 'w1', { mirror: true }),
    ];
    expect(drain(cluster(free, [never]))).toEqual([]);
  });

  it('lets the real worker be drained: its budget allows one', () => {
    expect(drain(real).filter((finding) => finding.guard === 'drain-blocked')).toEqual([]);
  });
});

describe('room for what moves', () => testCases('drain-room', roomCases));
describe('replicas on one node', () => testCases('drain-together', togetherCases));
describe('pods that are being deleted', () => testCases('drain-terminating', terminatingCases));
describe('budgets and the policy', () => testCases('drain-blocked', blockedCases));

describe('the forecast of a real cluster', () => {
  it('warns of nothing but what a drain destroys', () => {
    const input = { nodes: [guardNode('w1')], before: real, after: real, step: stepOn('w1', 'drain') };
    const findings = checkStep(input, ['drain-blocked', 'drain-room', 'drain-together', 'drain-terminating']);
    expect(findings).toEqual([]);
  });
});
