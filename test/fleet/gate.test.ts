import { expect, test } from 'vitest';
import { awaitStageGate } from '../../src/fleet/gate.ts';

const waits: string[] = [];

/** Time that passes while the gate is not asked. */
function clock() {
  let now = 0;
  return {
    now: () => now,
    sleep: (ms: number) => {
      now += ms;
      return Promise.resolve();
    },
  };
}

const ask = (script: string, timeout = 5000, stop = new AbortController().signal) =>
  awaitStageGate({
    run: 'r1',
    stage: { name: 'wide', gate: { ask: { kind: 'run', script, place: 'local' }, for: 0, every: 60, timeout } },
    clock: clock(),
    stop,
    onWait: (text) => waits.push(text),
  });

test('the gate of a stage is a command of this machine, which knows the run and the stage', async () => {
  expect(await ask('test "$RUNBOOK_FLEET_RUN $RUNBOOK_STAGE" = "r1 wide"')).toEqual({ kind: 'holds' });
});

test('one that does not hold says what it printed, until its time is over', async () => {
  expect(await ask('echo "3 alerts"; exit 1', 100)).toEqual({
    kind: 'failed',
    reason: 'the gate of stage wide did not hold within 100ms; seen last: exit 1: 3 alerts',
  });
  expect(waits[0]).toBe('the gate before stage wide does not hold: exit 1: 3 alerts');
});

test('a driver that stops does not wait for it', async () => {
  const stop = new AbortController();
  const asked = ask('exec sleep 60', 60_000, stop.signal);
  stop.abort();
  expect(await asked).toEqual({ kind: 'stopped' });
});
