import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { loadInventory } from '../../src/documents/inventory.ts';
import { checkMembership } from '../../src/documents/membership-checks.ts';
import { checkSelection } from '../../src/documents/runbook-checks.ts';
import { loadRunbook } from '../../src/documents/runbook.ts';
import { shown } from './fakes.ts';

const root = new URL('../../', import.meta.url);
const inventories = {
  'one control plane': 'nodes: [{ name: cp-1, host: h1, role: control-plane }]',
  'hosts without roles': 'nodes: [{ name: a, host: h1 }]',
  'three control planes': `nodes:
  - { name: cp-1, host: h1, role: control-plane }
  - { name: cp-2, host: h2, role: control-plane }
  - { name: cp-3, host: h3, role: control-plane }
  - { name: w-1, host: h4, role: worker }
  - { name: w-2, host: h5, role: worker }
groups:
  old: [w-1]
  new: [w-2]
  new-control-planes: [cp-3]
  old-control-planes: [cp-1]
`,
  'a managed cluster': `nodes:
  - { name: prod, host: prod }
  - { name: general, host: general }
groups:
  eks: [prod]
  node-groups: [general]
`,
};

/** What a runbook asks of the inventory, where it is more than one control plane. */
const only: Readonly<Record<string, readonly string[]>> = {
  'smoke.yaml': Object.keys(inventories),
  'replace-workers.yaml': ['three control planes'],
  'replace-control-planes.yaml': ['three control planes'],
  'managed-eks.yaml': ['a managed cluster'],
};

const names = readdirSync(new URL('runbooks', root)).filter((name) => name.endsWith('.yaml'));

test.each(names)('the ready-made %s is valid', (name) => {
  const text = readFileSync(new URL(`runbooks/${name}`, root), 'utf8');
  const { value, diagnostics } = loadRunbook(name, text, actions);
  expect(shown(diagnostics)).toEqual([]);
  if (!value) throw new Error('it must load');
  for (const [title, nodes] of Object.entries(inventories)) {
    if (!(only[name] ?? ['one control plane', 'three control planes']).includes(title)) continue;
    const head = 'apiVersion: runbook/v1\nkind: Inventory\ncluster: c\n';
    const inventory = loadInventory('i.yaml', head + nodes).value;
    if (!inventory) throw new Error('it must load');
    const problems = [...checkSelection(value, inventory), ...checkMembership(value, inventory, actions)];
    expect([title, shown(problems)]).toEqual([title, []]);
  }
});

test.each([
  ['replace-workers.yaml', 'new: [w-1, w-2, w-3], old: [w-1, w-3]', 'old', 'New workers join', 'Old workers'],
  [
    'replace-control-planes.yaml',
    "new-control-planes: ['cp-*'], old-control-planes: [cp-1, cp-3]",
    'old-control-planes',
    'New control planes join',
    'Old control planes',
  ],
])('%s is refused where a node is in both groups: it would join and leave', (name, groups, at, joins, leaves) => {
  const text = readFileSync(new URL(`runbooks/${name}`, root), 'utf8');
  const { value } = loadRunbook(name, text, actions);
  const nodes = ['cp-1', 'cp-2', 'cp-3', 'w-1', 'w-2', 'w-3'].map((node) => `{ name: ${node}, host: h-${node} }`);
  const both = `apiVersion: runbook/v1\nkind: Inventory\ncluster: c\nnodes: [${nodes.join(', ')}]\ngroups: { ${groups} }\n`;
  const inventory = loadInventory('i.yaml', both.replace("'cp-*'", 'cp-1, cp-2, cp-3')).value;
  if (!inventory || !value) throw new Error('both must load');
  const who = name === 'replace-workers.yaml' ? 'w-1, w-3' : 'cp-1, cp-3';
  const line = text
    .split('\n')
    .findIndex((one, index, all) => one.includes(`nodes: ${at}`) && all[index - 1]?.includes(leaves));
  expect(shown(checkMembership(value, inventory, actions))).toEqual([
    `${line + 1}:12 joins-and-leaves ${who} would join the cluster (phase ${joins}) and leave it again (phase ${leaves})`,
  ]);
});

test('the example inventory is valid and says the defaults', () => {
  const text = readFileSync(new URL('inventory.example.yaml', root), 'utf8');
  const { value, diagnostics } = loadInventory('inventory.example.yaml', text);
  expect(shown(diagnostics)).toEqual([]);
  expect(value?.nodes.map(({ name, role }) => `${name} ${role}`)).toEqual([
    'cp-1 control-plane',
    'cp-2 control-plane',
    'cp-3 control-plane',
    'worker-1 worker',
    'worker-2 worker',
  ]);
});

test('every commented key of the example inventory may be uncommented', () => {
  const text = readFileSync(new URL('inventory.example.yaml', root), 'utf8');
  const body = text.slice(text.indexOf('apiVersion'));
  const uncommented = body.replaceAll(/^( *)# (?=(?:\w+:|  baseUrl:))/gm, '$1');
  expect(uncommented).not.toBe(body);
  expect(shown(loadInventory('inventory.example.yaml', uncommented).diagnostics)).toEqual([]);
});
