import { expect, test } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { loadRunbook } from '../../src/documents/runbook.ts';
import { foldJournal } from '../../src/journal/progress.ts';
import { parseBounds } from '../../src/run/bounds.ts';
import { SimulatedCluster } from './cluster.ts';
import { Controller } from '../../src/rehearse/controller.ts';
import { KeptJournal } from '../../src/rehearse/kept-journal.ts';
import { inventoryOf, ONE_MINOR, plan, valid } from './scenario.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const SIZE = { controlPlanes: 1, workers: 5 };

/** Each worker needs about four minutes. */
const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: runtime
phases:
  - name: Workers
    nodes: workers
    steps:
      - uses: cordon
      - run: |
          systemctl restart containerd
          for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 19; done
          systemctl restart kubelet
      - uses: uncordon
`;

test('three nights until 22:10: every command of every node lies in its window, and each ran once', async () => {
  const cluster = await SimulatedCluster.create({ size: SIZE, now: Date.parse('2026-01-05T21:00Z') });
  const { time } = cluster;
  const inventory = inventoryOf(SIZE);
  const documents = {
    runbook: valid(loadRunbook('r.yaml', RUNBOOK, actions)),
    inventory,
    inputs: {},
    scenario: ONE_MINOR,
  };
  const kept = new KeptJournal(() => time.now());
  const newController = () => new Controller({ ground: cluster, inventory: inventory.value, minors: [], seams: {} });
  const first = newController();
  const made = await time.run(plan(documents, first));
  const nights: { from: number; until: number; outcome: string; paused: boolean }[] = [];
  for (let night = 0; night < 3; night += 1) {
    const { until = 0 } = parseBounds({ until: '22:10' }, time.now(), 'Europe/Berlin');
    const from = until - 10 * MINUTE;
    // A resume knows nothing but the journal.
    const controller = night === 0 ? first : newController();
    const result = await time.run(
      controller.run(made.plan, 'run-1', kept, night === 0 ? made.facts : undefined, { until }),
    );
    if (result === 'killed') throw new Error('killed');
    nights.push({ from, until, outcome: result.outcome, paused: foldJournal(kept.records()).paused === true });
    await time.run(time.sleep(from + DAY - time.now()), 2 * DAY);
  }
  expect(nights.map(({ outcome, paused }) => [outcome, paused])).toEqual([
    ['paused', true],
    ['paused', true],
    ['done', false],
  ]);
  const changes = cluster.commands.filter(({ origin }) => origin.kind === 'attempt');
  const nightOf = (at: number) => nights.findIndex(({ from, until }) => from <= at && at <= until);
  const restarts = changes.filter(({ line }) => line === 'systemctl restart containerd');
  expect(restarts.map(({ node, began }) => `${node} in night ${nightOf(began) + 1}`)).toEqual([
    'worker-1 in night 1',
    'worker-2 in night 1',
    'worker-3 in night 2',
    'worker-4 in night 2',
    'worker-5 in night 3',
  ]);
  const outside = changes.filter(({ began, ended = 0 }) => nightOf(began) === -1 || nightOf(began) !== nightOf(ended));
  expect(outside.map(({ node, line }) => `${node}: ${line}`)).toEqual([]);
});
