import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { onTestFinished, test } from 'vitest';
import { openRemoteNode } from '../../src/remote/client.ts';
import type { AskNode } from '../../src/journal/node-script.ts';
import type { ProbeResult } from '../../src/remote/attempt.ts';
import { connectTo, realLab } from '../lab/rig.ts';

/** Folders of this machine as nodes: real files, a real shell. */
export interface Nodes {
  readonly nodes: readonly string[];
  readonly root: string;
  readonly ask: AskNode;
  /** Nodes that cannot be reached. */
  readonly away: Set<string>;
  /** Called before each request; may throw, or say how many bytes of the script arrive. */
  hook: (node: string, script: string) => number | undefined;
  /** Put in front of PATH, for tools under the test's control. */
  tools?: string;
  /** The node's files. Empty in the lab. */
  path(node: string, ...names: string[]): string;
}

const SHELLS: Readonly<Record<string, readonly string[]>> = {
  dash: ['dash'],
  bash: ['bash'],
  busybox: ['busybox', 'sh'],
  sh: ['sh'],
};

/** A test in each shell that a node may have; skipped by name for those that this machine lacks. */
export function testInShells(title: string, work: (shell: string) => Promise<void>): void {
  for (const shell of ['dash', 'bash', 'busybox', 'lab']) {
    const isHere = shell === 'lab' || spawnSync(shell, [], { input: '' }).error === undefined;
    test.skipIf(!isHere)(`${shell}: ${title}`, () => work(shell));
  }
}

export async function nodes(count: number, shell = 'sh', prefix = 'cp'): Promise<Nodes> {
  const names = Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);
  if (shell === 'lab') return labNodes(names);
  const home = await mkdtemp(join(tmpdir(), 'nodes-'));
  // A majority is enough for a lock: the slowest node may still be at work, or be asked, when a test is over.
  const asked = new Set<Promise<unknown>>();
  let isOver = false;
  onTestFinished(async () => {
    isOver = true;
    await Promise.allSettled(asked);
    await rm(home, { recursive: true, force: true });
  });
  const [file = 'sh', ...words] = SHELLS[shell] ?? [];
  const askShell = async (node: string, script: string): Promise<ProbeResult> => {
    const input = guard(made, node, script);
    await mkdir(join(home, node), { recursive: true });
    const env = {
      HOME: join(home, node),
      ...(made.tools === undefined ? {} : { PATH: `${made.tools}:${process.env['PATH']}` }),
    };
    const options = { input, env, reject: false, stripFinalNewline: false } as const;
    const args = [...words, '-c', `eval "$(cat)"`, 'runbook-probe'];
    const { exitCode = 255, stdout, stderr } = await execa(file, args, options);
    return { code: exitCode, stdout, stderr };
  };
  const made: Nodes = {
    nodes: names,
    root: '~/r',
    away: new Set(),
    hook: () => undefined,
    ask: (node, script) => {
      if (isOver) return Promise.reject(new Error('the test is over'));
      const answer = askShell(node, script);
      asked.add(answer);
      return answer;
    },
    path: (node, ...rest) => join(home, node, 'r', ...rest),
  };
  return made;
}

async function labNodes(names: readonly string[]): Promise<Nodes> {
  const lab = await realLab({ controlPlanes: names.length, workers: 0 });
  const remotes = new Map(
    await Promise.all(
      names.map(
        async (name) => [name, await openRemoteNode(await connectTo(lab, name), { root: '/var/lib/runbook' })] as const,
      ),
    ),
  );
  onTestFinished(async () => {
    await Promise.all([...remotes.values()].map((remote) => remote.close()));
  });
  const made: Nodes = {
    nodes: names,
    root: '/var/lib/runbook',
    away: new Set(),
    hook: () => undefined,
    ask: async (node, script): Promise<ProbeResult> => {
      const input = guard(made, node, script);
      const remote = remotes.get(node);
      if (!remote) throw new Error(`no node ${node}`);
      return remote.probe(input);
    },
    path: () => '',
  };
  return made;
}

function guard(made: Nodes, node: string, script: string): string {
  if (made.away.has(node)) throw new Error(`cannot reach ${node}`);
  const arrived = made.hook(node, script);
  return arrived === undefined ? script : script.slice(0, arrived);
}

/** Time that goes on only when everybody sleeps; `at` runs things at its ticks. */
export class Sleepers {
  now = 0;
  readonly #waiting = new Set<{ readonly until: number; readonly wake: () => void }>();

  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const sleeper = { until: this.now + ms, wake: resolve };
      this.#waiting.add(sleeper);
      signal?.addEventListener('abort', () => {
        this.#waiting.delete(sleeper);
        resolve();
      });
      if (signal?.aborted === true) resolve();
    });

  get sleeping(): number {
    return this.#waiting.size;
  }

  advance(ms: number): void {
    this.now += ms;
    for (const sleeper of this.#waiting) {
      if (sleeper.until > this.now) continue;
      this.#waiting.delete(sleeper);
      sleeper.wake();
    }
  }
}
