import { expect, test } from 'vitest';
import { localFleet } from './local.ts';

const STAGES = `    - { name: first, clusters: name != 'c1' }
    - { name: rest, clusters: 'true' }
`;
/** Fails until the file is there, and notes each time that it runs. */
const STEPS = `      - run: 'touch \${{ node.vars.at }}.ran; test -e \${{ node.vars.at }}.ok'
        on: local
`;

async function failed() {
  const it = localFleet(['a1', 'b1', 'c1'], STAGES, STEPS);
  for (const file of ['a1.ok', 'c1.ok']) it.touch(file);
  const applied = await it.fleet(...it.apply, '--yes');
  expect(applied.code, applied.all).toBe(1);
  return it;
}

test('a cluster that is settled by hand does not run again, and the stages after it go on', async () => {
  const it = await failed();
  const resumed = await it.fleet('resume', '--treat', 'b1=skip:it is replaced next week');
  expect(resumed.code, resumed.all).toBe(0);
  const records = await it.records();
  expect(records.flatMap((one) => (one.type === 'cluster-started' ? [`${one.cluster}.${one.attempt}`] : []))).toEqual([
    'a1.1',
    'b1.1',
    'c1.1',
  ]);
  const { stdout } = await it.fleet('status');
  expect(stdout).toMatch(/b1 .*settled[^]*it is replaced next week/);
});
