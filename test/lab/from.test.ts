import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { runLab } from '../../src/lab/command.ts';
import { startLab } from '../../src/lab/lab.ts';

const nodes = [
  { name: 'alpha', host: '10.7.0.1', role: 'control-plane', vars: { rack: 'r1' } },
  { name: 'beta', host: '10.7.0.2', role: 'worker' },
];
const document = { readAt: '2026-03-01T12:00:00Z', inventory: { cluster: 'shop', nodes, groups: { first: ['beta'] } } };

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
