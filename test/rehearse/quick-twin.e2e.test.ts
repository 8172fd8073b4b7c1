import { expect, test } from 'vitest';
import * as lab from '../../src/lab/index.ts';
import { QuickTwin } from '../../src/rehearse/quick-twin.ts';
import { Rehearsal } from '../../src/rehearse/rehearsal.ts';
import { Twin } from '../../src/rehearse/twin.ts';
import { needs } from '../chaos/scenario.ts';
import { bothReadings } from './both-readings.ts';
import { outcomesOf } from './outcomes.ts';
import { sourceOf } from './stage.ts';

test('a twin answers from what it knows as its programs do, before, while and after a run works on it', async () => {
  const size = { controlPlanes: 1, workers: 1 };
  const source = await sourceOf(size);
  const { facts, minors: offered } = needs(source.documents);
  const ends: string[][] = [];
  for (const Kind of [QuickTwin, Twin]) {
    const time = new lab.FastTime();
    const world = await lab.createWorld({ kubernetes: '1.31.9', ...size, clock: time, quick: true });
    const twin = new Kind(lab, world, time);
    const rehearsal = new Rehearsal({ twin, plan: source.plan, inventory: source.inventory, minors: offered });
    const read = await rehearsal.read(['cp-1', 'worker-1'], facts);
    let moments = 0;
    if (twin instanceof QuickTwin) {
      // The controller is killed after some of its steps, and whatever it left is read in both ways.
      rehearsal.kept.hook = (when, _seq, body) => {
        if (when === 'after' && body.type === 'step-finished' && /apply|drain|install|restart/.test(body.step))
          rehearsal.controller.kill();
      };
      let end = await rehearsal.start(read);
      for (; end === 'killed'; moments += 1) {
        await time.run(time.sleep(60_000));
        const [quick, plain] = await bothReadings(twin);
        expect(quick).toEqual(plain);
        end = await rehearsal.resume();
      }
      expect(moments).toBeGreaterThan(4);
      expect(end).toMatchObject({ outcome: 'done' });
    } else expect(await rehearsal.start(read)).toMatchObject({ outcome: 'done' });
    ends.push(outcomesOf(rehearsal.kept.records()));
  }
  expect(ends[0]).toEqual(ends[1]);
});
