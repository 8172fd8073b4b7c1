import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keepDurations, measuredIn, measuredOn } from '../../src/journal/durations.ts';
import { foldJournal, type StepProgress } from '../../src/journal/progress.ts';
import { RunStore } from '../../src/journal/store.ts';
import { planOf, step } from '../engine/bench.ts';

let store: RunStore;
beforeEach(async () => {
  store = new RunStore(await mkdtemp(join(tmpdir(), 'runbook-durations-')));
});
afterEach(() => rm(store.root, { recursive: true }));

const plan = {
  ...planOf(
    ['a'],
    [step('a', '6.4-drain', { action: 'drain' }), step('a', '6.5-ready', { action: 'wait-node-ready' })],
  ),
  inputs: { version: 'v1.33.2' },
};
const role = plan.nodes[0]?.role ?? 'other';
const ended: StepProgress = { attempts: 1, outcome: 'changed', duration: 7000 };
const measured = { action: 'drain', name: 'drain', role, minor: '1.33', duration: 7000 };
const RUN = '20261130-0100-abcd';

async function keep(run: string, cluster = plan.inventory.cluster) {
  await mkdir(store.folder(run).path, { recursive: true });
  const own = { ...plan, inventory: { ...plan.inventory, cluster } };
  await keepDurations(store, run, own, new Map([['a/6.4-drain', ended]]));
}

it('measures a step that did what was planned', () => {
  expect(measuredIn(plan, new Map([['a/6.4-drain', ended]]))).toEqual([measured]);
});

it.each<[string, Partial<StepProgress>]>([
  ['failed', { outcome: 'failed' }],
  ['found nothing to do', { outcome: 'unchanged' }],
  ['was taken up by a resume', { interrupted: true }],
  ['was judged by the operator', { treated: true }],
  ['left its node out', { leavesOut: true }],
])('measures no step that %s', (_how, changes) => {
  expect(measuredIn(plan, new Map([['a/6.4-drain', { ...ended, ...changes }]]))).toEqual([]);
});

it('knows of the journal which steps a resume took up', () => {
  const records = [
    { type: 'run-started', run: RUN, plan: 'p', epoch: 1, holder: { host: 'h', pid: 1, user: 'u' } },
    ...['a', 'b'].map((node) => ({
      ...({ type: 'attempt-started', node, step: '1.1-x', attempt: 1, host: node, scriptDigest: '' } as const),
    })),
    { type: 'step-finished', node: 'a', step: '1.1-x', outcome: 'changed', reason: '', duration: 1 },
    { type: 'run-resumed', epoch: 2, holder: { host: 'h', pid: 2, user: 'u' } },
    { type: 'step-finished', node: 'b', step: '1.1-x', outcome: 'changed', reason: '', duration: 1 },
  ] as const;
  const { steps } = foldJournal(
    records.map((body, seq) => ({ v: 3 as const, seq, at: new Date(seq).toISOString(), ...body })),
  );
  expect([...steps].map(([key, { interrupted }]) => [key, interrupted])).toEqual([
    ['a/1.1-x', undefined],
    ['b/1.1-x', true],
  ]);
});

it('keeps what a run measured beside its journal, for plans on the same cluster', async () => {
  await keep(RUN);
  await keep('20261130-0200-abcd', 'another');
  expect(await measuredOn(store, plan.inventory.cluster)).toEqual([measured]);
});

it('takes what cannot be read for not measured', async () => {
  await keep(RUN);
  await writeFile(join(store.folder(RUN).path, 'durations.json'), '{"version":1,');
  expect(await measuredOn(store, plan.inventory.cluster)).toEqual([]);
});

it('looks at the 20 newest runs of the cluster', async () => {
  for (let minute = 10; minute < 32; minute += 1) await keep(`20261130-01${minute}-abcd`);
  expect(await measuredOn(store, plan.inventory.cluster)).toHaveLength(20);
});
