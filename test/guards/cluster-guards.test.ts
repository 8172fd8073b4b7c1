import { describe, expect, it } from 'vitest';
import type { Facts, NodeFacts } from '../../src/facts/facts.ts';
import type { NodeObject } from '../../src/facts/nodes.ts';
import type { GuardNode } from '../../src/guards/guard.ts';
import { checkRun, checkStep, guards } from '../../src/guards/registry.ts';
import { addressOf, guardNode, guardNodes, nodeObject, sketch, stepOn } from './cluster.ts';

const healthy = sketch({ apiServers: { cp1: '1.31.9' }, kubelets: { cp1: '1.31.9', w1: '1.31.9' } });

function run(facts: Facts, nodes: readonly GuardNode[] = guardNodes(facts)) {
  return checkRun({ nodes, before: facts, after: facts });
}

function withObjects(facts: Facts, change: (nodes: readonly NodeObject[]) => readonly NodeObject[]): Facts {
  return { ...facts, cluster: { ...facts.cluster, nodes: change(facts.cluster?.nodes ?? []) } };
}

function withMachine(
  facts: Facts,
  name: string,
  change: Partial<NonNullable<NodeFacts['machine']>>,
  nodeName?: string,
): Facts {
  const node = facts.nodes[name];
  const machine = { hostname: name, machineId: '', bootId: '', addresses: [], ...node?.machine, ...change };
  const kubelet = { active: true, healthy: true, ...node?.kubelet, ...(nodeName === undefined ? {} : { nodeName }) };
  return { ...facts, nodes: { ...facts.nodes, [name]: { ...node, machine, kubelet } } };
}

describe('a healthy cluster', () => {
  it('has no findings', () => {
    expect(run(healthy)).toEqual([]);
  });

  it('has a guard for each id that it is registered by, each with a source and facts', () => {
    for (const [id, guard] of guards) {
      expect(guard.id).toBe(id);
      expect(guard.source).not.toBe('');
      // What `units` judges, steps look at themselves.
      expect(guard.facts.length > 0 || id === 'units', id).toBe(true);
    }
  });

  it('has no guard of an unknown name', () => {
    expect(() => checkRun({ nodes: [], before: healthy, after: healthy }, ['no-such'])).toThrow('no guard no-such');
  });
});

describe('membership', () => {
  it('refuses a machine that is no node of the cluster', () => {
    const facts = {
      ...healthy,
      nodes: { ...healthy.nodes, w9: { machine: { hostname: 'w9', machineId: 'id-w9', bootId: '', addresses: [] } } },
    };
    expect(run(facts)).toMatchObject([
      { guard: 'membership', severity: 'refuse', node: 'w9', summary: expect.stringContaining('machine-id id-w9') },
    ]);
  });

  it('leaves nodes of another role alone', () => {
    const lb = { machine: { hostname: 'lb', machineId: 'id-lb', bootId: '', addresses: [] } };
    const facts = { ...healthy, nodes: { ...healthy.nodes, lb } };
    expect(run(facts, [...guardNodes(healthy), guardNode('lb', { role: 'other' })])).toEqual([]);
  });

  it('refuses another role than the cluster gives the node', () => {
    const nodes = [guardNode('cp1'), guardNode('w1', { role: 'control-plane' })];
    expect(run(healthy, nodes)).toMatchObject([
      { guard: 'membership', severity: 'refuse', node: 'w1', remedy: expect.stringContaining('role: worker') },
    ]);
  });

  it('refuses a control plane that the inventory does not know, and warns of a worker', () => {
    const facts = withObjects(healthy, (nodes) => [...nodes, nodeObject('cp7'), nodeObject('w7')]);
    const findings = checkRun({ nodes: guardNodes(healthy), before: facts, after: facts }, ['membership']);
    expect(findings.map(({ severity, summary }) => [severity, summary])).toEqual([
      ['refuse', "the cluster's control plane cp7 is not in the inventory"],
      ['warn', "the cluster's node w7 is not in the inventory"],
    ]);
  });

  it('takes a node whose facts were not read by its name or address', () => {
    const facts = { ...healthy, nodes: { cp1: healthy.nodes['cp1'] ?? {} } };
    expect(run(facts, [guardNode('cp1'), guardNode('w1')])).toEqual([]);
    expect(run(facts, [guardNode('cp1'), guardNode('other-name', { host: addressOf('w1') })])).toEqual([]);
  });

  it('asks only about the step’s own node before a step', () => {
    const facts = withObjects(healthy, (nodes) => [...nodes, nodeObject('w7')]);
    const step = stepOn('cp1', 'cordon');
    expect(checkStep({ nodes: guardNodes(healthy), before: facts, after: facts, step }, ['membership'])).toEqual([]);
  });
});

