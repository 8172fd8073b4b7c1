import { expect, test } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { loadInventory } from '../../src/documents/inventory.ts';
import { resolveInputs } from '../../src/documents/inputs.ts';
import { loadRunbook } from '../../src/documents/runbook.ts';
import { guards } from '../../src/guards/registry.ts';
import { differences, digestOf } from '../../src/plan/digest.ts';
import { batchesOf } from '../../src/plan/batches.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { needsOf } from '../../src/plan/needs.ts';
import { parsePlan } from '../../src/plan/plan.ts';
import { minorsOfPlan } from '../../src/plan/needs.ts';

const INVENTORY = `apiVersion: runbook/v1
kind: Inventory
cluster: test
nodes:
  - { name: a, host: 10.0.0.1, vars: { rack: one } }
  - { name: b, host: 10.0.0.2 }
  - { name: c, host: 10.0.0.3 }
`;

function runbook(phases: string): string {
  return `apiVersion: runbook/v1\nkind: Runbook\nname: test\ninputs:\n  word: { type: string, default: hi }\nphases:\n${phases}`;
}

async function plan(
  phases: string,
  options: { sets?: string[]; limit?: string; checks?: Record<string, boolean>; now?: number } = {},
) {
  const book = loadRunbook('test.yaml', runbook(phases), actions);
  const inventory = loadInventory('inventory.yaml', INVENTORY);
  if (!book.value || !inventory.value) throw new Error(JSON.stringify([book.diagnostics, inventory.diagnostics]));
  const inputs = resolveInputs(book.value, options.sets ?? []).values;
  const needs = needsOf(book.value, inventory.value, inputs, actions, guards);
  const made = await makePlan({
    runbook: { ...book, value: book.value },
    inventory: { ...inventory, value: inventory.value },
    inputs,
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    facts: { nodes: {} },
    actions,
    guards: needs.guards,
    checks: () => Promise.resolve(options.checks),
    now: options.now ?? 0,
  });
  return { plan: made, needs };
}

const ECHO = `  - name: one
    nodes: all
    steps:
      - name: Say it
        run: echo \${{ inputs.word }} \${{ node.name }}
        check: test -e /x
`;

test('a step is resolved for each node, in the order of the inventory', async () => {
  const { plan: made, needs } = await plan(ECHO, { sets: ['word=ho'] });
  expect(made.phases[0]?.batches).toEqual([['a'], ['b'], ['c']]);
  expect(made.phases[0]?.steps.map((step) => [step.id, step.node, step.script])).toEqual([
    ['1.1-say-it', 'a', expect.stringMatching(/^set -eu;.*\necho ho a$/)],
    ['1.1-say-it', 'b', expect.stringMatching(/\necho ho b$/)],
    ['1.1-say-it', 'c', expect.stringMatching(/\necho ho c$/)],
  ]);
  expect(made.phases[0]?.steps.map(({ commands }) => commands)).toEqual([['echo ho a'], ['echo ho b'], ['echo ho c']]);
  expect(needs.facts).toEqual([]);
});

test('a run: step is strict under sh, unless it says otherwise; one that only looks is read', async () => {
  const { plan: made } = await plan(`  - name: one
    nodes: a
    steps:
      - { name: Loose, run: echo loose, strict: false }
      - { name: Bash, run: echo bash, shell: bash, check: 'true' }
      - { name: Look, run: echo look, changes: false }
`);
  const [loose, bash, look] = made.phases[0]?.steps ?? [];
  expect(loose).toMatchObject({ script: 'echo loose', commands: ['echo loose'] });
  expect(bash).toMatchObject({
    script: expect.stringMatching(/exec bash.*\nset -eu/),
    shell: 'bash',
    commands: ['echo bash'],
  });
  expect(look).toMatchObject({ effect: 'none', predicted: { outcome: 'read' } });
  expect(JSON.stringify(made)).not.toContain('"shown"');
});

test('what a check already finds done is planned as unchanged', async () => {
  const { plan: made } = await plan(ECHO, { checks: { 'b/1.1-say-it': true } });
  expect(made.phases[0]?.steps.map((step) => step.predicted.outcome)).toEqual(['change', 'unchanged', 'change']);
});

test('--limit takes nodes out of every phase', async () => {
  const { plan: made } = await plan(ECHO, { limit: '!b' });
  expect(made.nodes.map((node) => node.name)).toEqual(['a', 'c']);
});

test('a condition that is false on a node skips the step there, with the reason', async () => {
  const { plan: made } = await plan(`  - name: one
    nodes: all
    steps:
      - run: "true"
        if: has(node.vars.rack) && node.vars.rack == 'one'
`);
  expect(made.phases[0]?.steps.map((step) => step.predicted.outcome)).toEqual(['change', 'skipped', 'skipped']);
});

