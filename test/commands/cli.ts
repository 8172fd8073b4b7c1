import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { z } from 'zod';

const CLI = new URL('../../dist/cli.js', import.meta.url).pathname;

export interface CliResult {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, as they came. */
  readonly all: string;
}

/** Runs the program as its user does: the built command, no terminal. */
export async function runbook(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<CliResult> {
  const result = await execa(process.execPath, [CLI, ...args], {
    reject: false,
    all: true,
    stdin: 'ignore',
    timeout: 240_000,
    extendEnv: true,
    env: { NO_COLOR: '1', ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  return { code: result.exitCode, stdout: result.stdout, stderr: result.stderr, all: result.all };
}

/** Starts the program and leaves it running, for tests that end it; it ends with the test at the latest. */
export function startRunbook(args: readonly string[], env: Record<string, string> = {}) {
  const running = execa(process.execPath, [CLI, ...args], {
    reject: false,
    all: true,
    stdin: 'ignore',
    extendEnv: true,
    env: { NO_COLOR: '1', ...env },
  });
  onTestFinished(() => void running.kill('SIGKILL'));
  return running;
}

/** A folder that is gone after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'runbook-test-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

const nodeState = z.object({
  name: z.string(),
  role: z.string(),
  ready: z.boolean(),
  unschedulable: z.boolean(),
  annotations: z.record(z.string(), z.string()).default({}),
  rebooted: z.boolean(),
  packages: z.record(z.string(), z.string()),
  held: z.array(z.string()),
  repoMinor: z.string(),
  kubeletRunning: z.string(),
  staticPods: z.record(z.string(), z.string()),
  commands: z.array(z.object({ at: z.string(), line: z.string(), exit: z.number().nullable() })),
});
const labState = z.object({ cluster: z.object({ version: z.string() }), nodes: z.array(nodeState) });
export type NodeState = z.infer<typeof nodeState>;

export class Lab {
  readonly dir: string;
  readonly inventory: string;

  constructor(dir: string) {
    this.dir = dir;
    this.inventory = join(dir, 'inventory.yaml');
  }

  async nodes(): Promise<NodeState[]> {
    const { stdout } = await runbook(['lab', 'state', '--dir', this.dir, '--output', 'json']);
    return labState.parse(JSON.parse(stdout)).nodes;
  }

  async node(name: string): Promise<NodeState> {
    const node = (await this.nodes()).find((candidate) => candidate.name === name);
    if (!node) throw new Error(`the lab has no node ${name}`);
    return node;
  }

  async fault(node: string, on: string, what: string, times = 1): Promise<void> {
    const args = ['lab', 'fault', node, '--dir', this.dir, '--on', on, '--do', what, '--times', String(times)];
    const { code, all } = await runbook(args);
    if (code !== 0) throw new Error(`lab fault: ${all}`);
  }
}

/** A lab of its own for one test, ten times as fast as on the clock on the wall, gone afterwards. */
export async function labUp(...args: string[]): Promise<Lab> {
  const dir = join(folder(), 'lab');
  const { code, all } = await runbook(['lab', 'up', '--dir', dir, '--time-scale', '10', ...args]);
  if (code !== 0) throw new Error(`lab up: ${all}`);
  onTestFinished(async () => {
    await runbook(['lab', 'down', '--dir', dir]);
  });
  return new Lab(dir);
}

/** Commands that change a node or the cluster. */
export const CHANGING =
  /^(kubeadm upgrade (apply|node)\b(?!.*--dry-run)|apt-get(?!.*(--download-only|\s-[ds]\b|--simulate|--dry-run)).*\b(install|upgrade)\b|kubectl(?!.*--dry-run).*\b(drain|cordon|uncordon|annotate)\b|systemctl\b.*\brestart\b|apt-mark (un)?hold\b)/;

export function changes(node: { readonly commands: readonly { readonly line: string }[] }): string[] {
  return node.commands.map((command) => command.line).filter((line) => CHANGING.test(line));
}