describe('same-machine', () => {
  it('refuses an address behind which another machine answers, with both machine-ids', () => {
    const findings = run(withMachine(healthy, 'w1', { machineId: 'id-stranger' }));
    expect(findings).toMatchObject([{ guard: 'same-machine', severity: 'refuse', node: 'w1' }]);
    expect(findings[0]?.summary).toContain('machine-id id-stranger there, id-w1 in the cluster');
  });

  it('does not go by the name: the inventory may call a node as it likes', () => {
    const { w1, ...others } = healthy.nodes;
    const facts = { ...healthy, nodes: { ...others, 'rack-a-1': w1 ?? {} } };
    const named = [guardNode('cp1'), guardNode('rack-a-1', { role: 'worker' })];
    expect(run(facts, named)).toMatchObject([
      { guard: 'same-machine', severity: 'note', summary: expect.stringContaining('rack-a-1 is w1') },
    ]);
    const step = stepOn('rack-a-1', 'drain');
    expect(checkStep({ nodes: named, before: facts, after: facts, step }, ['same-machine'])).toEqual([]);
  });

  it('refuses a machine under the name of another Node object, with both named, whatever its ids say', () => {
    const two = withObjects(healthy, (nodes) => [...nodes, nodeObject('w2')]);
    const [w1, w2] = [two.nodes['w1'] ?? {}, withMachine(two, 'w2', { machineId: 'id-w2' }, 'w2').nodes['w2'] ?? {}];
    const facts = { ...two, nodes: { ...two.nodes, w1: w2, w2: w1 } };
    const members = [guardNode('cp1'), guardNode('w1'), guardNode('w2')];
    const findings = run(facts, members).filter(({ guard }) => guard === 'same-machine');
    expect(findings).toMatchObject([
      {
        severity: 'refuse',
        node: 'w1',
        summary: expect.stringMatching(/machine of the Node object w2, and w1 is the name of another/),
      },
      {
        severity: 'refuse',
        node: 'w2',
        summary: expect.stringMatching(/machine of the Node object w1, and w2 is the name of another/),
      },
    ]);
    const step = stepOn('w1', 'drain');
    expect(checkStep({ nodes: members, before: facts, after: facts, step }, ['same-machine'])).toHaveLength(1);
  });

  it('refuses two names for one machine', () => {
    const facts = { ...healthy, nodes: { ...healthy.nodes, w2: healthy.nodes['w1'] ?? {} } };
    const findings = run(facts).filter((finding) => finding.guard === 'same-machine');
    expect(findings.map((finding) => finding.node)).toEqual(['w1', 'w2']);
    expect(findings[0]?.summary).toContain('are one machine');
  });

  it('refuses two swapped addresses by the role, and by the names', () => {
    const [cp1, w1] = [healthy.nodes['cp1'] ?? {}, healthy.nodes['w1'] ?? {}];
    const facts = { ...healthy, nodes: { cp1: w1, w1: cp1 } };
    expect(run(facts).map((finding) => [finding.guard, finding.node])).toEqual([
      ['membership', 'cp1'],
      ['membership', 'w1'],
      ['same-machine', 'cp1'],
      ['same-machine', 'w1'],
    ]);
  });

  it('accepts a system UUID where the machine-id was made anew', () => {
    const objects = withObjects(healthy, (nodes) =>
      nodes.map((node) => ({ ...node, systemUuid: `uuid-${node.name}` })),
    );
    expect(run(withMachine(objects, 'w1', { machineId: 'fresh', systemUuid: 'uuid-w1' }))).toEqual([]);
  });

  it('refuses a clone: the same machine-id, another UUID, another address', () => {
    const objects = withObjects(healthy, (nodes) =>
      nodes.map((node) => ({ ...node, systemUuid: `uuid-${node.name}` })),
    );
    const facts = withMachine(objects, 'w1', { systemUuid: 'uuid-clone', addresses: ['10.9.9.9'] });
    expect(run(facts)).toMatchObject([
      {
        guard: 'same-machine',
        node: 'w1',
        summary: expect.stringContaining('looks like a clone of the Node object w1'),
      },
    ]);
  });

  it('tells clones that are both in the cluster apart by the name in the kubelet’s certificate', () => {
    const twins = withObjects(healthy, (nodes) =>
      [...nodes, nodeObject('w2')].map((node) => (node.controlPlane ? node : { ...node, machineId: 'same' })),
    );
    const facts = withMachine(withMachine(twins, 'w1', { machineId: 'same' }, 'w1'), 'w2', { machineId: 'same' }, 'w2');
    expect(run(facts, [guardNode('cp1'), guardNode('w1'), guardNode('w2')])).toEqual([]);
  });

  it('refuses clones that nothing tells apart', () => {
    const twins = withObjects(healthy, (nodes) =>
      [...nodes, nodeObject('w2', { addresses: [] })].map((node) =>
        node.controlPlane ? node : { ...node, machineId: 'same', addresses: [] },
      ),
    );
    const facts = withMachine(twins, 'w1', { machineId: 'same' }, 'unknown');
    const findings = run(facts, [guardNode('cp1'), guardNode('w1'), guardNode('w2')]);
    expect(findings).toMatchObject([
      { guard: 'same-machine', summary: expect.stringContaining('Node objects w1, w2 share its ids') },
    ]);
  });
});

