import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Clock } from '../../src/engine/clock.ts';
import { Rig } from './rig.ts';
import { eventually } from '../eventually.ts';

test('a cluster whose plan never ran gets one apply of its frozen plan', async () => {
  const rig = new Rig(['done']);
  expect(await rig.run({ approve: ['Go'] })).toEqual({ outcome: 'done', reason: '' });
  expect(rig.commands()).toEqual(['apply plan.json']);
  expect(rig.runs).toEqual([expect.stringMatching(/^20260101-000000-fake-/)]);
});

test('a run that is done is done, whoever ended it and whenever: no process is started', async () => {
  const rig = new Rig(['done']);
  await rig.run();
  expect(await rig.run()).toMatchObject({ outcome: 'done' });
  expect(await rig.run({ attempt: 2, elsewhere: true, folder: join(rig.dir, 'other') })).toMatchObject({
    outcome: 'done',
  });
  expect(rig.commands()).toHaveLength(1);
});

test('a run that failed is told with the step and the reason; the same attempt does not run it again, the next one resumes it', async () => {
  const rig = new Rig(['fails', 'done']);
  const failed = { outcome: 'failed', reason: '1.1-a on n1 failed: exited with 1' };
  expect(await rig.run()).toEqual(failed);
  expect(await rig.run()).toEqual(failed);
  expect(await rig.run({ attempt: 2 })).toMatchObject({ outcome: 'done' });
  expect(rig.commands()).toEqual(['apply plan.json', 'resume RUN']);
});

test('a process that dies is followed by a resume of its run, up to the third death', async () => {
  const one = new Rig(['dies', 'done']);
  expect(await one.run()).toMatchObject({ outcome: 'done' });
  expect(one.commands()).toEqual(['apply plan.json', 'resume RUN']);
  const three = new Rig(['dies', 'dies', 'dies', 'done']);
  expect(await three.run()).toEqual({ outcome: 'failed', reason: 'its process was ended by SIGKILL 3 times' });
});

test('a process that dies after its run is done leaves it done', async () => {
  const rig = new Rig(['dies-done']);
  expect(await rig.run()).toMatchObject({ outcome: 'done' });
  expect(rig.commands()).toHaveLength(1);
});

test('what an earlier driver left running is waited for, and ended by no one', async () => {
  const rig = new Rig(['holds']);
  const first = rig.run();
  await eventually(() => expect(rig.runs).toHaveLength(1));
  rig.leave.abort();
  expect(await first).toEqual({ outcome: 'left', reason: '' });
  const second = rig.again();
  const ended = second.run();
  await eventually(() => expect(second.runs).toEqual(rig.runs));
  rig.go();
  expect(await ended).toMatchObject({ outcome: 'done' });
  expect(rig.commands()).toEqual(['apply plan.json']);
});

test('a stop is one interrupt for its process, also for one that an earlier driver started; the same attempt resumes it', async () => {
  const rig = new Rig(['holds', 'holds', 'done']);
  const first = rig.run();
  await eventually(() => expect(rig.runs).toHaveLength(1));
  rig.stop.abort();
  expect(await first).toEqual({ outcome: 'stopped', reason: '' });

  const again = rig.again();
  const left = again.run();
  await eventually(() => expect([again.commands().length, again.isHeld()]).toEqual([2, true]));
  again.leave.abort();
  await left;
  expect(again.runs).toHaveLength(1);

  const stopping = rig.again();
  const stopped = stopping.run();
  stopping.stop.abort();
  expect(await stopped).toMatchObject({ outcome: 'stopped' });

  const last = rig.again();
  expect(await last.run()).toMatchObject({ outcome: 'done' });
  expect(rig.commands()).toEqual(['apply plan.json', 'resume RUN', 'resume RUN']);
});

test('a cluster that another run holds is waited for; a refusal and an unreachable node fail it with their words', async () => {
  const rig = new Rig(['locked', 'locked', 'refuses']);
  expect(await rig.run()).toEqual({ outcome: 'failed', reason: 'the nodes have moved since the plan was made' });
  expect(rig.waits).toEqual(['the cluster is locked by ann@desk']);
  expect(rig.commands()).toHaveLength(3);
});

test('a run that another process began a moment before is resumed, not refused', async () => {
  const rig = new Rig(['begun-by-another', 'done']);
  expect(await rig.run()).toMatchObject({ outcome: 'done' });
});

