import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { interleaved, median, timed } from './sample.ts';

const run = promisify(execFile);
const CLI = new URL('../../dist/cli.js', import.meta.url).pathname;

export interface StartUp {
  /** Medians in milliseconds. */
  readonly node: number;
  readonly runbook: number;
  /** Until `plan` of a runbook connects to its node. */
  readonly plan: number;
}

export async function measureStartUp(): Promise<StartUp> {
  const folder = mkdtempSync(join(tmpdir(), 'runbook-bench-'));
  const server = createServer((socket) => void socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const plan = planOf(folder, server.address() as AddressInfo);
    const samples = await interleaved(15, {
      node: async () => timed(async () => run(process.execPath, ['-e', '0'])),
      runbook: async () => timed(async () => run(process.execPath, [CLI, '--version'])),
      plan: async () => untilConnected(server, plan),
    });
    return { node: median(samples.node), runbook: median(samples.runbook), plan: median(samples.plan) };
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
}

/** The arguments of a plan for one node at this address, of the runbook that most people run. */
function planOf(folder: string, { port }: AddressInfo): string[] {
  const inventory = join(folder, 'inventory.yaml');
  const nodes = `[{ name: cp-1, host: 127.0.0.1, role: control-plane, ssh: { port: ${String(port)} } }]`;
  const head = 'apiVersion: runbook/v1\nkind: Inventory\ncluster: bench';
  writeFileSync(inventory, `${head}\nssh: { config: false, user: nobody, hostKeyChecking: off }\nnodes: ${nodes}\n`);
  return ['plan', 'upgrade-1.32', '-i', inventory, '--state-dir', join(folder, 'state')];
}

async function untilConnected(server: Server, args: readonly string[]): Promise<number> {
  const connected = once(server, 'connection');
  const start = performance.now();
  const child = spawn(process.execPath, [CLI, ...args], { stdio: 'ignore' });
  const gone = once(child, 'exit').then(() => Promise.reject(new Error('plan ended without a connection')));
  gone.catch(() => undefined);
  await Promise.race([connected, gone]);
  const time = performance.now() - start;
  child.kill('SIGKILL');
  await gone.catch(() => undefined);
  return time;
}
