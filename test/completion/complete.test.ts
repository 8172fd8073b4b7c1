import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { everyWord } from '../../src/commands/registry.ts';
import { complete } from '../../src/completion/complete.ts';
import type { KnownWords } from '../../src/completion/words.ts';
import { folder } from '../commands/cli.ts';
import { runbook } from '../commands/in-process.ts';

let known: KnownWords;
beforeAll(async () => {
  known = await everyWord();
});

async function values(...words: string[]): Promise<string[]> {
  return (await complete(known, words)).candidates.map(({ value }) => value);
}

const INVENTORY = `
cluster: c
nodes:
  - { name: cp-1, host: a, role: control-plane }
  - { name: worker-1, host: b }
  - { name: 'gpu-[01:02]', host: 'gpu-[01:02]' }
groups: { edge: [worker-1] }
`;

function inventory(text = INVENTORY): string {
  const file = join(folder(), 'inventory.yaml');
  writeFileSync(file, text);
  return file;
}

function stateWith(run: string, last: string): string {
  const dir = folder();
  for (const node of ['worker-1', 'cp-1']) mkdirSync(join(dir, 'runs', run, 'logs', node), { recursive: true });
  for (const step of ['10.1-drain.1', '2.1-fetch.1', '2.1-fetch.2'])
    writeFileSync(join(dir, 'runs', run, 'logs/cp-1', `${step}.log`), '');
  writeFileSync(join(dir, 'runs', run, 'journal.jsonl'), `{"v":2,"type":"run-started"}\n{"v":2,"type":"${last}"}\n`);
  return dir;
}

const RUN = '20260314-202533-upgrade-1-32-9f3c';

