import { type FileHandle, open } from 'node:fs/promises';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { thisHolder } from '../../src/journal/lock.ts';
import { NodeLock } from '../../src/journal/node-lock.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { openRemoteNode } from '../../src/remote/client.ts';
import { connectTo } from '../lab/rig.ts';
import { folder } from './cli.ts';
import { runbook } from './in-process.ts';
import { openLab } from './open-lab.ts';

const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: fencing
phases:
  - name: Nodes
    nodes: NODE
    steps:
      - { name: Mark, run: 'echo ran >>/root/ran' }
`;

/** The lock of a lab's only control plane, as another machine sees it. */
async function lockFrom(lab: Lab): Promise<NodeLock> {
  const session = await connectTo(lab, 'cp-1');
  const remote = await openRemoteNode(session, { root: '/var/lib/runbook' });
  onTestFinished(async () => {
    await remote.close();
    await session.close();
  });
  return new NodeLock({
    nodes: ['cp-1'],
    root: '/var/lib/runbook',
    ask: (_node, script) => remote.probe(script),
    say: () => undefined,
    sleep: (ms, signal) => wait(ms, undefined, { signal, ref: false }).catch(() => undefined),
    interval: 10_000,
    patience: 0,
    fresh: 0,
  });
}

/** Calls `meanwhile` while the disk is at the record before the claim. */
async function stallOnce(state: string, meanwhile: () => Promise<void>): Promise<void> {
  const handle = await open(join(state, 'probe'), 'w');
  const files: FileHandle = Object.getPrototypeOf(handle);
  await handle.close();
  const datasync: (this: FileHandle) => Promise<void> = Reflect.get(files, 'datasync');
  let stalled = false;
  const spy = vi.spyOn(files, 'datasync').mockImplementation(async function (this: FileHandle) {
    await datasync.call(this);
    if (stalled || !lastRecord(state).includes('attempt-started')) return;
    stalled = true;
    await meanwhile();
  });
  onTestFinished(() => spy.mockRestore());
}

/** Of the only run in a state folder; empty where there is none yet. */
function lastRecord(state: string): string {
  try {
    const [run = ''] = readdirSync(join(state, 'runs'));
    return (
      readFileSync(join(state, 'runs', run, 'journal.jsonl'), 'utf8')
        .trimEnd()
        .split('\n')
        .at(-1) ?? ''
    );
  } catch {
    return '';
  }
}

test.each([
  [
    'as long as 32 s: it looks at the lock again',
    'worker-1',
    32_000,
    /no longer holds its lock: it was taken over[^]*run other-run/,
  ],
  [
    'for a moment: the node compares the lock',
    'cp-1',
    0,
    /no longer holds its lock: cp-1: the lock is held by another/,
  ],
])(
  'a controller whose disk stalls between its record and its claim, while another takes over, changes nothing, %s',
  async (_how, node, stall, words) => {
    const { lab, inventory } = await openLab({ controlPlanes: 1, workers: 1 });
    const [dir, state] = [folder(), folder()];
    const file = join(dir, 'fencing.yaml');
    writeFileSync(file, RUNBOOK.replace('NODE', node));
    writeFileSync(
      file,
      `${readFileSync(file, 'utf8')}  - { name: Control plane, nodes: cp-1, steps: [{ run: 'echo ran >>/root/ran' }] }\n`,
    );
    const theirs = await lockFrom(lab);
    const began = Date.now();
    let late = 0;
    // It shows the stall and nothing else: on a slow machine a moment is a moment all the same.
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => began + late);
    onTestFinished(() => clock.mockRestore());
    await stallOnce(state, async () => {
      const [view] = (await theirs.look()).views.values();
      await theirs.unlock(view?.holder?.id ?? '');
      await theirs.take(
        { ...(await thisHolder('other-run', 'other', 'lab')), host: 'elsewhere' },
        { takeGone: () => false, watch: () => false },
      );
      late = stall;
    });
    const ended = await runbook(['apply', file, '-i', inventory, '--state-dir', state, '--yes']);
    expect(ended.code, ended.all).toBe(4);
    expect(ended.all).toMatch(words);
    for (const { name, fs } of lab.world.machines) expect(await fs.exists('/root/ran'), name).toBe(false);
    expect([...(await theirs.look()).views.values()]).toMatchObject([{ state: 'held', holder: { run: 'other-run' } }]);
  },
);
