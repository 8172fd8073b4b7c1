import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Plan, planDigest } from '../../src/plan/plan.ts';
import { folder } from './cli.ts';
import { runbook } from './in-process.ts';

const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: here
phases:
  - name: Here
    nodes: unit
    steps:
      - { name: Gate, run: 'test -e DIR/go', on: local, effect: repeatable }
      - { name: Mark, run: 'echo planned >>DIR/mark', on: local, check: 'test -e DIR/mark' }
`;
const INVENTORY = `apiVersion: runbook/v1
kind: Inventory
cluster: nowhere
nodes: [{ name: unit, host: unit.invalid }]
`;

/** A runbook of local steps: it contacts nothing, and its first step fails until the file `go` is there. */
function local() {
  const dir = folder();
  const path = (name: string) => join(dir, name);
  writeFileSync(path('here.yaml'), RUNBOOK.replaceAll('DIR', dir));
  writeFileSync(path('inventory.yaml'), INVENTORY);
  const state = ['--state-dir', path('state')];
  return {
    path,
    state,
    go: () => writeFileSync(path('go'), ''),
    plan: () => runbook(['plan', path('here.yaml'), '-i', path('inventory.yaml'), ...state, '-o', path('plan.json')]),
    apply: () => runbook(['apply', path('here.yaml'), '-i', path('inventory.yaml'), ...state, '--yes']),
    mark: () => (existsSync(path('mark')) ? readFileSync(path('mark'), 'utf8') : ''),
  };
}

type Edit = (plan: Plan) => unknown;

/** Edits a plan.json as someone with an editor does; `sealed`: with the digest of what it holds then. */
function edit(file: string, change: Edit, sealed = false): Plan {
  const plan: Plan = JSON.parse(readFileSync(file, 'utf8'));
  change(plan);
  const edited = sealed ? { ...plan, digest: planDigest(plan) } : plan;
  writeFileSync(file, JSON.stringify(edited));
  return edited;
}

/** Overwrites members of the last planned step. */
function lastStep(members: Readonly<Record<string, unknown>>): Edit {
  return (plan) => Object.assign(plan.phases[0]?.steps.at(-1) ?? {}, members);
}

const EDITS: readonly (readonly [string, Edit])[] = [
  ['script', lastStep({ script: 'echo evil >>/dev/null\n' })],
  ['place', lastStep({ place: 'node' })],
  ['commands', lastStep({ commands: ['true'] })],
];

test.each(EDITS)('a saved plan whose %s was edited is refused before anything is contacted', async (_name, change) => {
  const it = local();
  it.go();
  expect((await it.plan()).code).toBe(0);
  edit(it.path('plan.json'), change);
  for (const command of ['plan', 'apply']) {
    const refused = await runbook([
      command,
      it.path('plan.json'),
      ...it.state,
      ...(command === 'apply' ? ['--yes'] : []),
    ]);
    expect(refused.code, refused.all).toBe(2);
    expect(refused.all).toMatch(
      /plan\.json: the plan was edited or damaged after it was made: its digest is [0-9a-f]{64}/,
    );
    expect(refused.all).toContain('Make the plan again');
  }
  expect(it.mark()).toBe('');
});

test('an edited plan that was sealed again is compared with a fresh one, and both scripts are shown', async () => {
  const it = local();
  it.go();
  await it.plan();
  edit(it.path('plan.json'), lastStep({ script: 'echo evil', commands: ['echo planned'], place: 'node' }), true);
  for (const words of [['plan'], ['apply', '--yes']]) {
    const refused = await runbook([...words, it.path('plan.json'), ...it.state]);
    expect(refused.code, refused.all).toBe(3);
    expect(refused.all).toContain('is not what its runbook comes to now');
    expect(refused.all).toContain('unit/1.2-mark: in the file -> in a fresh plan');
    expect(refused.all).toMatch(/place: "node" -> "local"[^]*\| echo evil[^]*\| echo planned >>/);
    expect(refused.all).toMatch(/Plan again: runbook plan \S+here\.yaml/);
  }
  expect(it.mark()).toBe('');
});

test('a step that was added to a saved plan, and one that was taken out, are named', async () => {
  const it = local();
  it.go();
  await it.plan();
  edit(
    it.path('plan.json'),
    (plan) => {
      const steps: Plan['phases'][number]['steps'][number][] = [...(plan.phases[0]?.steps ?? [])];
      const [gate, mark] = steps;
      if (gate && mark) Object.assign(plan.phases[0] ?? {}, { steps: [gate, { ...mark, id: '1.3-more' }] });
    },
    true,
  );
  const refused = await runbook(['apply', it.path('plan.json'), ...it.state, '--yes']);
  expect(refused.code).toBe(3);
  expect(refused.all).toContain('unit/1.3-more: only in the file');
  expect(refused.all).toContain('unit/1.2-mark: not in the file');
});

test('an inventory that was edited since the plan was saved is refused like an edited runbook', async () => {
  const it = local();
  it.go();
  await it.plan();
  writeFileSync(it.path('inventory.yaml'), INVENTORY.replace('unit.invalid', 'other.invalid'));
  const refused = await runbook(['apply', it.path('plan.json'), ...it.state, '--yes']);
  expect(refused.code, refused.all).toBe(3);
  expect(refused.all).toMatch(/out of date[^]*the inventory \S+ was edited/);
  expect(it.mark()).toBe('');
});

test('plan FILE shows the steps of the file, and --plan-digest names the only plan that runs', async () => {
  const it = local();
  it.go();
  const planned = await it.plan();
  const digest = /digest +([0-9a-f]{64})/.exec(planned.stdout)?.[1] ?? '';
  expect((await runbook(['plan', it.path('plan.json'), ...it.state])).stdout).toBe(planned.stdout);
  const apply = (...words: string[]) => runbook(['apply', ...words, ...it.state, '--yes']);
  expect((await apply(it.path('plan.json'), '--plan-digest', 'abc')).code).toBe(2);
  const other = await apply(it.path('plan.json'), '--plan-digest', 'ab'.repeat(32));
  expect([other.code, other.all]).toEqual([2, expect.stringContaining(digest)]);
  const fresh = await apply(it.path('here.yaml'), '-i', it.path('inventory.yaml'), '--plan-digest', 'ab'.repeat(32));
  expect([fresh.code, fresh.all]).toEqual([3, expect.stringContaining(digest)]);
  expect(it.mark()).toBe('');
  expect((await apply(it.path('plan.json'), '--plan-digest', digest)).code).toBe(0);
  expect(it.mark()).toBe('planned\n');
});

test.each(EDITS)(
  'a plan in the state folder whose %s was edited is not continued, sealed again or not',
  async (_name, change) => {
    const it = local();
    expect((await it.apply()).code).toBe(1);
    it.go();
    const [run = ''] = readdirSync(it.path('state/runs'));
    const file = it.path(`state/runs/${run}/plan.json`);
    const text = readFileSync(file, 'utf8');
    for (const sealed of [false, true]) {
      writeFileSync(file, text);
      edit(file, change, sealed);
      for (const words of [['resume', '--yes'], ['status'], ['logs', run]]) {
        const refused = await runbook([...words, ...it.state]);
        expect(refused.code, refused.all).toBe(2);
        expect(refused.all).toContain(`${file}: `);
        expect(refused.all).toMatch(
          sealed ? /the run was started with [0-9a-f]{64}/ : /edited or damaged after it was made/,
        );
        expect(refused.all).toContain(`runbook resume ${run} -i INVENTORY`);
      }
    }
    expect(it.mark()).toBe('');
    writeFileSync(file, text);
    expect((await runbook(['resume', '--yes', ...it.state])).code).toBe(0);
    expect(it.mark()).toBe('planned\n');
  },
);
