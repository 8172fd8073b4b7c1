import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { folder } from './cli.ts';
import { ENV, lineOf, onTerminal } from './on-terminal.ts';
import { eventually } from '../eventually.ts';

const CLI = new URL('../../dist/cli.js', import.meta.url).pathname;
const NODES = 100;
/** A path that no terminal of 80 columns has room for. */
const STATE = 'clusters/production-eu-central-1/maintenance/2026-winter/state-of-all-runs';

/** Three nodes wait until the test lets them go on; at the end one fails. */
const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: hundred
phases:
  - name: Look
    nodes: all
    serial: 25
    steps:
      - { name: Look at the disk, run: 'true', on: local, changes: false }
  - name: Wait
    nodes: all
    serial: 3
    steps:
      - name: Wait for the balancer
        run: |
          echo waiting for the balancer
          while ! test -e go; do sleep 0.05; done
        on: local
        effect: repeatable
  - name: Break
    nodes: node-100
    steps:
      - name: Ask the balancer
        run: ./ask-balancer
        on: local
`;

/** A folder with the runbook and its hundred nodes, which are contacted by nothing. */
function hundred(text = RUNBOOK): string {
  const cwd = folder();
  writeFileSync(join(cwd, 'hundred.yaml'), text);
  const nodes = Array.from({ length: NODES }, (_, index) => {
    const name = `node-${String(index + 1).padStart(3, '0')}`;
    return `  - { name: ${name}, host: ${name}.invalid }\n`;
  });
  writeFileSync(
    join(cwd, 'inventory.yaml'),
    `apiVersion: runbook/v1\nkind: Inventory\ncluster: prod\nnodes:\n${nodes.join('')}`,
  );
  mkdirSync(join(cwd, STATE), { recursive: true });
  const said = `echo connection refused by ${STATE}/balancer.sock`;
  writeFileSync(join(cwd, 'ask-balancer'), `#!/bin/sh\n${said}\nexit 3\n`, { mode: 0o755 });
  return cwd;
}

const APPLY = ['apply', 'hundred.yaml', '--state-dir', STATE, '--yes'];

/** Times, ids and the turn of the spinner are others each time; each keeps its width. */
function blotted(lines: readonly string[]): string {
  const text = lines.map((line) => line.trimEnd()).join('\n');
  return `${text
    .replaceAll(/\d{8}-\d{6}-hundred-[0-9a-f]{4}/g, 'YYYYMMDD-HHMMSS-hundred-xxxx')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?/g, (time) => time.replaceAll(/\d/g, '0'))
    .replaceAll(/\b\d\d:\d\d(:\d\d)?\b/g, (time) => time.replaceAll(/\d/g, '0'))
    .replaceAll(/\b(\d+m)?\d+(\.\d+)?s\b/g, 'TIME')
    .replaceAll(/about \d+ min left/g, 'about N min left')
    .replaceAll(/sha256 [0-9a-f]{64}|\b[0-9a-f]{64}\b/g, (digest) => digest.replaceAll(/[0-9a-f](?=[0-9a-f]*$)/g, 'x'))
    .replaceAll(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/g, '⠋')
    .trimEnd()}\n`;
}

/** Nodes that wait, as far as a screen has what they printed. */
function waiting(screen: readonly string[]): number {
  return screen.filter((line) => line.includes('│ waiting for the balancer')).length;
}

test.each([
  [80, 24],
  [200, 60],
])('a plan and a run of a hundred nodes on a terminal of %ix%i: nothing is lost, cut or wider', async (...size) => {
  const [columns, rows] = size;
  const cwd = hundred();
  const planned = onTerminal(['plan', 'hundred.yaml', '--state-dir', STATE], size, cwd);
  expect((await planned.running).exitCode, planned.terminal.all.join('\n')).toBe(0);
  expect(planned.problem()).toBeUndefined();
  await expect(blotted(planned.terminal.all)).toMatchFileSnapshot(`screens/plan-${columns}x${rows}.txt`);

  const { terminal, running, problem } = onTerminal(APPLY, size, cwd);
  await eventually(() => expect(waiting(terminal.screen)).toBe(3));
  await expect(blotted(terminal.screen)).toMatchFileSnapshot(`screens/run-${columns}x${rows}.txt`);
  writeFileSync(join(cwd, 'go'), '');
  const { exitCode } = await running;
  expect(exitCode, terminal.all.join('\n')).toBe(1);
  expect(problem()).toBeUndefined();
  expect(terminal.cursorShown).toBe(true);
  await expect(blotted(terminal.all)).toMatchFileSnapshot(`screens/end-${columns}x${rows}.txt`);
});

const withoutTmux = spawnSync('tmux', ['-V']).status === 0 ? '' : ': tmux is not installed';