test('what may have run elsewhere is asked of the nodes first, and applied only where they know none', async () => {
  const unknown = new Rig(['nothing-on-nodes', 'done']);
  expect(await unknown.run({ elsewhere: true })).toMatchObject({ outcome: 'done' });
  expect(unknown.commands()).toEqual(['resume -i inventory.yaml', 'apply plan.json']);
  const over = new Rig(['done-on-nodes']);
  expect(await over.run({ elsewhere: true })).toMatchObject({ outcome: 'done' });
  expect(over.commands()).toEqual(['resume -i inventory.yaml']);
});

test('what a process elsewhere began or ended meanwhile is asked of the nodes again, before it counts as refused', async () => {
  for (const answer of ['locked', 'refuses']) {
    const rig = new Rig(['nothing-on-nodes', answer, 'done-on-nodes']);
    expect(await rig.run({ elsewhere: true })).toMatchObject({ outcome: 'done' });
    expect(rig.commands()).toEqual(['resume -i inventory.yaml', 'apply plan.json', 'resume -i inventory.yaml']);
  }
  const refused = new Rig(['nothing-on-nodes', 'refuses', 'nothing-on-nodes', 'refuses']);
  expect(await refused.run({ elsewhere: true })).toMatchObject({ outcome: 'failed' });
});

test('a process that was killed before its run began is no reason not to begin it', async () => {
  const rig = new Rig(['killed-before', 'done']);
  expect(await rig.run({ elsewhere: true })).toMatchObject({ outcome: 'done' });
  expect(rig.commands()).toEqual(['resume -i inventory.yaml', 'apply plan.json']);
});

test('nodes that are not reached to continue a run are asked again a few times', async () => {
  const busy = new Rig(['unreachable', 'unreachable', 'done']);
  expect(await busy.run({ elsewhere: true })).toMatchObject({ outcome: 'done' });
  const gone = new Rig(Array.from({ length: 7 }, () => 'unreachable'));
  expect(await gone.run({ elsewhere: true })).toMatchObject({ outcome: 'failed' });
  expect(gone.commands()).toHaveLength(6);
});

test('a plan from another machine is run from the folder where its runbook is, with the inventory that is here', async () => {
  const rig = new Rig(['dies', 'done']);
  expect(await rig.run({ cwd: rig.dir })).toMatchObject({ outcome: 'done' });
  expect(rig.commands()).toEqual(['apply plan.json -i inventory.yaml', 'resume RUN -i inventory.yaml']);
});

const DAY = 86_400_000;

/** Jumps to the end of each sleep that takes longer than a minute. */
class Jumping implements Clock {
  ahead = 0;
  now(): number {
    return Date.UTC(2026, 0, 1, 12) + this.ahead;
  }
  async sleep(ms: number): Promise<void> {
    if (ms > 60_000) this.ahead += ms;
    else await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

test("a run that pauses for its runbook's window is resumed when that opens next", async () => {
  const clock = new Jumping();
  const rig = new Rig(['pauses', 'done'], { from: '11:00', to: '13:00', timezone: 'UTC' });
  expect(await rig.run({}, clock)).toMatchObject({ outcome: 'done' });
  expect(rig.commands()).toEqual(['apply plan.json', 'resume RUN']);
  expect(clock.ahead).toBe(DAY - 3_600_000);
  expect(rig.waits).toEqual(['its window opens at 2026-01-02T11:00:00.000Z']);
});

test('a closed window is waited for before anything is started', async () => {
  const clock = new Jumping();
  const rig = new Rig(['done'], { from: '22:00', to: '23:00', timezone: 'UTC' });
  expect(await rig.run({}, clock)).toMatchObject({ outcome: 'done' });
  expect(clock.ahead).toBe(10 * 3_600_000);
});

test('a plan that was edited, or is another one, is no consent: nothing is started', async () => {
  const rig = new Rig(['done']);
  writeFileSync(join(rig.dir, 'plan.json'), JSON.stringify({ ...rig.plan, name: 'x' }));
  expect(await rig.run()).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('plan.json') });
  const other = new Rig(['done'], { from: '00:00', to: '00:00', timezone: 'UTC' });
  writeFileSync(join(rig.dir, 'plan.json'), JSON.stringify(other.plan));
  expect(await rig.run()).toMatchObject({ reason: expect.stringContaining('another plan than the fleet') });
  expect(rig.commands()).toEqual([]);
});

test('a folder of a run that is not whole yet does not hide the run that follows', async () => {
  const rig = new Rig(['done']);
  mkdirSync(join(rig.stateDir, 'runs', '20260101-000000-begun-0000'), { recursive: true });
  writeFileSync(join(rig.stateDir, 'runs', '20260101-000000-begun-0000', 'plan.json'), '{"dig');
  expect(await rig.run()).toMatchObject({ outcome: 'done' });
});
