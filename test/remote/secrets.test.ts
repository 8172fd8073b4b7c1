import { createHash, randomUUID } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { helperCommand, helperProgram } from '../../src/remote/helper.ts';
import { forgetProgram } from '../../src/remote/helper-secrets.ts';
import type { AttemptSpec, RemoteNode } from '../../src/remote/attempt.ts';
import { openRemoteNode } from '../../src/remote/client.ts';
import { Collected, spec } from './collect.ts';
import { LocalSession } from './local-session.ts';
import { eventually } from '../eventually.ts';

const PLANTED = 'planted-secret-of-a-step';

let folder: string;
let root: string;
const sessions: LocalSession[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-hidden-'));
  root = join(folder, 'root');
});

afterEach(() => {
  for (const session of sessions.splice(0)) session.cut();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

async function link(before = ''): Promise<RemoteNode> {
  const session = new LocalSession();
  session.before = before;
  sessions.push(session);
  return openRemoteNode(session, { root });
}

interface Started {
  readonly ended: Promise<unknown>;
  /** The folder of its secrets. */
  readonly hidden: string;
  /** Supervisor and script. */
  readonly pids: readonly number[];
}

/** An attempt that runs until it is ended, and has its secret. */
async function start(node: RemoteNode, rest: Partial<AttemptSpec> = {}): Promise<Started> {
  const sink = new Collected();
  const script = `cat "$RUNBOOK_SECRETS/TOKEN" >/dev/null && echo "$RUNBOOK_SECRETS"\nwhile [ -d ${folder} ]; do sleep 0.1; done`;
  const ended = node.start(spec('1-a.1', script, { secrets: { TOKEN: PLANTED }, ...rest }), sink);
  ended.catch(() => undefined);
  await sink.until('\n');
  const pids = readFileSync(join(root, 'r1/1-a.1/pid'), 'utf8').trim().split(' ').map(Number);
  return { ended, hidden: sink.text.trim(), pids };
}

function gone(path: string): Promise<void> {
  return eventually(() => expect(existsSync(path)).toBe(false));
}

it('no process has a secret in its arguments or its environment, whatever variables the login has', async () => {
  const node = await link('export k=1 l=1 v=1 s=1 x=1 f=1 n=1 m=1; ');
  const { ended, hidden } = await start(node);
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = processes.filter((pid) =>
    ['cmdline', 'environ'].some((file) => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(PLANTED);
      } catch {
        return false;
      }
    }),
  );
  expect(found).toEqual([]);
  expect(execFileSync('sh', ['-c', `grep -rl ${PLANTED.slice(0, 9)} ${folder} || :`], { encoding: 'utf8' })).toBe('');
  expect(execFileSync('stat', ['-c', '%a', hidden, `${hidden}/TOKEN`], { encoding: 'utf8' })).toBe('700\n600\n');
  await node.cancel('r1', '1-a.1');
  await ended;
  expect(existsSync(hidden)).toBe(false);
});

it('the secrets are gone once the time limit is over, also where no one is connected', async () => {
  const { hidden } = await start(await link(), { timeout: 1000 });
  for (const session of sessions) session.cut();
  await gone(hidden);
});

it('the secrets of an attempt whose supervisor was killed are gone once its script has ended', async () => {
  const node = await link();
  const { ended, hidden, pids } = await start(node);
  process.kill(pids[0] ?? 0, 'SIGKILL');
  expect(await ended).toEqual({ kind: 'running' });
  expect(existsSync(hidden)).toBe(true);
  process.kill(-(pids[1] ?? 0), 'SIGKILL');
  await gone(hidden);
});

it('the secrets of an attempt that was claimed and never launched are gone once that is known', async () => {
  const node = await link();
  await node.start(spec('1-a.0', 'true'), new Collected());
  const here = join(root, 'r1/1-a.1');
  const hidden = `/dev/shm/runbook-${randomUUID()}`;
  mkdirSync(hidden);
  mkdirSync(here);
  writeFileSync(join(here, 'claim'), '4194304 1\n');
  // as an earlier version left it
  writeFileSync(join(here, 'boot'), readFileSync('/proc/sys/kernel/random/boot_id'));
  writeFileSync(join(here, 'secrets'), `${hidden}\n`);
  expect(await node.status('r1', '1-a.1')).toEqual({ kind: 'never-ran' });
  expect(existsSync(hidden)).toBe(false);
});

it('nothing is claimed where the secrets did not arrive whole, at whatever byte the link goes away', async () => {
  const line = `TOKEN ${PLANTED.length} ${PLANTED}\n`;
  for (const cut of [0, 1, line.length - PLANTED.length, line.length - 1]) {
    const session = new LocalSession();
    sessions.push(session);
    const channel = await session.open(helperCommand(root));
    let answer = '';
    channel.stdout.on('data', (chunk: Buffer) => (answer += chunk.toString('utf8')));
    channel.stderr.resume();
    channel.stdin.write(helperProgram);
    channel.stdin.end(`${header('echo ran', 1)}${line.slice(0, cut)}`);
    await channel.exit;
    expect(answer).toContain('refused 1 damaged the secrets did not arrive whole');
    expect(existsSync(join(root, 'r1/1-a.1'))).toBe(false);
  }
});

it('nothing runs where there is no folder in memory, or a secret does not fit into it', async () => {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'stat'), '#!/bin/sh\necho ext2/ext3\n', { mode: 0o755 });
  const node = await link(`PATH=${bin}:$PATH; `);
  const started = node.start(spec('1-a.1', `: >${folder}/ran`, { secrets: { TOKEN: PLANTED } }), new Collected());
  await expect(started).rejects.toThrow(/refused: no folder in memory for the secrets of the step: .*shm is no tmpfs/);
  const session = new LocalSession();
  sessions.push(session);
  const channel = await session.open(helperCommand(root));
  let answer = '';
  channel.stdout.on('data', (chunk: Buffer) => (answer += chunk.toString('utf8')));
  channel.stdin.write(helperProgram);
  // A full folder in memory makes the file shorter than it is to be.
  channel.stdin.end(`${header(`: >${folder}/ran`, 1)}TOKEN 99 ${PLANTED}\n`);
  await channel.exit;
  expect(answer).toContain('refused 1 no-space no room for the secrets of the step');
  expect([existsSync(join(folder, 'ran')), existsSync(join(root, 'r1/1-a.1'))]).toEqual([false, false]);
});

/** A request to start attempt 1-a.1 of run r1 with so many secrets behind it. */
function header(script: string, secrets: number): string {
  const digest = createHash('sha256').update(`${script}\n`).digest('hex');
  const words = ['start 1 r1 1-a.1 1 0 kill 67108864', script.length + 1, digest, 1, 0, '-', '-', secrets];
  return `${words.join(' ')}\n${script}\n`;
}

it('a torn path of their folder removes nothing else', () => {
  const attempt = join(root, 'r1/1-a.1');
  const [torn, whole] = ['run', 'runbook-01234567-89ab-cdef-0123-456789abcdef'].map((name) => join(folder, name));
  for (const path of [attempt, torn, whole]) mkdirSync(path ?? '', { recursive: true });
  for (const path of [torn, whole]) {
    writeFileSync(join(attempt, 'secrets'), `${path}\n`);
    execFileSync('sh', ['-c', `d=$1\n${forgetProgram}\nforget`, 'forget', attempt]);
    expect(existsSync(join(attempt, 'secrets'))).toBe(false);
  }
  expect([torn, whole].map((path) => existsSync(path ?? ''))).toEqual([true, false]);
});