/** A terminal of its own whose size changes as that of a window does. */
async function inTmux(line: string, cwd: string) {
  const socket = join(cwd, 'tmux');
  const tmux = async (...args: string[]) => (await execa('tmux', ['-S', socket, '-f', '/dev/null', ...args])).stdout;
  const size = (columns: number, rows: number) => ['-x', `${columns}`, '-y', `${rows}`];
  await tmux('new-session', '-d', '-s', 'run', ...size(200, 60), '-c', cwd, `${line}; echo ended with $?; sleep 600`);
  onTestFinished(async () => void (await tmux('kill-server').catch(() => undefined)));
  await tmux('set-option', '-t', 'run', 'history-limit', '10000');
  return {
    resize: async (columns: number, rows: number) => tmux('resize-window', '-t', 'run', ...size(columns, rows)),
    screen: async () => (await tmux('capture-pane', '-p', '-t', 'run')).split('\n'),
    /** With what has scrolled away. */
    all: async () => (await tmux('capture-pane', '-p', '-J', '-S', '-', '-t', 'run')).split('\n'),
  };
}

describe.skipIf(withoutTmux !== '')(`in a window${withoutTmux}`, () => {
  test('a run whose window becomes 80x24 and 200x60 again shows each line that stays once', async () => {
    const cwd = hundred();
    const env = Object.entries(ENV).map(([name, value]) => `${name}=${value}`);
    const { resize, screen, all } = await inTmux(`env ${env.join(' ')} ${lineOf(APPLY)}`, cwd);
    const shows = (columns: number, frame?: string) =>
      eventually(async () => {
        const lines = await screen();
        const moving = lines.slice(lines.findLastIndex((line) => line.startsWith('Phase 2/3')));
        expect(waiting(moving)).toBe(3);
        expect(moving.find((line) => line.includes('to come'))).toMatch(
          new RegExp(`^.{${columns - 12},${columns - 2}}…$`),
        );
        if (frame !== undefined) expect(blotted(moving)).toBe(frame);
        return blotted(moving);
      });
    const wide = await shows(200);
    await resize(80, 24);
    const narrow = await shows(80);
    await resize(200, 60);
    await shows(200, wide);
    await resize(80, 24);
    await shows(80, narrow);
    writeFileSync(join(cwd, 'go'), '');
    await eventually(async () => expect((await screen()).join('\n')).toContain('ended with 1'));
    // tmux breaks the lines anew up to 250 ms before it tells of its new size: of what is drawn over in between, rows
    // are left above.
    const moving = new Set([wide, narrow].flatMap((frame) => frame.split('\n')).filter((line) => line !== ''));
    const isLeft = (line: string) => moving.has(line) || /^(Phase 2\/3 | {2}· 97 to come)/.test(line);
    const stays = blotted(await all())
      .split('\n')
      .filter((line) => !isLeft(line));
    await expect(stays.join('\n')).toMatchFileSnapshot('screens/end-resized.txt');
  });
});

const FEW = `apiVersion: runbook/v1
kind: Runbook
name: hundred
phases:
  - name: Work
    nodes: [node-001, node-002]
    steps:
      - { name: Print, run: printf 'one\\ntwo\\n', on: local }
      - { name: Look at the disk, run: 'true', on: local, changes: false }
  - name: Break
    nodes: node-002
    steps:
      - { name: Ask the balancer, run: ./ask-balancer, on: local }
`;

test('in CI, into a pipe, each event is one line with its time, without any escape', async () => {
  const { NO_COLOR: _no, ...env } = ENV;
  const running = execa(process.execPath, [CLI, ...APPLY], {
    env: { ...env, CI: 'true', TERM: 'xterm-256color' },
    cwd: hundred(FEW),
    all: true,
    stdin: 'ignore',
    reject: false,
  });
  const { all, exitCode } = await running;
  expect(exitCode, all).toBe(1);
  expect(all).not.toContain('\u001b');
  await expect(blotted(all.split('\n'))).toMatchFileSnapshot('screens/ci.txt');
});

test('a dumb terminal gets the same lines, and a good one without colours only what moves the cursor', async () => {
  const written = async (TERM: string): Promise<string> => {
    const { terminal, running, problem } = onTerminal(APPLY, [200, 60], hundred(FEW), { TERM });
    expect((await running).exitCode, terminal.text).toBe(1);
    expect(problem()).toBeUndefined();
    return terminal.text;
  };
  const dumb = await written('dumb');
  expect(dumb).not.toContain('\u001b');
  await expect(blotted(dumb.split('\r\n'))).toMatchFileSnapshot('screens/dumb.txt');
  expect(await written('xterm')).not.toMatch(/\u001b\[[\d;]*m/);
});
