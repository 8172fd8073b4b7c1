import type { Scope } from '../../src/documents/model.ts';
import type { Declared } from '../../src/documents/names.ts';

/** Names that an expression may use, and values of them. */
export const declared: Declared = {
  inputs: {
    version: { type: 'version' },
    n: { type: 'number' },
    force: { type: 'boolean' },
    wait: { type: 'duration' },
  },
  node: true,
  cluster: true,
  hop: true,
  env: ['A'],
};
export const scope: Scope = {
  inputs: { version: '1.32.9', n: 3, force: true, wait: '10m' },
  env: { A: 'a' },
  node: {
    name: 'w-1',
    host: 'h',
    role: 'worker',
    labels: { ingress: 'true', 'kubernetes.io/os': 'linux' },
    vars: { rack: 'a', list: [1, 'x'], deep: { k: true } },
    facts: { os: { id: 'debian', versionId: '12', packageManager: 'apt' } },
  },
  cluster: { name: 'c', version: '1.31.9' },
  hop: { version: '1.32.9', first: true, last: false },
};
