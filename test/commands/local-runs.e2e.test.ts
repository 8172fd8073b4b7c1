import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { folder, labUp, runbook, startRunbook } from './cli.ts';
import { eventually } from '../eventually.ts';

/** Two nodes that no name server knows. */
const INVENTORY = `apiVersion: runbook/v1
kind: Inventory
cluster: nowhere
nodes:
  - { name: unit, host: unit.invalid, role: other }
  - { name: far, host: far.invalid }
`;

function written(phases: string) {
  const dir = folder();
  const [inventory, file] = [join(dir, 'inventory.yaml'), join(dir, 'here.yaml')];
  writeFileSync(inventory, INVENTORY);
  writeFileSync(file, `apiVersion: runbook/v1\nkind: Runbook\nname: here\nphases:\n${phases.replaceAll('DIR', dir)}`);
  const args = (...words: string[]) => [...words, file, '-i', inventory, '--state-dir', join(dir, 'state')];
  const run = (...words: string[]) => runbook(args(...words));
  return { dir, args, run, resume: () => runbook(['resume', '--yes', '--state-dir', join(dir, 'state')]) };
}

const MARK = `  - name: Here
    nodes: unit
    steps:
      - { name: Mark, run: 'echo here >>DIR/mark', on: local, check: test -e DIR/mark }
`;

test('a run whose steps are all local contacts no node, says that only its state folder is locked, and is swept', async () => {
  const it = written(MARK);
  const planned = await it.run('plan');
  expect(planned.code, planned.all).toBe(0);
  expect(planned.all.replaceAll(/\s+/g, ' ')).toContain(
    'no node is contacted, and none keeps a lock or a copy of the run',
  );
  const applied = await it.run('apply', '--yes');
  expect(applied.code, applied.all).toBe(0);
  expect(applied.all).not.toContain('connecting');
  expect(readFileSync(join(it.dir, 'mark'), 'utf8')).toBe('here\n');
  const [run = ''] = readdirSync(join(it.dir, 'state', 'local'));
  expect(readdirSync(join(it.dir, 'state', 'local', run)).toSorted()).toEqual(['attempts', 'epoch']);
  const again = await it.run('apply', '--yes');
  expect(again.code, again.all).toBe(0);
  expect(again.all).toContain('1 unchanged');
});

test('a node with a step of its own is found unreachable before a local step of another runs', async () => {
  const it = written(`${MARK}  - { name: There, nodes: far, steps: [{ run: 'true' }] }\n`);
  for (const words of [['plan'], ['apply', '--yes']]) {
    const { code, all } = await it.run(...words);
    expect(code, all).toBe(5);
    expect(all).toContain('far');
    expect(all).not.toContain('unit.invalid');
  }
  expect(existsSync(join(it.dir, 'mark'))).toBe(false);
});

test('a local step that asks what only its node can tell needs the node', async () => {
  const it = written(MARK.replace('on: local', "on: local, if: node.facts.hostname == 'a'"));
  const { code, all } = await it.run('plan');
  expect(code, all).toBe(5);
  expect(all).toContain('unit');
});

test('while a local run goes on another from the same state folder is refused, and after a kill it is resumed', async () => {
  const it = written(`  - name: Here
    nodes: unit
    steps:
      - { uses: wait, with: { command: test -e DIR/go, on: local, every: 1s } }
      - { name: Mark, run: 'echo here >>DIR/mark', on: local }
`);
  const running = startRunbook(it.args('apply', '--yes'));
  onTestFinished(() => void running.kill('SIGKILL'));
  let seen = '';
  running.all.on('data', (chunk: Buffer) => (seen += chunk.toString()));
  await eventually(() => expect(seen).toContain('started'), 20);
  const other = await it.run('apply', '--yes');
  expect(other.code, other.all).toBe(4);
  running.kill('SIGKILL');
  await running;
  writeFileSync(join(it.dir, 'go'), '');
  const resumed = await it.resume();
  expect(resumed.code, resumed.all).toBe(0);
  expect(resumed.all).toContain('no node holds a lock of this run');
  expect(readFileSync(join(it.dir, 'mark'), 'utf8')).toBe('here\n');
});

