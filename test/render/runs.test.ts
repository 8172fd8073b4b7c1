import { expect, test } from 'vitest';
import { renderRuns } from '../../src/render/runs.ts';

const ROW = {
  run: '20261130-113212-upgrade-1-32-dff2',
  runbook: 'upgrade-1.32',
  cluster: 'production-eu-central-1',
  state: 'failed',
  startedAt: '2026-11-30T11:32:12.000Z',
  done: 7,
  steps: 50,
  nodes: ['cp-1', 'cp-2', 'cp-3', 'worker-1', 'worker-2'],
};

test('a terminal that has no room for all columns of a run shows them in two lines', () => {
  const look = { color: false, unicode: true };
  const narrow = renderRuns([ROW], { ...look, terminal: 80 })
    .trimEnd()
    .split('\n');
  expect(narrow).toHaveLength(4);
  expect(narrow.filter((line) => line.length > 80)).toEqual([]);
  expect(narrow[3]).toBe('    upgrade-1.32  production-eu-central-1  cp-1, cp-2, cp-3 and 2 more');
  expect(
    renderRuns([ROW], { ...look, terminal: 200 })
      .trimEnd()
      .split('\n'),
  ).toHaveLength(2);
  expect(renderRuns([ROW], look)).toBe(renderRuns([ROW], { ...look, terminal: 200 }));
});
