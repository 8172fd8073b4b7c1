import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { reportSchema } from '../../src/render/report-data.ts';
import { folder, runbook } from '../commands/cli.ts';

/** Facts of a cluster of three control planes that was upgraded with this program: test/fixtures. */
const FACTS = new URL('../fixtures/facts-file/kubeadm-1.20.2-ha.json', import.meta.url).pathname;

function rehearse(dir: string, ...words: string[]) {
  const state = ['--state-dir', join(dir, 'state')];
  return runbook(['rehearse', 'upgrade', '--facts', FACTS, '--set', 'version=1.21.0', ...words, ...state]);
}

test('a rehearsal on the facts of a real cluster refuses and ends as its upgrade did', async () => {
  const dir = folder();
  const refused = await rehearse(dir);
  expect(refused.code, refused.all).toBe(3);
  expect(refused.all.replaceAll(/\s+/g, ' ')).toMatch(/deleted permanently: demo\/naked.*lose the emptyDir data of/);

  const page = join(dir, 'rehearsal.json');
  const sets = ['--set', 'force=true', '--set', 'deleteEmptydirData=true'];
  const ended = await rehearse(dir, ...sets, '-o', page);
  expect(ended.code, ended.all).toBe(0);
  const { steps, nodes } = reportSchema.parse(JSON.parse(readFileSync(page, 'utf8')));
  // The figures of docs/real-cluster.md.
  const outcomes = steps.map(({ outcome }) => outcome);
  expect(outcomes.filter((outcome) => outcome === 'changed')).toHaveLength(40);
  expect(outcomes.filter((outcome) => outcome === 'unchanged')).toHaveLength(10);
  expect(outcomes).toHaveLength(50);
  expect(nodes.map(({ name }) => name)).toEqual(['cp1', 'cp2', 'cp3', 'w1', 'w2']);
});
