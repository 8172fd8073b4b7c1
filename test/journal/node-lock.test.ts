import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type LockHolder, thisHolder } from '../../src/journal/lock.ts';
import { claimsIn } from '../../src/journal/lock-snapshot.ts';
import { NodeLock, type TakePolicy } from '../../src/journal/node-lock.ts';
import { nodes, type Nodes, Sleepers, testInShells } from './nodes.ts';
import { until } from '../eventually.ts';

const nobody: TakePolicy = { takeGone: () => false, watch: () => false };
const sameRun = (run: string): TakePolicy => ({
  takeGone: (holder) => holder.run === run,
  watch: (holder) => holder.run === run,
});

function lockOn(on: Nodes, sleepers?: Sleepers, said: string[] = []): NodeLock {
  const sleep = sleepers?.sleep ?? ((ms, signal) => wait(ms, undefined, { signal, ref: false }).catch(() => undefined));
  return new NodeLock({
    nodes: on.nodes,
    root: on.root,
    ask: on.ask,
    say: (text, detail) => said.push([text, ...detail].join('\n')),
    sleep,
    interval: 10_000,
    patience: 10_000,
    fresh: 0,
  });
}

const holderOf = (run: string): Promise<LockHolder> => thisHolder(run, 'upgrade', 'prod');

/** A holder whose process ended on this host. */
async function deadHolder(run: string): Promise<LockHolder> {
  const child = spawn('true');
  await once(child, 'exit');
  return { ...(await holderOf(run)), pid: child.pid ?? 0 };
}

const elsewhere = async (run: string): Promise<LockHolder> => ({ ...(await holderOf(run)), host: 'elsewhere' });

testInShells('it is held on all nodes, refused to others with its holder, looked at, and released', async (shell) => {
  const on = await nodes(3, shell);
  const lock = lockOn(on);
  const held = await lock.take({ ...(await holderOf('run-1')), user: "o'hära" }, nobody);
  await held.assertHeld();
  const picture = await lock.look();
  expect([...picture.views.values()].map((view) => [view.state, view.holder?.user, view.holder?.epoch])).toEqual(
    Array.from({ length: 3 }, () => ['held', "o'hära", 1]),
  );
  await expect(lock.refuseLive(picture)).rejects.toMatchObject({ kind: 'locked' });
  await expect(lock.take(await holderOf('run-2'), nobody)).rejects.toMatchObject({
    kind: 'locked',
    detail: [expect.stringContaining('run-1'), expect.stringContaining(`runbook unlock ${held.holder.id}`)],
  });
  await held.assertHeld();
  await held.release();
  await expect(lock.refuseLive(await lock.look())).resolves.toBeUndefined();
  await (await lock.take(await holderOf('run-2'), nobody)).release();
});

testInShells('of many who take it at once, exactly one gets it', async (shell) => {
  const on = await nodes(3, shell);
  for (let round = 0; round < 3; round += 1) {
    const all = await Promise.allSettled(
      Array.from({ length: 6 }, async (_, index) => lockOn(on).take(await holderOf(`run-${index}`), nobody)),
    );
    const won = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(won).toHaveLength(1);
    for (const one of all) if (one.status === 'rejected') expect(one.reason).toMatchObject({ kind: 'locked' });
    await won[0]?.assertHeld();
    await won[0]?.release();
  }
});

testInShells('an earlier look serves as long as nothing has changed since', async (shell) => {
  const on = await nodes(3, shell);
  const asked: string[] = [];
  const counted = lockOn({
    ...on,
    ask: (node, script) => {
      asked.push(node);
      return on.ask(node, script);
    },
  });
  const free = await counted.look();
  asked.length = 0;
  const first = await counted.take(await holderOf('run-1'), nobody, free);
  // To take it, and to see it held.
  expect(asked).toHaveLength(6);
  await first.assertHeld();

  // Held by now.
  await expect(lockOn(on).take(await holderOf('run-2'), nobody, free)).rejects.toMatchObject({ kind: 'locked' });
  await first.assertHeld();
  await first.release();
  // Released by now, and of a later generation.
  const second = await lockOn(on).take(await holderOf('run-2'), nobody, free);
  expect(second.holder.fence).toBe(2);
  await second.release();
  // Left behind by a process that is gone: the policy decides, on what lies there now.
  const left = await lockOn(on).take(await deadHolder('run-3'), nobody);
  const third = await lockOn(on).take(await holderOf('run-3'), sameRun('run-3'), free);
  expect(third.holder.epoch).toBe(2);
  await left.release();
  await third.assertHeld();
  await third.release();
});

