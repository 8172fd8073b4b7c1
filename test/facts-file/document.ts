import { type FactsDocument, factsDocument } from '../../src/facts-file/document.ts';

/** A facts file of a control plane and a worker. */
export function exampleDocument(changes: Partial<FactsDocument> = {}): FactsDocument {
  return factsDocument({
    program: '0.1.0',
    readAt: '2026-11-30T11:00:00.000Z',
    inventory: {
      file: 'inventory.yaml',
      digest: 'ab12',
      cluster: 'prod',
      nodes: [
        { name: 'cp-1', host: '10.0.0.11', role: 'control-plane', vars: {} },
        { name: 'worker-1', host: '10.0.0.21', role: 'worker', vars: { rack: 'a' } },
      ],
      groups: { edge: ['worker-1'] },
      packages: {},
      kubectl: { on: 'control-plane', kubeconfig: '/etc/kubernetes/admin.conf' },
    },
    asked: { nodes: ['cp-1', 'worker-1'], facts: ['binaries'], minors: ['1.31', '1.32'] },
    facts: { nodes: { 'cp-1': { binaries: { kubeadm: '1.31.9' } }, 'worker-1': { binaries: {} } } },
    ...changes,
  });
}
