import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { sha256 } from '../../src/digest.ts';
import { loadInventory } from '../../src/documents/inventory.ts';
import { loadRunbook } from '../../src/documents/runbook.ts';
import { LocalFiles } from '../../src/engine/local-file.ts';
import type { Facts, FileFacts } from '../../src/facts/facts.ts';
import { bindPlan, contextOf } from '../../src/plan/bind.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { folder } from '../commands/cli.ts';

const INVENTORY = `apiVersion: runbook/v1
kind: Inventory
cluster: test
nodes: [{ name: a, host: a, vars: { rack: one } }, { name: b, host: b, vars: { rack: two } }]
`;

async function planned(content: string | Buffer, options = 'template: true') {
  const src = join(folder(), 'app.conf');
  writeFileSync(src, '');
  const text = `apiVersion: runbook/v1
kind: Runbook
name: test
inputs: { word: { type: string, default: hi } }
phases: [{ name: one, nodes: all, steps: [{ uses: copy, with: { src: '${src}', dest: /etc/app.conf, ${options} } }] }]
`;
  const book = loadRunbook('test.yaml', text, actions);
  // It may have changed since the runbook was read, which looks at it too.
  writeFileSync(src, content);
  const inventory = loadInventory('inventory.yaml', INVENTORY);
  if (!book.value || !inventory.value) throw new Error(JSON.stringify([book.diagnostics, inventory.diagnostics]));
  const read = async (there: string): Promise<FileFacts> => ({
    local: { [src]: await new LocalFiles().describe(src, true) },
    nodes: {
      a: { '/etc/app.conf': { sha256: sha256(there), mode: '644' } },
      b: { '/etc/app.conf': { missing: true } },
    },
  });
  const plan = await makePlan({
    runbook: { ...book, value: book.value },
    inventory: { ...inventory, value: inventory.value },
    inputs: { word: 'hi' },
    facts: { nodes: {} },
    actions,
    guards: [],
    checks: () => Promise.resolve(undefined),
    look: async () => ({ files: await read('rack = one, hi\n'), nodes: {} }),
    now: 0,
  });
  const steps = plan.phases.flatMap((phase) => phase.steps);
  const bound = bindPlan(plan, { actions, inventory: inventory.value, run: 'run-1' }).flatMap((phase) => phase.steps);
  const again = async (node: string): Promise<ReturnType<typeof contextOf>> => {
    const step = bound.find((one) => one.node.name === node);
    if (!step) throw new Error('no such step');
    const facts: Facts = { nodes: {}, files: await read('rack = one, hi\n') };
    return contextOf(step, facts);
  };
  return { src, steps, again };
}

test('a template is filled for each node; its digest is planned, and judged by', async () => {
  const { src, steps, again } = await planned('rack = ${{ node.vars.rack }}, ${{ inputs.word }}\n');
  expect(steps.map(({ filled, predicted }) => [filled, predicted.outcome])).toEqual([
    [sha256('rack = one, hi\n'), 'unchanged'],
    [sha256('rack = two, hi\n'), 'change'],
  ]);
  expect(steps[1]?.commands[0]).toBe(
    `copy ${src}, filled for b (sha256 ${sha256('rack = two, hi\n').slice(0, 12)}) to /etc/app.conf`,
  );
  expect((await again('b')).filled).toMatchObject({ text: 'rack = two, hi\n' });
  writeFileSync(src, 'edited ${{ node.name }}\n');
  const { filled } = await again('b');
  expect(filled).toEqual({
    sha256: sha256('rack = two, hi\n'),
    error: `${src}, filled for b, is not what was planned: the file, or what its expressions read, has changed since`,
  });
});

test('without template: true the file stays as it is', async () => {
  const { steps } = await planned('${{ node.vars.rack }}\n', "mode: '0644'");
  expect(steps.map(({ filled }) => filled)).toEqual([undefined, undefined]);
});

test.each([
  [Buffer.from([0x24, 0xff, 0x00]), 'is not a text: template: true fills texts alone'],
  ['x'.repeat(257 * 1024), 'is too large: a template has at most 256 KiB'],
  ['one\n  ${{ node.vars.shelf }}\n', ':2:17: ${{ node.vars.shelf }}: no such key: shelf'],
  ['one ${{ node.name', ':1:5:'],
  ['${{ steps.ask.outputs.key }}', 'reads results of steps, which planning does not know'],
])('what cannot be filled is refused while planning, with its place: %#', async (content, words) => {
  await expect(planned(content)).rejects.toThrow(words);
});