testInShells('of many who take it by the same look, exactly one gets it', async (shell) => {
  const on = await nodes(3, shell);
  const seen = await lockOn(on).look();
  const all = await Promise.allSettled(
    Array.from({ length: 6 }, async (_, index) => lockOn(on).take(await holderOf(`run-${index}`), nobody, seen)),
  );
  const won = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect(won).toHaveLength(1);
  for (const one of all) if (one.status === 'rejected') expect(one.reason).toMatchObject({ kind: 'locked' });
  await won[0]?.assertHeld();
  await won[0]?.release();
});

testInShells('each lock has a higher fence than all before it, whichever majority takes it', async (shell) => {
  const on = await nodes(3, shell);
  const fences: (number | undefined)[] = [];
  for (const away of ['cp-1', 'cp-2', 'cp-3', 'cp-1']) {
    on.away.clear();
    on.away.add(away);
    const held = await lockOn(on).take(await elsewhere('run-1'), sameRun('run-1'));
    fences.push(held.holder.fence);
    await held.release();
  }
  expect(fences).toEqual([1, 2, 3, 4]);
});

test('of two who both saw it free just before they made theirs, one gets it', async () => {
  const on = await nodes(1);
  const tools = on.path('cp-1', '..', 'tools');
  await mkdir(tools, { recursive: true });
  // Nobody goes on from writing his record before the other has written his.
  const dd = [
    '#!/bin/sh',
    '/bin/dd "$@"; code=$?',
    `case $* in *of=*/new.*) : >"${tools}/met.$$"; until set -- "${tools}"/met.*; [ $# -ge 2 ]; do :; done ;; esac`,
    'exit $code',
  ];
  await writeFile(join(tools, 'dd'), `${dd.join('\n')}\n`, { mode: 0o755 });
  on.tools = tools;
  const both = await Promise.allSettled(
    ['run-1', 'run-2'].map(async (run) => lockOn(on).take(await holderOf(run), nobody)),
  );
  expect(both.map((one) => one.status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

test('takers who reach different nodes never both get it', async () => {
  const on = await nodes(3);
  const blind = (away: string): Nodes => ({
    ...on,
    ask: (node, script) => (node === away ? Promise.reject(new Error('away')) : on.ask(node, script)),
  });
  for (let round = 0; round < 5; round += 1) {
    const all = await Promise.allSettled(
      ['cp-1', 'cp-2', 'cp-3', ''].map(async (away) => lockOn(blind(away)).take(await holderOf(`r${away}`), nobody)),
    );
    const won = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(won.length).toBeLessThanOrEqual(1);
    for (const one of won) await one.release();
  }
});

test('a node that is away is named; with less than a majority nothing is taken', async () => {
  const on = await nodes(3);
  const said: string[] = [];
  on.away.add('cp-2');
  const held = await lockOn(on, undefined, said).take(await holderOf('run-1'), nobody);
  expect(said).toEqual([expect.stringMatching(/not on cp-2: cannot reach cp-2/)]);
  await held.release();
  on.away.add('cp-3');
  await expect(lockOn(on).take(await holderOf('run-1'), nobody)).rejects.toMatchObject({
    kind: 'unreachable',
    message: expect.stringContaining('nothing was changed'),
    detail: [expect.stringContaining('cp-2'), expect.stringContaining('cp-3')],
  });
  expect((await readdir(on.path('cp-1', 'lock'))).toSorted()).toEqual(['beat1', 'free1', 'g1']);
});

test('nodes that refuse to keep it are no majority either', async () => {
  const on = await nodes(1);
  await mkdir(on.path('cp-1'), { recursive: true });
  await writeFile(on.path('cp-1', 'lock'), '');
  await expect(lockOn(on).take(await holderOf('run-1'), nobody)).rejects.toMatchObject({ kind: 'unreachable' });
});

test('a run takes over the lock of its own process that is gone, aloud, in the next epoch; another run does not', async () => {
  const on = await nodes(3);
  await lockOn(on).take(await deadHolder('run-1'), nobody);
  await expect(lockOn(on).refuseLive(await lockOn(on).look())).resolves.toBeUndefined();
  await expect(lockOn(on).take(await holderOf('run-2'), sameRun('run-2'))).rejects.toMatchObject({
    kind: 'locked',
    detail: [expect.anything(), expect.stringContaining('That process is gone')],
  });
  const said: string[] = [];
  const held = await lockOn(on, undefined, said).take(await holderOf('run-1'), sameRun('run-1'));
  expect(held.holder.epoch).toBe(2);
  expect(said.join('\n')).toMatch(/taking over the lock of run run-1: its process \d+ on this host is gone/);
  await held.assertHeld();
});

test('of many who take over at once, one gets it', async () => {
  const on = await nodes(3);
  await lockOn(on).take(await deadHolder('run-1'), nobody);
  const all = await Promise.allSettled(
    Array.from({ length: 6 }, async () => lockOn(on).take(await holderOf('run-1'), sameRun('run-1'))),
  );
  expect(all.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
});

test('a lock of another host is watched for three intervals and taken over when its counter stands still', async () => {
  const on = await nodes(3);
  await lockOn(on).take(await elsewhere('run-1'), nobody);
  const sleepers = new Sleepers();
  const said: string[] = [];
  let ended = false;
  const taking = lockOn(on, sleepers, said)
    .take(await holderOf('run-1'), sameRun('run-1'))
    .finally(() => (ended = true));
  for (let i = 0; i < 3; i += 1) {
    await until(() => sleepers.sleeping === 1);
    expect(ended).toBe(false);
    sleepers.advance(10_000);
  }
  const held = await taking;
  expect(held.holder.epoch).toBe(2);
  expect(said).toEqual([
    expect.stringMatching(/watching its heartbeat for 30 s[^]*elsewhere[^]*No clocks/),
    expect.stringContaining('did not move for 30 s'),
  ]);
  await held.release();
});

test('a holder whose heart beats keeps its lock, however long it is watched', async () => {
  const on = await nodes(3);
  const theirs = new Sleepers();
  const first = await lockOn(on, theirs).take(await elsewhere('run-1'), nobody);
  const ours = new Sleepers();
  const taking = lockOn(on, ours).take(await holderOf('run-1'), sameRun('run-1'));
  taking.catch(() => undefined);
  await until(() => ours.sleeping === 1);
  const beats = async () => readFile(on.path('cp-1', 'lock', 'beat1'), 'utf8');
  const before = await beats();
  theirs.advance(10_000);
  await until(async () => (await beats()) !== before);
  ours.advance(10_000);
  await expect(taking).rejects.toMatchObject({ kind: 'locked' });
  await first.assertHeld();
  await first.release();
});

test('who lost the lock is told so before the next claim, and neither its heartbeat nor its release touches the new one', async () => {
  const on = await nodes(3);
  const first = await lockOn(on).take(await deadHolder('run-1'), nobody);
  const second = await lockOn(on).take(await holderOf('run-1'), sameRun('run-1'));
  await expect(first.assertHeld()).rejects.toMatchObject({
    kind: 'locked',
    message: expect.stringContaining('taken over'),
  });
  await first.release();
  await second.assertHeld();
});

test.each(['taken over', 'released'])(
  'the holder of a lock that was %s notices it at its next heartbeat, and is told by whom',
  async (how) => {
    const on = await nodes(3);
    const sleepers = new Sleepers();
    const first = await lockOn(on, sleepers).take(await deadHolder('run-1'), nobody);
    await until(() => sleepers.sleeping === 1);
    if (how === 'released') await lockOn(on).unlock(first.holder.id, { by: 'ann@desk', reason: `its node "burns"` });
    else await lockOn(on).take({ ...(await holderOf('run-1')), user: 'ann', host: 'desk' }, sameRun('run-1'));
    expect(first.lost.aborted).toBe(false);
    on.away.add('cp-1');
    sleepers.advance(10_000);
    await until(() => first.lost.aborted);
    const words =
      how === 'released' ? 'it was released by ann@desk: its node "burns"' : 'it was taken over by ann@desk';
    expect(first.lost.reason).toMatchObject({ kind: 'locked', message: expect.stringContaining(words) });
    await expect(first.assertHeld()).rejects.toMatchObject({ message: expect.stringContaining(words) });
    await first.release();
  },
);

test('a lock counts as dead when its process here is gone, or its heartbeat stands still as seen from here', async () => {
  const on = await nodes(3);
  const claimOf = async (lock: NodeLock) => {
    const [claim] = claimsIn(await lock.look());
    if (!claim) throw new Error('no claim');
    return claim;
  };
  const dead = await lockOn(on).take(await deadHolder('run-1'), nobody);
  await lockOn(on).requireDead(await claimOf(lockOn(on)));
  await dead.release();
  const mine = await lockOn(on).take(await holderOf('run-1'), nobody);
  await expect(lockOn(on).requireDead(await claimOf(lockOn(on)))).rejects.toMatchObject({
    kind: 'locked',
    message: expect.stringMatching(/run-1 is still at work .*process \d+ on this host runs/),
    detail: expect.arrayContaining([expect.stringContaining(`--force REASON`)]),
  });
  await mine.release();

  const theirs = new Sleepers();
  const held = await lockOn(on, theirs).take(await elsewhere('run-1'), nobody);
  for (const beats of [true, false]) {
    const ours = new Sleepers();
    const lock = lockOn(on, ours);
    const watching = lock.requireDead(await claimOf(lock));
    watching.catch(() => undefined);
    await until(() => ours.sleeping === 1);
    const beatOf = async () =>
      readFile(on.path('cp-1', 'lock', `beat${(await lock.look()).views.get('cp-1')?.generation}`), 'utf8').catch(
        () => '',
      );
    const before = await beatOf();
    if (beats) {
      theirs.advance(10_000);
      await until(async () => (await beatOf()) !== before);
      ours.advance(10_000);
      await expect(watching).rejects.toMatchObject({ message: expect.stringContaining('its heartbeat moves') });
    } else {
      for (let i = 0; i < 3; i += 1) {
        await until(() => ours.sleeping === 1);
        ours.advance(10_000);
      }
      await watching;
    }
  }
  await held.release();
});

test('a majority is enough to hold on; without one it is asked again, then given up', async () => {
  const on = await nodes(3);
  const sleepers = new Sleepers();
  const held = await lockOn(on, sleepers).take(await holderOf('run-1'), nobody);
  on.away.add('cp-1');
  await held.assertHeld();
  on.away.add('cp-2');
  const looking = held.assertHeld();
  await until(() => sleepers.sleeping === 2);
  on.away.delete('cp-2');
  sleepers.advance(2000);
  await looking;
  on.away.add('cp-2');
  const refused = expect(held.assertHeld()).rejects.toMatchObject({ kind: 'step-failed' });
  for (let i = 0; i < 5; i += 1) {
    await until(() => sleepers.sleeping === 2);
    sleepers.advance(2000);
  }
  await refused;
  await held.release();
});

test('a taker who dies after any of its requests blocks nobody for ever', async () => {
  for (let survives = 0; survives < 3; survives += 1) {
    const on = await nodes(3);
    let takes = 0;
    on.hook = (_node, script) => {
      if (!script.includes('ln "$new"')) return undefined;
      takes += 1;
      if (takes > survives) throw new Error('the controller is dead');
      return undefined;
    };
    await lockOn(on)
      .take(await deadHolder('run-1'), nobody)
      .catch(() => undefined);
    on.hook = () => undefined;
    // Its own rollback, if any, does not count: a dead one rolls nothing back.
    for (const node of on.nodes) await rm(on.path(node, 'lock', 'free1'), { force: true });
    const next = lockOn(on).take(await holderOf('run-2'), nobody);
    if (survives < 2) await (await next).release();
    else await expect(next).rejects.toMatchObject({ kind: 'locked' });
  }
});

test('a half-taken lock of another host is watched, then passed over', async () => {
  const on = await nodes(3);
  on.away.add('cp-2').add('cp-3');
  const alone: Nodes = { ...on, nodes: ['cp-1'] };
  const dead = { ...(await elsewhere('run-1')) };
  await lockOn(alone).take(dead, nobody);
  const record = JSON.parse(await readFile(on.path('cp-1', 'lock', 'g1'), 'utf8'));
  await writeFile(on.path('cp-1', 'lock', 'g1'), `${JSON.stringify({ ...record, nodes: on.nodes })}\n`);
  on.away.clear();
  const sleepers = new Sleepers();
  const taking = lockOn(on, sleepers).take(await holderOf('run-2'), nobody);
  for (let i = 0; i < 3; i += 1) {
    await until(() => sleepers.sleeping === 1);
    sleepers.advance(10_000);
  }
  await (await taking).release();
});

test('a lock that stayed on a node that was away when it was released is passed over at once', async () => {
  const on = await nodes(3);
  const held = await lockOn(on).take(await elsewhere('run-1'), nobody);
  on.away.add('cp-1');
  await held.release();
  on.away.clear();
  const next = await lockOn(on).take(await holderOf('run-2'), nobody);
  await next.assertHeld();
  await next.release();
});

test('of a request that was cut off on its way nothing is done', async () => {
  const on = await nodes(1);
  const whole: string[] = [];
  on.hook = (_node, script) => {
    whole.push(script);
    return undefined;
  };
  await (await lockOn(on).take(await holderOf('run-1'), nobody)).release();
  const take = whole.find((script) => script.includes('ln "$new"')) ?? '';
  await rm(on.path('cp-1'), { recursive: true });
  on.hook = () => undefined;
  for (const part of [0.3, 0.5, 0.7, 0.9, 0.99]) await on.ask('cp-1', take.slice(0, Math.floor(take.length * part)));
  await expect(readdir(on.path('cp-1'))).rejects.toThrow('ENOENT');
});

test('unlock releases the lock of that id on every node, and no other', async () => {
  const on = await nodes(3);
  const held = await lockOn(on).take(await elsewhere('run-1'), nobody);
  expect(await lockOn(on).unlock('00000000')).toMatchObject({ released: [] });
  await held.assertHeld();
  expect((await lockOn(on).unlock(held.holder.id)).released).toEqual(on.nodes);
  await expect(held.assertHeld()).rejects.toThrow(/released/);
  await (await lockOn(on).take(await holderOf('run-2'), nobody)).release();
});
