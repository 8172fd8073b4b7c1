import { expect, test } from 'vitest';
import { renderFaults } from '../../src/render/faults.ts';
import { faultsSchema } from '../../src/render/faults-data.ts';
import { MISFORTUNES } from '../../src/rehearse/faults/list.ts';
import { FAULT, FAULTS } from './faults-sample.ts';

test('the table fits 80 columns, and has state, what serves, what a person does, the command and the end', () => {
  expect(faultsSchema.parse(FAULTS)).toEqual(FAULTS);
  const text = renderFaults(FAULTS, { color: false, unicode: true, columns: 80 });
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(text).toMatchInlineSnapshot(`
    "Misfortunes (1 tried, seed 7): the run ends well after each
        what goes wrong                              stops    API  etcd      budgets
      ✔ the power of cp-1 is cut between two         refused  2/3  1/3 lost  1 short
        manifests of its API server
          /etc/kubernetes/manifests/kube-apiserver.yaml is missing
          cordoned: worker-1; not Ready: cp-1; demo/web has 1 of 2 healthy pods; API
          servers 1.31.9 on cp-2, cp-3; kubelets 1.31.9 on cp-[1:3], worker-1
          then: put the manifest back on cp-1; then runbook resume: done, exit code
          0
    No place for them in this plan: image-not-pulled
    "
  `);
});

test('a run that does not end well is in the head', () => {
  const rows = [FAULT, { ...FAULT, name: 'other', ends: 'failed', why: 'exited with 1' } as const];
  const text = renderFaults({ ...FAULTS, rows }, { color: false, unicode: true, columns: 80 });
  expect(text).toContain('the run does not end well after 1');
  expect(text).toMatch(/failed: exited\s+with 1/);
});

test('the misfortunes have names of their own, words for the node, and an end where a person has to act', () => {
  const names = MISFORTUNES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThan(25);
  for (const { name, what, strike, first } of MISFORTUNES) {
    expect(what, name).toContain('NODE');
    if (['problem', 'registry', 'budget'].includes(strike.kind)) expect(first, name).toBeDefined();
  }
});
