import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runbook, startRunbook } from '../../commands/cli.ts';
import { localFleet } from './local.ts';
import { eventually } from '../../eventually.ts';

const STAGES = `    - { name: all, clusters: 'true', maxConcurrent: 2 }\n`;
/** The first step waits for a file; each leaves a line where it ran. */
const STEPS = `      - run: |
          echo first >> \${{ node.vars.at }}.ran
          while test -e \${{ node.vars.at }}.ran && ! test -e \${{ node.vars.at }}.go; do sleep 0.05; done
        on: local
      - { run: 'echo second >> \${{ node.vars.at }}.ran', on: local }
`;

/** Three clusters on a terminal, of which two are at their first step. */
async function begun() {
  const it = localFleet(['a1', 'b1', 'c1'], STAGES, STEPS);
  const { terminal, running } = it.onTerminal(...it.apply, '--yes');
  const shows = (said: RegExp) => eventually(() => expect(terminal.text).toMatch(said));
  await eventually(() => expect([it.has('a1.ran'), it.has('b1.ran')], terminal.text).toEqual([true, true]));
  const ran = (name: string): string => readFileSync(join(it.dir, `${name}.ran`), 'utf8');
  const ctrlC = async (said: RegExp) => {
    running.stdin.write('\u0003');
    await shows(said);
  };
  return { ...it, terminal, driver: running, ran, ctrlC };
}

async function isContinued(it: Awaited<ReturnType<typeof begun>>) {
  for (const name of ['a1', 'b1', 'c1']) it.touch(`${name}.go`);
  const resumed = await it.fleet('resume', '--yes');
  expect(resumed.code, resumed.all).toBe(0);
  expect(['a1', 'b1', 'c1'].map(it.ran)).toEqual(Array.from({ length: 3 }, () => 'first\nsecond\n'));
  const starts = (await it.records()).flatMap((one) => (one.type === 'cluster-started' ? [one.cluster] : []));
  expect(starts).toEqual(['a1', 'b1', 'c1']);
}

const NEXT = /SIGINT again: the runs of the clusters end so by themselves/;
const ONCE = /SIGINT: the runs of the clusters end after their present steps/;

test('Ctrl-C once ends the runs after their present steps, and starts no other; resume continues them', async () => {
  const it = await begun();
  await it.ctrlC(ONCE);
  it.touch('a1.go');
  const runs = async () => (await runbook(['runs', '--state-dir', it.stateDir])).stdout;
  await eventually(async () => expect(await runs()).toMatch(/stopped .* a1 /));
  expect(await runs()).toMatch(/running .* b1 /);
  expect(it.driver.exitCode).toBeNull();
  it.touch('b1.go');
  expect((await it.driver).exitCode, it.terminal.text).toBe(130);
  expect(it.terminal.text).toMatch(/stopped; continue it: runbook fleet resume \S+\s*$/);
  expect([it.ran('a1'), it.ran('b1'), it.has('c1.ran')]).toEqual(['first\n', 'first\n', false]);
  const { stdout } = await it.fleet('status');
  expect(stdout).toMatch(/stopped: 0 of 3 clusters done[^]*runbook fleet resume/);
  expect(await it.fleet('approve', 'none')).toMatchObject({ code: 2, all: expect.stringContaining('no stage none') });
  await isContinued(it);
});

test('Ctrl-C twice ends at once, and what runs ends after its present step by itself; resume continues it', async () => {
  const it = await begun();
  await it.ctrlC(ONCE);
  await it.ctrlC(NEXT);
  expect((await it.driver).exitCode, it.terminal.text).toBe(130);
  expect([it.ran('a1'), it.ran('b1'), it.has('c1.ran')]).toEqual(['first\n', 'first\n', false]);
  it.touch('a1.go');
  const runs = async () => (await runbook(['runs', '--state-dir', it.stateDir])).stdout;
  await eventually(async () => expect(await runs()).toMatch(/stopped .* a1 /));
  await isContinued(it);
});

test('Ctrl-C while the clusters are read ends what reads them, and leaves nothing behind', async () => {
  const it = localFleet(['a1'], STAGES, "      - run: 'true'\n");
  const sockets: Socket[] = [];
  // It accepts, and never answers.
  const server = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const file = join(it.dir, 'inventories', 'a1.yaml');
  const ssh = `ssh: { config: false, user: nobody, port: ${port} }\nnodes:`;
  writeFileSync(file, readFileSync(file, 'utf8').replace('nodes:', ssh).replace('n1.invalid', '127.0.0.1'));
  const TMPDIR = join(it.dir, 'tmp');
  mkdirSync(TMPDIR);
  const driver = startRunbook(['fleet', ...it.apply, '--yes', '--state-dir', it.stateDir], { TMPDIR });
  await eventually(() => expect(sockets).toHaveLength(1));
  const kept = () => readdirSync(TMPDIR).filter((name) => name.startsWith('runbook-fleet-'));
  expect(kept()).toHaveLength(1);
  const closed = once(sockets[0] ?? server, 'close');
  driver.kill('SIGINT');
  const { exitCode, all } = await driver;
  expect(exitCode, all).toBe(130);
  expect(all).toContain('stopped while it read the clusters; nothing was changed');
  await closed;
  expect(kept()).toEqual([]);
});