test('commands, options and choices are those of the commands themselves', async () => {
  expect(await values('res')).toEqual(['resume']);
  expect(await values('__')).toEqual([]);
  expect(await values('plan', '--det')).toEqual(['--detailed-exitcode']);
  expect(await values('plan', '--detailed-exitcode', '--det')).toEqual([]);
  expect(await values('--ver')).toEqual(['--version']);
  expect(await values('plan', '-')).toContain('-i');
  expect(await values('plan', '--output', 'p')).toEqual(['pretty', 'plain']);
  expect(await values('plan', '--output=p')).toEqual(['--output=pretty', '--output=plain']);
  expect(await values('schema', 'r')).toEqual(['runbook', 'runs', 'report', 'rehearsal']);
  expect(await values('report', '--format', 'j')).toEqual(['json', 'junit']);
  expect(await values('plan', '--format', '')).toEqual(['md']);
  expect(await values('plan', '--ag')).toEqual(['--against']);
  expect(await values('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  expect(await values('lab', 'f')).toEqual(['fault']);
  expect(await values('lab', 'fault', 'worker-1', '--ti')).toEqual(['--times']);
  expect(await values('no-such-command', 'x', '')).toEqual([]);
});

test('a value is asked for where its option stands before the word, also after other options', async () => {
  expect(await values('plan', '-v', '--output', 'j')).toEqual(['json']);
  expect(await values('plan', '-i', 'x', '--', '--out')).toEqual([]);
  expect(await values('plan', '--no-such-option', '--outp')).toEqual(['--output']);
});

test('runbooks are completed by name, with what they are for, and inputs by their name', async () => {
  const { candidates } = await complete(known, ['plan', 'upgrade-']);
  expect(candidates).toContainEqual({
    value: 'upgrade-1.32.yaml',
    description: 'Upgrade a kubeadm cluster from 1.31 to 1.32, one node at a time',
  });
  expect(await values('plan', 'upgrade-1.32.yaml', '--set', 'ver')).toEqual(['version=']);
  expect(await values('plan', 'upgrade-1.32.yaml', '--set=ver')).toEqual(['--set=version=']);
  expect(await values('plan', 'upgrade.yaml', '--set', 'via')).toEqual(['via=']);
  expect(await values('plan', 'upgrade.yaml', '--set', 'force=')).toEqual(['force=true', 'force=false']);
  expect(await values('plan', 'upgrade.yaml', '--set', 'onBlocked=s')).toEqual(['onBlocked=skip-node']);
  expect(await values('apply', 'all-at-once.yaml', '--approve', '')).toEqual(['everything-goes-down']);
  expect(await values('plan', '--set', 'ver')).toEqual([]);
});

test('nodes, groups and roles are those of the inventory', async () => {
  const args = ['plan', 'smoke.yaml', '-i', inventory(), '--limit'];
  expect(await values(...args, '')).toEqual(expect.arrayContaining(['cp-1', 'worker-1', 'edge', 'workers', 'all']));
  expect(await values(...args, 'cp-1,ed')).toEqual(['cp-1,edge']);
  expect(await values(...args, 'gpu')).toEqual(['gpu-01', 'gpu-02']);
  expect(await values(...args, 'all !wor')).toEqual(expect.arrayContaining(['all !worker-1', 'all !workers']));
  expect(await values('plan', '-i', inventory(), '--override', 'swap')).toEqual(['swap=']);
  expect(await values('plan', '-i', inventory(), '--override', 'swap@w')).toEqual(['swap@worker-1=']);
});

test('runs, and the nodes and steps with output of a run, are those of the state folder', async () => {
  const stopped = stateWith(RUN, 'run-stopped');
  expect(await values('status', '--state-dir', stopped, '2026')).toEqual([RUN]);
  expect(await values('resume', '--state-dir', stopped, '')).toEqual([RUN]);
  expect(await values('resume', '--state-dir', stateWith(RUN, 'run-finished'), '')).toEqual([]);
  expect(await values('logs', '--state-dir', stopped, RUN, '')).toEqual(expect.arrayContaining(['cp-1', 'worker-1']));
  expect(await values('logs', '--state-dir', stopped, RUN, 'cp-1', '')).toEqual(['2.1-fetch', '10.1-drain']);
  expect(await values('logs', '--state-dir', stopped, '../x', '')).toEqual([]);
  expect(await values('logs', '--state-dir', stopped, RUN, '..', '')).toEqual([]);
  expect(await values('resume', '--state-dir', stopped, RUN, '--treat', 'cp-1/2')).toEqual(['cp-1/2.1-fetch=']);
  expect(await values('resume', '--state-dir', stopped, '--treat', 'cp-1/2.1-fetch=d')).toEqual([
    'cp-1/2.1-fetch=done',
  ]);
  expect(await values('resume', '--state-dir', stopped, '--treat', 'cp-1/2.1-fetch=s')).toEqual([
    'cp-1/2.1-fetch=skip',
    'cp-1/2.1-fetch=skip:',
  ]);
});

test('paths are files of the wanted kind, and folders', async () => {
  const dir = folder();
  mkdirSync(join(dir, 'sub dir'));
  for (const name of ['a.yaml', 'a.json', 'a.txt', '.hidden.yaml']) writeFileSync(join(dir, name), '');
  expect((await values('plan', '-i', `${dir}/`)).toSorted()).toEqual([`${dir}/a.yaml`, `${dir}/sub dir/`]);
  expect((await values('apply', `${dir}/a`)).toSorted()).toEqual([`${dir}/a.json`, `${dir}/a.yaml`]);
  expect(await values('validate', '-v', 'x.yaml', `${dir}/.h`)).toEqual([`${dir}/.hidden.yaml`]);
  expect(await values('runs', '--state-dir', `${dir}/`)).toEqual([`${dir}/sub dir/`]);
});

test('what cannot be read completes nothing: no file, no YAML, a pipe, a folder without permission', async () => {
  const pipe = join(folder(), 'pipe');
  await execa('mkfifo', [pipe]);
  for (const file of ['/no/such', inventory('nodes: [{'), inventory('- 1'), inventory('nodes: 1'), pipe])
    expect(await values('plan', '-i', file, '--limit', 'cp')).toEqual([]);
  expect(await values('resume', '--state-dir', '/no/such', '')).toEqual([]);
  expect(await values('plan', '/no/such', '--set', '')).toEqual([]);
});

test('control characters of documents and file names never come to the terminal', async () => {
  const dir = folder();
  writeFileSync(join(dir, 'a\u001b[31m.yaml'), '');
  expect(await values('plan', '-i', `${dir}/`)).toEqual([]);
  const file = join(dir, 'r.yaml');
  writeFileSync(file, 'inputs: { ver: { type: string, description: "a\\e[31mb\\nc" } }');
  const { candidates } = await complete(known, ['plan', file, '--set', '']);
  expect(candidates).toEqual([{ value: 'ver=', description: 'a [31mb c', open: true }]);
});

test('the hidden command prints an answer in the form of each shell, and never a problem', async () => {
  const asked = (...words: string[]) => runbook(['__complete', ...words]);
  expect(await asked('bash', 'runbook res', ' =:')).toMatchObject({ code: 0, stdout: '\nresume', stderr: '' });
  expect((await asked('zsh', '--', 'res')).stdout).toMatch(/^-resume\tresume {2}-- continue/);
  expect((await asked('fish', '--', 'plan', '--help', '"res')).stdout).toBe('');
  expect((await asked('fish', '--', '"res')).stdout).toMatch(/^resume\tcontinue/);
  for (const words of [[], ['no-such-shell'], ['bash'], ['fish', '--', '--help'], ['zsh', '--', 'apply', '--version']])
    expect(await asked(...words), words.join(' ')).toMatchObject({ code: 0, stderr: '' });
  expect((await runbook(['--help'])).stdout).not.toContain('__complete');
});

test('of a fleet: its clusters, the inputs of its runbook, its runs, and the stages and clusters of its latest run', async () => {
  const dir = folder();
  const fleet = join(dir, 'fleet.yaml');
  writeFileSync(fleet, 'kind: Fleet\nclusters: [{ name: eu1 }, { name: eu2 }]\n');
  const run = join(dir, 'state', 'fleets', RUN);
  mkdirSync(run, { recursive: true });
  writeFileSync(
    join(run, 'fleet-plan.json'),
    '{"clusters":[{"name":"eu1"}],"stages":[{"name":"canary"},{"name":"rest"}]}',
  );
  const state = ['--state-dir', join(dir, 'state')];
  expect(await values('fleet', 'app')).toEqual(['apply', 'approve']);
  expect(await values('fleet', 'plan', fleet, 'upgrade-1.32.yaml', '--limit', 'e')).toEqual(['eu1', 'eu2']);
  expect(await values('fleet', 'plan', fleet, 'upgrade-1.32.yaml', '--set', 'ver')).toEqual(['version=']);
  expect(await values('fleet', 'status', ...state, '')).toEqual([RUN]);
  expect(await values('fleet', 'approve', ...state, '')).toEqual(['canary', 'rest']);
  expect(await values('fleet', 'resume', ...state, '--retry', '')).toEqual(['eu1']);
  expect(await values('fleet', 'resume', ...state, '--treat', '')).toEqual(['eu1=done', 'eu1=skip:']);
});
