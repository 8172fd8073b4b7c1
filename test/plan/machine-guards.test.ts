import { expect, test } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { loadInventory } from '../../src/documents/inventory.ts';
import { loadRunbook } from '../../src/documents/runbook.ts';
import type { NodeFacts } from '../../src/facts/facts.ts';
import { guards } from '../../src/guards/registry.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { needsOf } from '../../src/plan/needs.ts';

const INVENTORY = `apiVersion: runbook/v1
kind: Inventory
cluster: test
nodes:
  - { name: a, host: 10.0.0.1 }
`;
const keyring = '/etc/apt/keyrings/kubernetes-apt-keyring.gpg';
const now = 1_800_000_000;
const url = (minor: string) => `https://pkgs.k8s.io/core:/stable:/v${minor}/deb/`;

/** A machine whose package source has a key that ended yesterday. */
const machine: NodeFacts = {
  os: { id: 'debian', idLike: [], versionId: '12', prettyName: 'Debian', packageManager: 'apt' },
  packages: { installed: { kubelet: { revision: '1.31.9-1.1', status: 'ii' } }, held: [], manager: 'apt' },
  repository: {
    sources: [
      {
        file: '/etc/apt/sources.list.d/kubernetes.list',
        line: 1,
        format: 'list',
        enabled: true,
        url: url('1.31'),
        baseUrl: 'https://pkgs.k8s.io',
        channel: 'stable',
        minor: '1.31',
        signedBy: keyring,
      },
    ],
  },
  repositoryKeys: { now, keyrings: [{ file: keyring, keys: [{ id: 'A', expires: now - 86_400 }] }] },
  offered: Object.fromEntries(
    ['1.31', '1.32'].map((minor) => [
      minor,
      {
        url: url(minor),
        revisions: { kubelet: [`${minor}.10-1.1`], kubeadm: [`${minor}.10-1.1`], kubectl: [`${minor}.10-1.1`] },
      },
    ]),
  ),
  binaries: { kubelet: '1.31.9' },
};

async function keyFindings(steps: string) {
  const text = `apiVersion: runbook/v1\nkind: Runbook\nname: test\nphases:\n  - name: one\n    nodes: all\n    steps:\n${steps}`;
  const book = loadRunbook('test.yaml', text, actions);
  const inventory = loadInventory('inventory.yaml', INVENTORY);
  if (!book.value || !inventory.value) throw new Error(JSON.stringify([book.diagnostics, inventory.diagnostics]));
  const plan = await makePlan({
    runbook: { ...book, value: book.value },
    inventory: { ...inventory, value: inventory.value },
    inputs: {},
    facts: { nodes: { a: machine } },
    actions,
    guards: needsOf(book.value, inventory.value, {}, actions, guards).guards,
    checks: () => Promise.resolve({}),
    now: 0,
  });
  return plan.findings
    .filter(({ guard }) => guard === 'repository-key')
    .map(({ severity, step, node }) => ({ severity, step, node }));
}

const install = (version: string) =>
  `      - uses: install-packages\n        with: { packages: [kubelet], version: ${version} }\n`;

test('what is a warning for the whole and a refusal for a step is told once, as the refusal', async () => {
  expect(await keyFindings(install('1.31.10'))).toEqual([
    { severity: 'refuse', step: '1.1-install-packages', node: 'a' },
  ]);
});

test('a key that an earlier step of the plan fetches anew is no reason to refuse', async () => {
  const steps = `      - uses: package-repo\n        with: { version: 1.32.10 }\n${install('1.32.10')}`;
  expect(await keyFindings(steps)).toEqual([{ severity: 'warn', step: undefined, node: 'a' }]);
});