test('of a phase whose condition is false nothing is planned, and the plan says so', async () => {
  const { plan: made } = await plan(`  - name: one
    nodes: all
    if: inputs.word == 'other'
    steps: [{ run: "true" }]
  - name: two
    nodes: a
    steps: [{ run: "true" }]
`);
  expect(made.phases.map(({ number, name, skipped, batches }) => ({ number, name, skipped, batches }))).toEqual([
    { number: 1, name: 'one', skipped: "if: inputs.word == 'other' is false", batches: [] },
    { number: 2, name: 'two', skipped: undefined, batches: [['a']] },
  ]);
});

test('what always runs is planned for each node, on the facts that its steps leave', async () => {
  const { plan: made } = await plan(`  - name: one
    nodes: a, b
    steps:
      - { name: Out, run: echo out, undoneBy: in }
    always:
      - { id: in, name: In, run: echo in }
      - { name: Note, run: echo failed, if: node.failed }
`);
  const [phase] = made.phases;
  expect(phase?.steps.map(({ id, node, undoneBy }) => [id, node, undoneBy])).toEqual([
    ['1.1-out', 'a', 'in'],
    ['1.1-out', 'b', 'in'],
  ]);
  expect(phase?.always?.map(({ id, node, ref, predicted }) => [id, node, ref, predicted.outcome])).toEqual([
    ['1.a1-in', 'a', 'in', 'change'],
    ['1.a2-note', 'a', undefined, 'skipped'],
    ['1.a1-in', 'b', 'in', 'change'],
    ['1.a2-note', 'b', undefined, 'skipped'],
  ]);
  expect(phase?.always?.[1]?.predicted.reason).toBe('only where the node failed');
});

test('a `once` step is planned on the first node that the phase works on', async () => {
  const once = `  - name: one
    nodes: all
    steps:
      - { run: echo one, once: true }
      - { run: echo all, retries: 2, retryDelay: 10s, continueOnError: true }
`;
  const nodesOf = (made: Awaited<ReturnType<typeof plan>>, id: string) =>
    made.plan.phases[0]?.steps.filter((step) => step.id === id).map(({ node }) => node);
  const whole = await plan(once);
  expect(nodesOf(whole, '1.1-run')).toEqual(['a']);
  expect(nodesOf(whole, '1.2-run')).toEqual(['a', 'b', 'c']);
  expect(whole.plan.phases[0]?.steps[1]).toMatchObject({ retryDelay: 10_000, continueOnError: true });
  expect(nodesOf(await plan(once, { limit: '!a' }), '1.1-run')).toEqual(['b']);
});

test('the digest depends on what would be done, not on when it was planned', async () => {
  const one = await plan(ECHO, { now: 1 });
  const two = await plan(ECHO, { now: 2 });
  const other = await plan(ECHO, { sets: ['word=x'] });
  expect(two.plan.digest).toBe(one.plan.digest);
  expect(other.plan.digest).not.toBe(one.plan.digest);
});

test('a plan survives being saved and read', async () => {
  const { plan: made } = await plan(ECHO);
  const read = parsePlan(JSON.stringify(made));
  expect('plan' in read ? read.plan : read.problem).toEqual(JSON.parse(JSON.stringify(made)));
  expect(parsePlan(JSON.stringify({ ...made, version: 99 }))).toHaveProperty('problem');
});

test('facts, guards and minors are those that the actions declare', async () => {
  const text = runbook(`  - name: one
    nodes: a
    steps:
      - uses: install-packages
        with: { packages: [kubeadm], version: 1.32.9 }
`);
  const book = loadRunbook('test.yaml', text, actions);
  const inventory = loadInventory('inventory.yaml', INVENTORY);
  if (!book.value || !inventory.value) throw new Error('not valid');
  const needs = needsOf(book.value, inventory.value, {}, actions, guards);
  expect(needs.minors).toEqual(['1.32']);
  expect(needs.facts).toEqual(expect.arrayContaining(['packages', 'offered', 'nodes', 'machine']));
  expect(needs.guards).toContain('repository-offers');
  expect(minorsOfPlan((await plan(ECHO)).plan, new Map())).toEqual([]);
});

test.each([
  [3, 1, [['a'], ['b'], ['c']]],
  [3, 2, [['a', 'b'], ['c']]],
  [3, '25%', [['a'], ['b'], ['c']]],
  [3, '100%', [['a', 'b', 'c']]],
  [0, 1, []],
] as const)('%i nodes with serial %s go in batches', (count, serial, batches) => {
  const nodes = ['a', 'b', 'c'].slice(0, count).map((name) => ({ name }));
  expect(batchesOf(nodes, serial)).toEqual(batches);
});

test('a digest does not depend on the order of keys, and differences name what moved', () => {
  expect(digestOf({ a: 1, b: { c: 2 } })).toBe(digestOf({ b: { c: 2 }, a: 1 }));
  expect(differences({ n: { v: '1', w: [1] } }, { n: { v: '2', w: [1] }, m: 3 })).toEqual([
    'm: nothing -> 3',
    'n.v: "1" -> "2"',
  ]);
});
