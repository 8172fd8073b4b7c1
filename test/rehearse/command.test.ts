import child from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { rehearsalSchema } from '../../src/render/rehearsal-data.ts';
import { reportSchema } from '../../src/render/report-data.ts';
import { folder } from '../commands/cli.ts';
import { labUp, runbook } from '../commands/in-process.ts';
import { sealed } from '../facts-file/mutants.ts';

/** Facts of a lab in a file: from here on the lab is asked for nothing. */
async function factsOf(lab: { readonly inventory: string }, dir: string, ...book: string[]): Promise<string> {
  const file = join(dir, 'facts.json');
  const read = await runbook(['facts', ...book, '-i', lab.inventory, '-o', file, '--state-dir', join(dir, 'state')]);
  expect(read.code, read.all).toBe(0);
  return file;
}

/** Whoever opens a connection or starts a process is found. */
function alone(): void {
  const refuse = (what: string) => () => {
    throw new Error(`the rehearsal ${what}`);
  };
  const spies = [
    vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(refuse('opened a connection')),
    ...(['spawn', 'exec', 'execFile', 'fork', 'spawnSync', 'execSync', 'execFileSync'] as const).map((name) =>
      vi.spyOn(child, name).mockImplementation(refuse(`called ${name}`)),
    ),
    vi.spyOn(globalThis, 'fetch').mockImplementation(refuse('fetched')),
  ];
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore();
  });
}

const settled = z.object({ type: z.literal('step-finished'), node: z.string(), step: z.string(), outcome: z.string() });

/** Node, step and outcome of each step that ended, in its order. */
function outcomesIn(lines: string): string[] {
  return lines.split('\n').flatMap((line) => {
    const { data } = settled.safeParse(line === '' ? {} : JSON.parse(line));
    return data ? [`${data.node}/${data.step} ${data.outcome}`] : [];
  });
}

test('a rehearsal of the lab ends as the run there does, opens no connection, and apply says that it was rehearsed', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 1 });
  const dir = folder();
  const state = ['--state-dir', join(dir, 'state')];
  const file = await factsOf(lab, dir);
  const before = await lab.nodes();
  alone();
  const page = join(dir, 'rehearsal.json');
  const screen = await runbook(['rehearse', 'upgrade-1.32.yaml', '--facts', file, ...state, '-o', page]);
  expect(screen.code, screen.all).toBe(0);
  vi.restoreAllMocks();

  expect(screen.stdout).toContain('Rehearsal: upgrade-1.32 on a twin of lab; no node is changed');
  expect(screen.stdout).toMatch(/✔ It would end well after about \d+ min/);
  expect(screen.stdout).toMatch(/worker-1 +\d+m\d+s +\d+(m\d+)?s +\d +1\.31\.9 → 1\.32\.9/);
  expect(screen.stdout).toContain('The API is away');
  expect(screen.stdout.split('\n').filter((line) => line.length > 80 && !line.startsWith('next: '))).toEqual([]);
  const report = reportSchema.parse(JSON.parse(await readFile(page, 'utf8')));
  expect(report).toMatchObject({ kind: 'rehearsal', state: 'done' });
  expect(await lab.nodes()).toEqual(before);
  expect(await readdir(join(dir, 'state'))).toEqual(['rehearsals']);

  const applied = await runbook([
    'apply',
    'upgrade-1.32.yaml',
    '-i',
    lab.inventory,
    ...state,
    '--yes',
    '--output',
    'json',
  ]);
  expect(applied.code, applied.all).toBe(0);
  const rehearsed = report.steps.map(({ node, step, outcome }) => `${node}/${step} ${outcome}`);
  // Nodes of one batch work side by side.
  expect(outcomesIn(applied.stdout).toSorted()).toEqual(rehearsed.toSorted());
  const said = applied.stdout.split('\n').find((line) => line.includes('"rehearsed"')) ?? '{}';
  expect(JSON.parse(said)).toMatchObject({ rehearsed: 'same', outcome: 'done' });
});

test('own commands, copies, gates, approvals and hooks are not done: success is assumed, or what the step declares', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 1 });
  const dir = folder();
  await writeFile(join(dir, 'motd'), 'hello\n');
  const touch = (name: string): string => `touch ${join(dir, name)}`;
  const head = { apiVersion: 'runbook/v1', kind: 'Runbook', description: 'Own commands' };
  const copy = { uses: 'copy', with: { src: join(dir, 'motd'), dest: '/etc/motd' } };
  const looks = join(dir, 'looks.yaml');
  await writeFile(
    looks,
    stringify({ ...head, name: 'looks', phases: [{ name: 'Own', nodes: 'workers', steps: [copy] }] }),
  );
  const file = await factsOf(lab, dir, looks);
  const book = (exit: number) =>
    stringify({
      ...head,
      name: 'own',
      onSuccess: [{ run: touch('hook') }],
      phases: [
        {
          name: 'Own',
          nodes: 'workers',
          gate: { run: touch('gate') },
          steps: [
            { uses: 'require', with: { command: touch('require'), on: 'local' } },
            { uses: 'approve', with: { message: 'Go on?' } },
            {
              id: 'pool',
              run: touch('local'),
              on: 'local',
              check: touch('check'),
              rehearse: { exit, outputs: { name: 'web' } },
            },
            { run: 'reboot', if: "steps.pool.outputs.name == 'web'" },
            copy,
          ],
        },
      ],
    });
  const rehearse = async (exit: number) => {
    const path = join(dir, `own-${exit}.yaml`);
    await writeFile(path, book(exit));
    return runbook(['rehearse', path, '--facts', file, '--state-dir', join(dir, 'state'), '--output', 'json']);
  };
  alone();
  const good = await rehearse(0);
  expect(good.code, good.all).toBe(0);
  const data = rehearsalSchema.parse(JSON.parse(good.stdout));
  expect(data).toMatchObject({ outcome: 'done', counts: { failed: 0 } });
  expect(data.notRehearsed.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['step', 'approval', 'check', 'gate', 'hook']),
  );
  expect(data.notRehearsed.filter(({ declared }) => declared).map(({ step }) => step)).toEqual(['1.3-run']);

  const bad = await rehearse(3);
  expect(bad.code, bad.all).toBe(1);
  expect(rehearsalSchema.parse(JSON.parse(bad.stdout))).toMatchObject({
    outcome: 'failed',
    at: { node: 'worker-1', step: '1.3-run' },
    reason: 'exited with 3',
  });
  const files = await readdir(dir);
  expect(files.filter((name) => ['hook', 'gate', 'require', 'local', 'check'].includes(name))).toEqual([]);
});

