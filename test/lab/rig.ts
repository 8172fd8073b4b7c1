import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import type { Session } from '../../src/transport/transport.ts';
import { onTestFinished } from 'vitest';
import { startLab, type Lab, type LabOptions } from '../../src/lab/lab.ts';
import { FakeClock } from '../../src/lab/clock.ts';
import { loginEnv } from '../../src/lab/attempts.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A lab on fake time, taken down at the end of the test. */
export async function fakeLab(options: LabOptions = {}): Promise<{ lab: Lab; clock: FakeClock; run: Run; start: Run }> {
  const clock = new FakeClock();
  const lab = await startLab({ clock, ...options });
  onTestFinished(() => lab.close());
  const start: Run = (node, script, uid = 0, stdin = '') => runOn(lab, node, script, uid, stdin);
  return { lab, clock, start, run: (node, script, uid, stdin) => clock.run(start(node, script, uid, stdin)) };
}

export async function realLab(options: LabOptions = {}): Promise<Lab> {
  const lab = await startLab(options);
  onTestFinished(() => lab.close());
  return lab;
}

export type Run = (node: string, script: string, uid?: number, stdin?: string) => Promise<Ran>;

async function runOn(lab: Lab, node: string, script: string, uid: number, stdin: string): Promise<Ran> {
  const machine = lab.world.machines.find((candidate) => candidate.name === node);
  if (!machine) throw new Error(`no node ${node}`);
  let stdout = '';
  let stderr = '';
  const code = await machine.run({
    script,
    args: [],
    stdin,
    uid,
    env: loginEnv(uid),
    cwd: '/',
    signal: new AbortController().signal,
    out: (chunk) => (stdout += chunk.toString()),
    err: (chunk) => (stderr += chunk.toString()),
  });
  return { code, stdout, stderr };
}

/** A session to a node of the lab as the operator's own transport opens it. */
export async function connectTo(lab: Lab, name: string): Promise<Session> {
  const node = lab.nodes.find((candidate) => candidate.name === name);
  if (!node) throw new Error(`no node ${name}`);
  const folder = await mkdtemp(join(tmpdir(), 'runbook-lab-'));
  try {
    await writeFile(join(folder, 'id'), lab.privateKey, { mode: 0o600 });
    await writeFile(join(folder, 'known_hosts'), lab.knownHosts());
    return await new Ssh2Transport().connect({
      name,
      host: node.host,
      port: node.port,
      user: lab.user,
      identityFiles: [join(folder, 'id')],
      knownHosts: [join(folder, 'known_hosts')],
      hostKeyChecking: 'strict',
      jump: [],
      become: { method: 'sudo' },
      connectTimeout: 5e3,
      keepaliveInterval: 5e3,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
