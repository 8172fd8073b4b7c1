import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { parse } from 'yaml';
import { runLab } from '../../src/lab/command.ts';
import { FastTime } from '../../src/lab/fast-time.ts';
import { startLab } from '../../src/lab/lab.ts';
import { createTwin } from '../../src/lab/twin/twin.ts';

const nodes = [
  { name: 'alpha', host: '10.7.0.1', role: 'control-plane', vars: { rack: 'r1' } },
  { name: 'beta', host: '10.7.0.2', role: 'worker' },
];
const document = { readAt: '2026-03-01T12:00:00Z', inventory: { cluster: 'shop', nodes, groups: { first: ['beta'] } } };

/** Of a kubelet, with these values in its file. */
function settings(values: Readonly<Record<string, string>>) {
  return { flags: [], shadowing: [], ownUnits: [], config: { featureGates: {}, settings: values } };
}

let folder: string;
let stderr: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-lab-from-'));
  stderr = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

function file(content: unknown): string {
  const path = join(folder, 'facts.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

it.each([
  ['a file that is not there', () => join(folder, 'none.json'), 'there is no such file'],
  ['what is not JSON', () => file('kind: Inventory\n'), 'is not JSON'],
  ['what is no facts file', () => file({ kind: 'Plan' }), 'is not a file of `runbook facts`'],
  [
    'a value that is none',
    () => file({ ...document, facts: { nodes: { beta: { packages: { installed: 3, held: [] } } } } }),
    'facts.nodes.beta.packages.installed',
  ],
  ['null for an object', () => file({ ...document, facts: { nodes: { beta: null } } }), 'facts.nodes.beta: '],
  [
    'a newer version',
    () => file({ ...document, version: 2, facts: { nodes: {} } }),
    'version: this lab reads version 1',
  ],
  [
    "a kubelet's setting that is no JSON",
    () => file({ ...document, facts: { nodes: { beta: { kubeletSetup: settings({ clusterDomain: 'x' }) } } } }),
    'config.settings.clusterDomain: is not a value as JSON writes it',
  ],
])('refuses %s, and says how to make one', async (_what, path, words) => {
  expect(await runLab(['up', '--dir', folder, '--from', path()])).toBe(2);
  expect(stderr).toContain(words);
  expect(stderr).toContain('runbook facts -i INVENTORY');
});

it('refuses options that the file decides', async () => {
  const words = ['up', '--dir', folder, '--from', file({ ...document, facts: { nodes: {} } }), '--workers', '3'];
  expect(await runLab(words)).toBe(2);
  expect(stderr).toContain('--workers does not go with --from');
});

it("answers by SSH under the names of the file's inventory, with its groups and variables", async () => {
  const lab = await startLab({ from: file({ ...document, facts: { nodes: {} } }) });
  try {
    expect(lab.nodes.map(({ name, role }) => `${name} ${role}`)).toEqual(['alpha control-plane', 'beta worker']);
    expect(parse(lab.inventory('id', 'known_hosts'))).toMatchObject({
      cluster: 'shop',
      nodes: [{ name: 'alpha', role: 'control-plane', vars: { rack: 'r1' } }, { name: 'beta' }],
      groups: { first: ['beta'] },
    });
  } finally {
    await lab.close();
  }
});

it('makes a file of a setting that is called as what every object has, and of nothing else', async () => {
  const kubeletSetup = settings({ '__proto__.runbookTest': '5', 'logging.verbosity': '2' });
  const lab = await startLab({ from: file({ ...document, facts: { nodes: { beta: { kubeletSetup } } } }) });
  onTestFinished(() => lab.close());
  expect(Reflect.get({}, 'runbookTest')).toBeUndefined();
});

it('takes more budgets than a call has room for arguments', async () => {
  const selector = { matchLabels: {}, matchExpressions: [] };
  const counts = { disruptionsAllowed: 0, expectedPods: 0, currentHealthy: 0, desiredHealthy: 0 };
  const budget = { namespace: 'demo', name: 'one', selector, ...counts, generation: 1, observedGeneration: 1 };
  const pdbs = Array.from({ length: 200_000 }, () => budget);
  const world = await createTwin({ ...document, facts: { nodes: {}, cluster: { pdbs } } }, { clock: new FastTime() });
  expect(world.cluster.budgets).toHaveLength(200_000);
});
