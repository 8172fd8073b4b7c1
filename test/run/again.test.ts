import { expect, test } from 'vitest';
import { again } from '../../src/run/plan-again.ts';
import { samplePlan } from '../render/samples.ts';

const text = `apiVersion: runbook/v1
kind: Runbook
name: upgrade
inputs:
  version: { type: version }
  force: { type: boolean, default: false }
  reason: { type: string, default: '' }
phases:
  - { name: one, nodes: all, steps: [{ uses: uncordon }] }
`;

test('the command that is shown for going on has the inventory, the limit and every input that is not as by default', () => {
  const plan = {
    ...samplePlan(),
    runbook: { ...samplePlan().runbook, file: 'upgrade.yaml', text },
    inventory: { ...samplePlan().inventory, file: 'prod/inventory.yaml' },
    inputs: { version: '1.33.12', force: false, reason: "the owner's word" },
    limit: '!worker-3',
  };
  expect(again('apply', plan)).toBe(
    String.raw`runbook apply upgrade.yaml -i prod/inventory.yaml --set version=1.33.12 --set 'reason=the owner'\''s word' --limit '!worker-3'`,
  );
});