describe('nodes-ready', () => {
  it('refuses a node that is not Ready, with what it says itself', () => {
    const facts = withObjects(healthy, (nodes) =>
      nodes.map((node) =>
        node.name === 'w1'
          ? { ...node, ready: false, readyReason: 'NodeStatusUnknown: Kubelet stopped posting node status.' }
          : node,
      ),
    );
    expect(run(facts)).toMatchObject([
      {
        guard: 'nodes-ready',
        severity: 'refuse',
        node: 'w1',
        summary: 'w1 is not Ready: NodeStatusUnknown: Kubelet stopped posting node status.',
      },
    ]);
  });

  it('only warns of a worker outside the inventory', () => {
    const facts = withObjects(healthy, (nodes) => [...nodes, nodeObject('w7', { ready: false })]);
    const findings = checkRun({ nodes: guardNodes(healthy), before: facts, after: facts }, ['nodes-ready']);
    expect(findings).toMatchObject([{ severity: 'warn' }]);
  });
});

describe('others-ready', () => {
  const down = (name: string) =>
    withObjects(healthy, (nodes) =>
      nodes.map((node) => (node.name === name ? { ...node, ready: false, readyReason: 'Unknown' } : node)),
    );
  const drainOf = (name: string, facts: Facts) => {
    const nodes = guardNodes(healthy);
    return checkStep({ nodes, before: facts, after: facts, step: stepOn(name, 'drain') }, ['others-ready']);
  };

  it('refuses to take a node out of service while another one is down', () => {
    expect(drainOf('w1', down('cp1'))).toMatchObject([{ guard: 'others-ready', severity: 'refuse', node: 'cp1' }]);
  });

  it('lets a broken node itself be drained', () => {
    expect(drainOf('w1', down('w1'))).toEqual([]);
  });
});

