import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkInventories, loadFleet } from '../../src/documents/fleet.ts';
import { stageClusters } from '../../src/documents/fleet-stages.ts';
import { loadInventory } from '../../src/documents/inventory.ts';
import { shown } from './fakes.ts';

const HEAD = 'apiVersion: runbook/v1\nkind: Fleet\nname: prod\n';
const CLUSTERS = `clusters:
  - { name: eu1, inventory: eu1/inventory.yaml, site: eu, labels: { env: canary } }
  - { name: eu2, inventory: eu2/inventory.yaml, site: eu, labels: { env: prod, tier: gold } }
  - { name: us1, inventory: us1/inventory.yaml, site: us, labels: { env: prod } }
`;
const stages = (...texts: string[]) => `strategy:\n  stages:\n${texts.map((text) => `    - ${text}\n`).join('')}`;
const ALL = stages("{ name: all, clusters: 'true' }");

test('a fleet is read with its defaults, and its inventories from its folder on', () => {
  const { value, diagnostics } = loadFleet('fleets/fleet.yaml', HEAD + CLUSTERS + ALL);
  expect(shown(diagnostics)).toEqual([]);
  expect(value?.clusters[1]).toMatchObject({
    name: 'eu2',
    file: 'fleets/eu2/inventory.yaml',
    labels: { tier: 'gold' },
  });
  expect(value?.stages).toMatchObject([{ name: 'all', maxConcurrent: 1, maxFailures: 0, approve: false }]);
});

const one = (text: string) => HEAD + CLUSTERS + stages(text);

test.each<[string, string, string[]]>([
  ['an unknown key', one("{ name: a, clusters: 'true', maxConcurent: 2 }"), ['unknown-key']],
  [
    'two clusters of one name',
    `${HEAD}clusters:\n  - { name: a, inventory: a }\n  - { name: a, inventory: b }\n${ALL}`,
    ['duplicate-cluster'],
  ],
  [
    'two clusters of one inventory',
    `${HEAD}clusters:\n  - { name: a, inventory: i }\n  - { name: b, inventory: i }\n${ALL}`,
    ['duplicate-cluster'],
  ],
  [
    'two stages of one name',
    HEAD + CLUSTERS + stages("{ name: a, clusters: site == 'eu' }", "{ name: a, clusters: 'true' }"),
    ['duplicate-stage'],
  ],
  ['no stages', `${HEAD}${CLUSTERS}strategy: { stages: [] }\n`, ['invalid-value']],
  ['no clusters', `${HEAD}clusters: []\n${ALL}`, ['invalid-value', 'empty-stage']],
  ['a misspelt label', one("{ name: a, clusters: labels.evn == 'prod' }"), ['unknown-name']],
  ['a misspelt name', one("{ name: a, clusters: sitee == 'eu' }"), ['unknown-name']],
  ['a broken expression', one("{ name: a, clusters: 'site ==' }"), ['expression-syntax']],
  ['an expression that is no question', one('{ name: a, clusters: site }'), ['expression-type']],
  ['a template', one("{ name: a, clusters: '${{ true }}' }"), ['expression-syntax']],
  [
    'a stage that takes nothing',
    HEAD + CLUSTERS + stages("{ name: a, clusters: 'true' }", "{ name: b, clusters: 'true' }"),
    ['empty-stage'],
  ],
  ['clusters that no stage takes', one("{ name: a, clusters: site == 'eu' }"), ['no-stage']],
  [
    'a soak after the last stage',
    one("{ name: a, clusters: 'true', soak: 1h, approve: true }"),
    ['pointless', 'pointless'],
  ],
  ['a share above 100%', one("{ name: a, clusters: 'true', maxFailures: 101% }"), ['invalid-value']],
  ['no cluster at a time', one("{ name: a, clusters: 'true', maxConcurrent: 0 }"), ['invalid-value']],
  ['a soak without a unit', one("{ name: a, clusters: 'true', soak: 24 }"), ['invalid-value', 'pointless']],
  ['a gate that asks nothing', one("{ name: a, clusters: 'true', gate: {} }"), ['gate-form']],
  [
    'a gate on a control plane',
    one("{ name: a, clusters: 'true', gate: { run: 'true', on: control-plane } }"),
    ['gate-form'],
  ],
  ['an input in a gate', one("{ name: a, clusters: 'true', gate: { run: 'echo ${{ inputs.x }}' } }"), ['unknown-name']],
  ['a wrong day', one("{ name: a, clusters: 'true', window: { days: [sun, so] } }"), ['invalid-value']],
  ['a name that is no name of a folder', `${HEAD}clusters: [{ name: ../x, inventory: i }]\n${ALL}`, ['invalid-value']],
])('%s has a place in the file', (_what, text, codes) => {
  const { diagnostics } = loadFleet('fleet.yaml', text);
  expect(diagnostics.map(({ code }) => code).toSorted()).toEqual(codes.toSorted());
  for (const { span } of diagnostics) expect(span?.line).toBeGreaterThan(1);
});

test('the example of docs/fleet.md is valid', () => {
  const docs = readFileSync(new URL('../../docs/fleet.md', import.meta.url), 'utf8');
  const [, text = ''] = /```yaml\n([^]*?)```/.exec(docs) ?? [];
  expect(shown(loadFleet('fleet.yaml', text).diagnostics)).toEqual([]);
});

test('all problems are told at once', () => {
  const text =
    HEAD +
    CLUSTERS.replace('name: eu2', 'name: eu1') +
    stages("{ name: a, clusters: labels.evn == '', soak: 1x }", '{ clusters: site, more: 1 }');
  expect(loadFleet('fleet.yaml', text).diagnostics.length).toBeGreaterThanOrEqual(5);
});

describe('the clusters of a stage', () => {
  const clusters = [
    { name: 'a', site: 'eu', labels: { env: 'canary' } },
    { name: 'b', site: 'eu', labels: {} },
    { name: 'c', site: 'us', labels: { env: 'prod' } },
  ];
  const names = (...expressions: string[]) =>
    stageClusters(clusters, expressions).stages.map((stage) => stage.map(({ name }) => name).join(''));

  test('are those of no earlier stage, in the order of the fleet', () => {
    expect(names("labels.env == 'canary'", "site == 'eu'", 'true')).toEqual(['a', 'b', 'c']);
    expect(names("name in ['c', 'a']", 'true')).toEqual(['ac', 'b']);
    expect(stageClusters(clusters, ["site == 'us'"]).left.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test('a label that a cluster lacks is empty, and has() tells', () => {
    expect(names("labels.env != 'prod'")).toEqual(['ab']);
    expect(names('has(labels.env)')).toEqual(['ac']);
  });
});

test('inventories that are missing, broken, or of the same cluster are told at the path that names them', () => {
  const { value } = loadFleet('fleet.yaml', HEAD + CLUSTERS + ALL);
  if (!value) throw new Error('it must load');
  const inventory = (cluster: string) =>
    loadInventory(
      'i.yaml',
      `apiVersion: runbook/v1\nkind: Inventory\ncluster: ${cluster}\nnodes: [{ name: n, host: h }]\n`,
    );
  const read = new Map([
    ['eu1', inventory('one')],
    ['eu2', inventory('one')],
    ['us1', loadInventory('i.yaml', 'kind: Inventory\n')],
  ]);
  expect(checkInventories(value, read)).toMatchObject([
    { code: 'duplicate-cluster', span: { line: 6 } },
    { code: 'inventory', span: { line: 7 } },
  ]);
});