test('what is listed as not rehearsed is what the rehearsal came to; failures that it passed over are shown', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 2 });
  const dir = folder();
  const path = join(dir, 'own.yaml');
  const steps = [
    { id: 'pool', run: 'true', on: 'local', rehearse: { outputs: { pool: 'web' } } },
    { name: 'Other pool', if: "steps.pool.outputs.pool != 'web'", run: 'true' },
    { name: 'Weak', run: 'true', continueOnError: true, rehearse: { exit: 3 } },
    { name: 'Breaks', run: 'true', rehearse: { exit: 7 } },
  ];
  const always = [
    { name: 'Open a ticket', if: 'node.failed', run: 'true' },
    { name: 'Only if good', if: '!node.failed', run: 'true' },
  ];
  const phases = [{ name: 'Own', nodes: 'workers', steps, always }];
  await writeFile(
    path,
    stringify({ apiVersion: 'runbook/v1', kind: 'Runbook', name: 'own', description: 'x', phases }),
  );
  const words = ['rehearse', path, '--facts', await factsOf(lab, dir), '--state-dir', join(dir, 'state')];
  const screen = await runbook(words);
  expect(screen.code, screen.all).toBe(1);
  expect(screen.stdout).toMatch(/✖ It would fail at worker-1 1\.4-breaks/);
  expect(screen.stdout).toContain('▲ worker-1 1.3-weak fails and is passed over: exited with 3');
  const { stdout } = await runbook([...words, '--output', 'json']);
  const { notRehearsed, passedOver } = rehearsalSchema.parse(JSON.parse(stdout));
  expect(passedOver).toEqual([{ node: 'worker-1', step: '1.3-weak', reason: 'exited with 3' }]);
  expect(notRehearsed.map(({ what, nodes }) => `${what} on ${String(nodes)}`)).toEqual([
    expect.stringMatching(/^run: .*, on this machine on worker-1$/),
    'run: Weak on worker-1',
    'run: Breaks on worker-1',
    'run: Open a ticket on worker-1',
  ]);
});

test('what a plan refuses, a rehearsal refuses; what would stop in the middle is named with its place', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 2, workloads: ['naked'] });
  const dir = folder();
  const file = await factsOf(lab, dir);
  const rehearse = (...args: string[]) =>
    runbook(['rehearse', 'upgrade-1.32.yaml', '--facts', file, '--state-dir', join(dir, 'state'), ...args]);
  const refused = await rehearse();
  expect(refused.code, refused.all).toBe(3);
  expect(refused.all).toContain('drain-destroys');
  expect((await rehearse('--format', 'md', '--output', 'json')).code).toBe(2);
});

test('a twin that does not answer as the cluster did is no fault of the nodes', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 1 });
  const dir = folder();
  const file = await factsOf(lab, dir);
  const { digest: _digest, ...document } = JSON.parse(await readFile(file, 'utf8'));
  // Its only member did not answer for a moment.
  document.facts.cluster.etcd.members[0].healthy = false;
  await writeFile(file, sealed(document));
  const state = ['--state-dir', join(dir, 'state'), '--override', 'etcd-health=it answers again'];
  const screen = await runbook(['rehearse', 'upgrade-1.32.yaml', '--facts', file, ...state]);
  expect(screen.code, screen.all).toBe(2);
  expect(screen.stderr).toMatch(
    /✖ error: no rehearsal of these facts: the twin does not answer as the cluster did: \w+ of cp-1: /,
  );
  expect(screen.stderr).toContain('read the facts again in a minute');
  expect(screen.stderr).toContain('runbook facts --anonymise -o FILE');
  expect(screen.stderr).not.toContain('kubeconfig');
});

test('a rehearsal that cannot be kept is shown all the same; a report that cannot be written is refused before it', async () => {
  const facts = new URL('../fixtures/facts-file/kubeadm-1.20.2-single.json', import.meta.url).pathname;
  const words = ['rehearse', 'smoke.yaml', '--facts', facts, '--state-dir', '/proc/none'];
  const shown = await runbook(words);
  expect(shown.code, shown.all).toBe(0);
  expect(shown.stdout).toContain('✔ It would end well');
  expect(shown.stderr).toMatch(/this rehearsal cannot be kept: .*\n.*ENOENT/);
  const dir = folder();
  for (const out of [dir, join(dir, 'missing', 'report.html')]) {
    const refused = await runbook([...words, '-o', out]);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain(`cannot write ${out}: `);
    expect(refused.stderr).not.toContain('rehearsing');
  }
});
