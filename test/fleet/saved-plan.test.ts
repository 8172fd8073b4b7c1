import { expect, test } from 'vitest';
import { parseFleetPlan, signedFleetPlan } from '../../src/fleet/plan.ts';
import { fleetPlan, stage } from './plans.ts';

const plan = fleetPlan([stage('one', ['a']), stage('two', ['b'])]);

test('a saved fleet plan is read as it was written', () => {
  expect(parseFleetPlan(JSON.stringify(plan, null, 1))).toEqual({ plan });
});

test.each([
  ['text', 'hello', /not JSON/],
  ['another document', '{"a":1}', /no version/],
  ['a plan of one cluster', '{"version":2,"phases":[]}', /no version or no stages/],
  ['another version', JSON.stringify({ ...plan, version: 9 }), /has version 9, this runbook reads version 1/],
  ['an unknown member', JSON.stringify({ ...plan, more: 1 }), /not a fleet plan/],
  [
    'another digest of a cluster',
    JSON.stringify(plan).replace('a'.repeat(64), 'd'.repeat(64)),
    /was edited or damaged/,
  ],
])('%s is refused, with the reason', (_what, text, problem) => {
  expect(parseFleetPlan(text)).toEqual({ problem: expect.stringMatching(problem) });
});

test('the digest is that of what is done: not of when the plan was made, nor of how long it takes', () => {
  const { version: _version, digest, ...content } = plan;
  const later = { ...content, createdAt: '2027-01-01T00:00:00.000Z' };
  expect(signedFleetPlan(later).digest).toBe(digest);
  const slower = content.clusters.map((one) => ({ ...one, expected: one.expected * 2 }));
  expect(signedFleetPlan({ ...content, clusters: slower }).digest).toBe(digest);
  expect(signedFleetPlan({ ...content, stages: content.stages.toReversed() }).digest).not.toBe(digest);
});
