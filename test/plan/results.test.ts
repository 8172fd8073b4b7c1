import { expect, test } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { loadInventory } from '../../src/documents/inventory.ts';
import { loadRunbook } from '../../src/documents/runbook.ts';
import { isAskable } from '../../src/engine/check.ts';
import type { DraftedStep } from '../../src/plan/bind.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { parsePlan, type PlanStep } from '../../src/plan/plan.ts';

const INVENTORY = `apiVersion: runbook/v1
kind: Inventory
cluster: test
nodes: [{ name: a, host: a }, { name: b, host: b }]
`;

async function stepsOf(phases: string, asked: string[] = []): Promise<readonly PlanStep[]> {
  const text = `apiVersion: runbook/v1\nkind: Runbook\nname: test\ninputs: { word: { type: string, default: "it's" } }\nphases:\n${phases}`;
  const book = loadRunbook('test.yaml', text, actions);
  const inventory = loadInventory('inventory.yaml', INVENTORY);
  if (!book.value || !inventory.value) throw new Error(JSON.stringify([book.diagnostics, inventory.diagnostics]));
  const plan = await makePlan({
    runbook: { ...book, value: book.value },
    inventory: { ...inventory, value: inventory.value },
    inputs: { word: "it's" },
    facts: { nodes: {} },
    actions,
    guards: [],
    checks: (steps: readonly DraftedStep[]) => {
      asked.push(...steps.filter(isAskable).map(({ key }) => key));
      return Promise.resolve(undefined);
    },
    now: 0,
  });
  expect(parsePlan(JSON.stringify(plan))).toEqual({ plan });
  return plan.phases.flatMap(({ steps, always = [] }) => [...steps, ...always]);
}

const ask = (more = '') => `  - name: Ask
    nodes: a
    steps:
      - { id: ask, run: 'echo key=1 >>"$RUNBOOK_OUTPUT"'${more} }
`;
const read = (nodes: string, lines: string) =>
  `  - name: Read\n    nodes: ${nodes}\n    steps:\n      - name: Read\n${lines.replaceAll(/^/gm, '        ')}\n`;

test('what reads outputs becomes a variable of the script; the plan has its template and shows the author’s text', async () => {
  const lines = `run: |
  echo "\${{ steps.ask.outputs.key }}" \${{ inputs.word }} "\${{ env.K }}" \${{ steps.ask.outputs.key }}
env: { K: "<\${{ steps.ask.outputs.key }}>", W: '\${{ inputs.word }}' }
check: test "\${{ steps.ask.outputs.key }}" = "$W"
strict: false`;
  const steps = await stepsOf(ask() + read('a', lines));
  expect(steps[0]).toMatchObject({ ref: 'ask' });
  expect(steps[1]).toMatchObject({
    script: 'echo "${RUNBOOK_EXPR_1}" it\'s "${RUNBOOK_EXPR_2}" ${RUNBOOK_EXPR_1}\n',
    check: 'test "${RUNBOOK_EXPR_1}" = "$W"',
    env: { W: "it's" },
    deferred: {
      K: '<${{ steps.ask.outputs.key }}>',
      RUNBOOK_EXPR_1: '${{ steps.ask.outputs.key }}',
      RUNBOOK_EXPR_2: '${{ env.K }}',
    },
    commands: ['echo "${{ steps.ask.outputs.key }}" it\'s "${{ env.K }}" ${{ steps.ask.outputs.key }}'],
    predicted: { outcome: 'change' },
  });
});

test('a check that reads outputs is not asked while planning; another one of the same step is', async () => {
  const asked: string[] = [];
  const late = read('a', `run: 'true'\ncheck: test "$K" = 1\nenv: { K: "\${{ steps.ask.outputs.key }}" }`);
  const now = read('a', `run: echo "\${{ steps.ask.outputs.key }}"\ncheck: test -e /x`);
  await stepsOf(ask() + late + now, asked);
  expect(asked).toEqual(['a/3.1-read']);
});

test.each([
  ['steps.ask.outcome == "changed"', '', { outcome: 'change' }],
  ['steps.ask.outcome == "changed"', ', if: false', { outcome: 'skipped' }],
  ['steps.ask.outcome == "failed"', '', { outcome: 'skipped' }],
  [
    'has(steps.ask.outputs.key)',
    '',
    { outcome: 'change', reason: 'decided when it is reached: has(steps.ask.outputs.key)' },
  ],
  ['env.K == "1"', '', { outcome: 'change', reason: 'decided when it is reached: env.K == "1"' }],
])('if: %s after a step with %j is predicted', async (condition, more, predicted) => {
  const lines = `run: 'true'\nif: ${condition}\nenv: { K: "\${{ steps.ask.outputs.key }}" }`;
  expect((await stepsOf(ask(more) + read('a', lines))).at(-1)?.predicted).toMatchObject(predicted);
});

test('on a node where that step is not planned, it counts as skipped, without outputs', async () => {
  const lines = `run: echo \${{ steps.ask.outcome }} \${{ has(steps.ask.outputs.key) }}\nstrict: false`;
  const steps = await stepsOf(ask() + read('b', lines));
  expect(steps.at(-1)?.script).toBe('echo skipped false');
  expect(steps.at(-1)?.deferred).toBeUndefined();
  const missing = stepsOf(ask() + read('b', 'run: echo ${{ steps.ask.outputs.key }}'));
  await expect(missing).rejects.toThrow(/test.yaml:\d+:\d+: on node b: .*key/);
});

test('results of other nodes come before: of an earlier phase, or an earlier batch', async () => {
  const env = (node: string) => `run: 'true'\nenv: { K: "\${{ nodes['${node}'].steps.ask.outputs.key }}" }`;
  const steps = await stepsOf(ask() + read('b', env('a')));
  expect(steps.at(-1)?.deferred).toEqual({ K: "${{ nodes['a'].steps.ask.outputs.key }}" });
  await expect(stepsOf(ask() + read('b', env('c')))).rejects.toThrow("nodes['c']: the inventory has no such node");
  const both = (serial: number) => `  - name: Both
    nodes: all
    serial: ${serial}
    steps:
      - { id: ask, run: 'true' }
      - { run: 'true', if: "node.name == 'a' || nodes['a'].steps.ask.outcome == 'changed'" }
`;
  expect((await stepsOf(both(1))).at(-1)?.predicted.outcome).toBe('change');
  await expect(stepsOf(both(2))).rejects.toThrow(
    /^[^ ]*test\.yaml:\d+:\d+: 1\.2-run on b: it reads the result of ask on a, which runs side by side/,
  );
});

test('an always step knows the results of the steps of its node', async () => {
  const always = `    always:\n      - { run: 'true', if: "steps.ask.outcome == 'changed'" }\n      - { run: 'echo "\${{ steps.ask.outputs.key }}"' }\n`;
  const steps = await stepsOf(ask() + always);
  expect(steps.map(({ predicted, deferred }) => [predicted.outcome, deferred])).toEqual([
    ['change', undefined],
    ['change', undefined],
    ['change', { RUNBOOK_EXPR_1: '${{ steps.ask.outputs.key }}' }],
  ]);
});