describe('api-servers-answer', () => {
  it('refuses a silent API server with its address and error', () => {
    const facts = sketch({ apiServers: { cp1: '1.31.9', cp2: null }, kubelets: { cp1: '1.31.9', cp2: '1.31.9' } });
    expect(run(facts)).toMatchObject([
      {
        guard: 'api-servers-answer',
        node: 'cp2',
        summary: 'the API server of cp2 at 10.0.1.2:6443 does not answer: connection refused',
      },
    ]);
  });

  it('refuses one that answers but is not ready', () => {
    const apiServers = [
      { node: 'cp1', endpoint: '10.0.1.1:6443', version: '1.31.9', ready: false, error: 'etcd failed' },
    ];
    const facts = { ...healthy, cluster: { ...healthy.cluster, apiServers } };
    expect(run(facts)).toMatchObject([
      { guard: 'api-servers-answer', summary: expect.stringContaining('(1.31.9) is not ready: etcd failed') },
    ]);
  });

  it('refuses a control plane whose API server nobody could ask', () => {
    const facts = { ...healthy, cluster: { ...healthy.cluster, apiServers: [] } };
    expect(run(facts)).toMatchObject([{ guard: 'api-servers-answer', node: 'cp1' }]);
  });
});

describe('repository-offers', () => {
  const url = 'https://pkgs.example.com/core:/stable:/v1.32/deb/';
  const revisions = { kubeadm: ['1.32.10-1.1', '1.32.4-1.1'], kubelet: ['1.32.10-1.1'], kubectl: ['1.32.10-1.1'] };
  const ask = (version: string, offered: NodeFacts['offered'], action = 'package-repo', packages: string[] = []) => {
    const node = { ...healthy.nodes['w1'], ...(offered ? { offered } : {}) };
    const before = { ...healthy, nodes: { ...healthy.nodes, w1: node } };
    const step = stepOn('w1', action, action === 'install-packages' ? { version, packages } : { version });
    return checkStep({ nodes: guardNodes(before), before, after: before, step }, ['repository-offers']);
  };

  it('holds when every package is offered in just that version', () => {
    expect(ask('1.32.10', { '1.32': { url, revisions } })).toEqual([]);
  });

  it('refuses a patch that is not there, and says what is', () => {
    const [finding] = ask('1.32.9', { '1.32': { url, revisions } }, 'install-packages', ['kubeadm']);
    expect(finding).toMatchObject({
      severity: 'refuse',
      node: 'w1',
      summary: `${url} does not offer kubeadm 1.32.9`,
      remedy: 'It offers 1.32.10, 1.32.4: choose one of these.',
    });
  });

  it('names the packages that are missing', () => {
    expect(ask('1.32.4', { '1.32': { url, revisions } })[0]?.summary).toBe(
      `${url} does not offer kubelet, kubectl 1.32.4`,
    );
  });

  it('does not take 1.32.1 for 1.32.10', () => {
    expect(ask('1.32.1', { '1.32': { url, revisions } }, 'install-packages', ['kubelet'])).toHaveLength(1);
  });

  it('refuses a repository that cannot be read, with the reason', () => {
    const [finding] = ask('1.32.9', { '1.32': { url, revisions: {}, error: 'curl: (6) Could not resolve host' } });
    expect(finding?.summary).toBe(
      'the package repository of 1.32 cannot be read from w1: curl: (6) Could not resolve host',
    );
  });

  it('is silent where the minor was not asked for, or the release is installed already', () => {
    expect(ask('1.32.9', undefined)).toEqual([]);
    expect(ask('1.31.9', { '1.31': { url, revisions: {} } }, 'install-packages', ['kubelet'])).toEqual([]);
  });
});