test('--new waits for what an abandoned run still does on this machine', async () => {
  const it = written(`  - name: Here
    nodes: unit
    steps:
      - { name: Long, run: 'echo here >>DIR/mark; until test -e DIR/go; do sleep 1; done', on: local }
`);
  onTestFinished(() => writeFileSync(join(it.dir, 'go'), ''));
  const running = startRunbook(it.args('apply', '--yes'));
  onTestFinished(() => void running.kill('SIGKILL'));
  await eventually(() => expect(existsSync(join(it.dir, 'mark'))).toBe(true), 20);
  running.kill('SIGKILL');
  await running;
  const refused = await it.run('apply', '--yes', '--new');
  expect(refused.code, refused.all).toBe(1);
  expect(refused.all).toMatch(/still runs on this machine/);
  writeFileSync(join(it.dir, 'go'), '');
  const resumed = await it.resume();
  expect(resumed.code, resumed.all).toBe(0);
  expect(readFileSync(join(it.dir, 'mark'), 'utf8')).toBe('here\n');
});

test('require refuses while planning, with what it says; what an earlier step is to bring about is asked when its turn comes', async () => {
  const require = (command: string) =>
    `      - { name: Look, uses: require, with: { on: local, command: ${command} } }\n`;
  const first = '  - name: First\n    nodes: unit\n    steps:\n';
  const fails = written(`${first}${require("'echo no such luck >&2; false'")}${MARK}`);
  for (const words of [['plan'], ['apply', '--yes']]) {
    const { code, all } = await fails.run(...words);
    expect(code, all).toBe(3);
    expect(all).toContain('-look: no such luck');
  }
  expect(existsSync(join(fails.dir, 'mark'))).toBe(false);

  const later = written(`${MARK}${first}${require('test -e DIR/mark')}`);
  const applied = await later.run('apply', '--yes');
  expect(applied.code, applied.all).toBe(0);
  expect(applied.all).toContain('1 changed, 1 unchanged');

  const never = written(`${MARK}${first}${require("'echo it vanished; test -e DIR/gone'")}`);
  const failed = await never.run('apply', '--yes');
  expect(failed.code, failed.all).toBe(1);
  expect(failed.all).toContain('it vanished');
});

test('beside nodes of a cluster a unit without SSH is left alone, also by a resume that reads everything anew', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '1');
  const it = written(`${MARK}  - name: Worker
    nodes: worker-1
    steps:
      - uses: cordon
      - { name: Gate, run: test -e DIR/go, on: local, effect: repeatable }
      - uses: uncordon
`);
  const inventory = readFileSync(lab.inventory, 'utf8').replace(
    /^nodes:.*\n/m,
    (line) => `${line}  - { name: unit, host: unit.invalid, role: other }\n`,
  );
  writeFileSync(lab.inventory, inventory);
  const run = (...words: string[]) => runbook([...words, '--yes', '--state-dir', join(it.dir, 'state')]);
  const stopped = await run('apply', join(it.dir, 'here.yaml'), '-i', lab.inventory);
  expect(stopped.code, stopped.all).toBe(1);
  expect(readFileSync(join(it.dir, 'mark'), 'utf8')).toBe('here\n');
  writeFileSync(join(it.dir, 'go'), '');
  const resumed = await run('resume');
  expect(resumed.code, resumed.all).toBe(0);
  for (const { all } of [stopped, resumed]) {
    expect(all).not.toContain('unit.invalid');
    expect(all).not.toContain('one-operator');
    expect(all).not.toContain('keeps a lock');
  }
  expect((await lab.node('worker-1')).unschedulable).toBe(false);
});
