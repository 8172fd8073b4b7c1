import { describe, expect, test } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { resolveInputs } from '../../src/documents/inputs.ts';
import { loadInventory } from '../../src/documents/inventory.ts';
import { loadRunbook } from '../../src/documents/runbook.ts';
import { bindPlan } from '../../src/plan/bind.ts';
import { conditionHolds } from '../../src/plan/decide.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { mayFail } from '../../src/plan/batches.ts';
import { parsePlan, type Plan } from '../../src/plan/plan.ts';

const HEAD = 'apiVersion: runbook/v1\n';

/** Nodes w1, w2 ... */
function inventoryOf(count: number) {
  const nodes = Array.from({ length: count }, (_, i) => `  - { name: w${i + 1}, host: h, vars: { size: ${i + 1} } }\n`);
  const { value, diagnostics, ...rest } = loadInventory(
    'i.yaml',
    `${HEAD}kind: Inventory\ncluster: c\nnodes:\n${nodes.join('')}`,
  );
  if (!value) throw new Error(JSON.stringify(diagnostics));
  return { ...rest, diagnostics, value };
}

async function plan(
  phases: string,
  {
    head = '',
    files = {},
    sets = [],
    nodes = 1,
  }: { head?: string; files?: Record<string, string>; sets?: string[]; nodes?: number } = {},
): Promise<Plan> {
  const read = (path: string) => {
    const value = files[path];
    return value === undefined ? { ok: false as const, why: 'missing' } : { ok: true as const, value };
  };
  const text = `${HEAD}kind: Runbook\nname: r\n${head}phases:\n${phases}`;
  const { value, ...book } = loadRunbook('dir/r.yaml', text, actions, read);
  if (!value) throw new Error(JSON.stringify(book.diagnostics, null, 1));
  const inputs = resolveInputs(value, sets);
  expect(inputs.diagnostics).toEqual([]);
  return makePlan({
    runbook: { ...book, value },
    inventory: inventoryOf(nodes),
    inputs: inputs.values,
    facts: { nodes: {} },
    actions,
    guards: [],
    checks: () => Promise.resolve(undefined),
    now: 0,
  });
}

const stepsOf = ({ phases }: Plan) => phases.flatMap((phase) => phase.steps);
const commandsOf = (made: Plan) => stepsOf(made).map(({ commands }) => commands.join('\n'));
const batchSizes = ({ phases }: Plan) => phases[0]?.batches.map((batch) => batch.length);

describe('serial and maxFailures', () => {
  const phase = (more: string) => `  - { name: p, nodes: all, ${more}, steps: [{ run: x }] }\n`;
  const head =
    'inputs:\n  pace: { type: list, default: [1, 25%] }\n  n: { type: number, default: 3 }\n  s: { type: string, default: 50% }\n';

  test.each([
    ['serial: [1, 25%]', [1, 2, 2, 2, 1]],
    ["serial: '${{ inputs.pace }}'", [1, 2, 2, 2, 1]],
    ["serial: '${{ inputs.n }}'", [3, 3, 2]],
    ["serial: '${{ inputs.s }}'", [4, 4]],
    ["serial: [2, '${{ inputs.n }}']", [2, 3, 3]],
  ])('%s', async (serial, sizes) => {
    expect(batchSizes(await plan(phase(serial), { head, nodes: 8 }))).toEqual(sizes);
  });

  test('a share of maxFailures is of all nodes of the phase; a list counts by batch, its last entry on', async () => {
    const share = await plan(phase('maxFailures: 25%'), { head, nodes: 8 });
    expect(share.phases[0]?.maxFailures).toBe(2);
    const list = await plan(phase("serial: 2, maxFailures: [0, '${{ inputs.s }}']"), { head, nodes: 8 });
    expect(list.phases[0]?.maxFailures).toEqual([0, 4]);
    const [of] = list.phases;
    expect(of && [0, 1, 2, 3].map((batch) => mayFail(of, batch))).toEqual([0, 4, 4, 4]);
    expect(parsePlan(JSON.stringify(list))).toHaveProperty('plan');
  });

  test('what an expression gives instead is refused with the place of the phase', async () => {
    const bad = plan(phase("serial: '${{ inputs.s }}'"), { head, sets: ['s=many'] });
    await expect(bad).rejects.toThrow(
      'dir/r.yaml:9:5: `serial` of phase p must be at least 1, or a share (25%), not "many"',
    );
  });
});

describe('forEach', () => {
  test('plans the step for each item, with ids and titles of their own, and its `if` at the run too', async () => {
    const made = await plan(
      `  - name: p
    nodes: all
    steps:
      - name: Tell
        forEach: '\${{ inputs.names }}'
        run: echo \${{ each.index }} "$NAME"
        env: { NAME: '\${{ each.value }}' }
        if: each.value != 'b' && node.name == 'w1'
`,
      { head: 'inputs: { names: { type: list, default: [x] } }\n', sets: ['names=a, b'], nodes: 2 },
    );
    expect(
      stepsOf(made).map(({ node, id, title, env, predicted }) => [node, id, title, env, predicted.outcome]),
    ).toEqual([
      ['w1', '1.1-1-tell', 'Tell (a)', { NAME: 'a' }, 'change'],
      ['w1', '1.1-2-tell', 'Tell (b)', { NAME: 'b' }, 'skipped'],
      ['w2', '1.1-1-tell', 'Tell (a)', { NAME: 'a' }, 'skipped'],
      ['w2', '1.1-2-tell', 'Tell (b)', { NAME: 'b' }, 'skipped'],
    ]);
    expect(commandsOf(made)[1]).toBe('echo 1 "$NAME"');
    // As a run does, from the text of the plan.
    const parsed = parsePlan(JSON.stringify(made));
    if (!('plan' in parsed)) throw new Error(parsed.problem);
    const [bound] = bindPlan(parsed.plan, { actions, inventory: inventoryOf(2).value, run: 'r' });
    expect(
      bound?.steps.map((step) => conditionHolds(step, { nodes: {} }, { run: 'r', results: () => undefined })),
    ).toEqual([true, false, false, false]);
  });

  test('takes literals with expressions, maps, and actions; an empty list plans nothing', async () => {
    const made = await plan(`  - name: p
    nodes: all
    steps:
      - { forEach: [{ name: one, port: 80 }, { name: '\${{ node.name }}', port: 81 }], run: 'echo \${{ each.value.port }} \${{ each.value.name }}' }
      - { forEach: [], run: 'true' }
      - { forEach: [kubelet, kubectl], uses: install-packages, with: { packages: ['\${{ each.value }}'], version: 1.32.9 } }
`);
    expect(stepsOf(made).map(({ id, title, with: options }) => [id, title, options])).toEqual([
      ['1.1-1-run', 'echo 80 one (one)', {}],
      ['1.1-2-run', 'echo 81 w1 (w1)', {}],
      ['1.3-1-install-packages', 'install-packages kubelet (kubelet)', { packages: ['kubelet'], version: '1.32.9' }],
      ['1.3-2-install-packages', 'install-packages kubectl (kubectl)', { packages: ['kubectl'], version: '1.32.9' }],
    ]);
  });
});

describe('vars and include', () => {
  const PART = `${HEAD}kind: Steps
inputs:
  where: { type: string }
  size: { type: number, default: 1 }
vars: { greeting: 'hi \${{ inputs.where }}' }
steps:
  - { name: Greet, run: 'echo \${{ vars.greeting }} \${{ inputs.size }}', if: inputs.size > 1.0 && vars.greeting != '' }
`;

  test('a phase wins over the runbook, and an included file has its own names, on each node', async () => {
    const made = await plan(
      `  - name: p
    nodes: all
    vars: { where: here }
    steps:
      - run: echo \${{ vars.where }} \${{ vars.other }}
      - { include: s.yaml, inputs: { where: '\${{ vars.where }} on \${{ node.name }}', size: '\${{ node.vars.size }}' } }
      - { include: s.yaml, if: node.name == 'w2', inputs: { where: '\${{ inputs.word }}' } }
`,
      {
        head: "inputs: { word: { type: string, default: w } }\nvars: { where: there, other: '${{ inputs.word }}' }\n",
        files: { 'dir/s.yaml': PART },
        nodes: 2,
      },
    );
    expect(
      stepsOf(made).map(({ node, id, commands, predicted }) => [node, id, commands[0], predicted.outcome]),
    ).toEqual([
      ['w1', '1.1-run', 'echo here w', 'change'],
      ['w1', '1.2-greet', 'echo hi here on w1 1', 'skipped'],
      ['w2', '1.1-run', 'echo here w', 'change'],
      ['w2', '1.2-greet', 'echo hi here on w2 2', 'change'],
      ['w2', '1.3-greet', 'echo hi w 1', 'skipped'],
    ]);
    expect(stepsOf(made)[1]?.known).toEqual({
      inputs: { where: 'here on w1', size: 1 },
      vars: { greeting: 'hi here on w1' },
    });
    expect(stepsOf(made)[0]).not.toHaveProperty('known');
    expect(made.runbook.parts).toEqual([{ file: 's.yaml', kind: 'Steps', text: PART }]);
  });

  test('a value that only a node shows is held against the type of the input there', async () => {
    const bad = plan(
      "  - { name: p, nodes: all, steps: [{ include: s.yaml, inputs: { where: '${{ node.vars.size }}' } }] }\n",
      {
        files: { 'dir/s.yaml': PART },
      },
    );
    await expect(bad).rejects.toThrow(
      'dir/s.yaml:8:5: on node w1: ${{ node.vars.size }}: the input `where` of dir/s.yaml must be text',
    );
  });

  test('the condition of an included list of phases counts for each of them', async () => {
    const phases = `${HEAD}kind: Phases\ninputs: { on: { type: boolean } }\nphases:\n  - { name: a, nodes: all, steps: [{ run: a }] }\n  - { name: b, nodes: all, if: '!inputs.on', steps: [{ run: b }] }\n`;
    const files = { 'dir/p.yaml': phases };
    const head = 'inputs: { extra: { type: boolean, default: true } }\n';
    const include =
      "  - { include: p.yaml, if: inputs.extra, inputs: { on: '${{ inputs.extra }}' } }\n  - { name: c, nodes: all, steps: [{ run: c }] }\n";
    const skippedOf = ({ phases }: Plan) => phases.map(({ name, skipped }) => [name, skipped]);
    expect(skippedOf(await plan(include, { head, files }))).toEqual([
      ['a', undefined],
      ['b', 'if: !inputs.on is false'],
      ['c', undefined],
    ]);
    expect(skippedOf(await plan(include, { head, files, sets: ['extra=false'] }))).toEqual([
      ['a', 'the condition of its include is false'],
      ['b', 'if: !inputs.on is false'],
      ['c', undefined],
    ]);
  });

  test('the condition of a gate there knows the inputs of its file, of which the plan has those that it reads', async () => {
    const phases = `${HEAD}kind: Phases
inputs:
  max: { type: number }
  release: { type: version, default: v1.32.9 }
  other: { type: string, default: unread }
  token: { type: secret }
phases:
  - name: a
    nodes: all
    gate:
      http:
        url: http://prometheus:9090/
        headers: { Authorization: 'Bearer \${{ inputs.token }}' }
        condition: json.v < inputs.max && json.release == inputs["release"]
    steps: [{ run: a }]
`;
    const head = 'inputs: { most: { type: number, default: 5 }, key: { type: secret, default: env:KEY } }\n';
    const include = "  - { include: p.yaml, inputs: { max: '${{ inputs.most }}', token: '${{ inputs.key }}' } }\n";
    const askIn = async (text: string) => {
      const parsed = parsePlan(JSON.stringify(await plan(include, { head, files: { 'dir/p.yaml': text } })));
      const ask = 'plan' in parsed ? parsed.plan.phases[0]?.gate?.ask : undefined;
      if (ask?.kind !== 'http') throw new Error(JSON.stringify(parsed));
      return ask;
    };
    const { secretHeaders, inputs } = await askIn(phases);
    expect(secretHeaders).toEqual({ Authorization: 'Bearer ${{ inputs.key }}' });
    expect(inputs).toEqual({ max: 5, release: '1.32.9' });
    // Which one it reads does not show: it knows all of them, but no secret.
    const any = await askIn(phases.replace('inputs["release"]', 'inputs[body]'));
    expect(any.inputs).toEqual({ max: 5, release: '1.32.9', other: 'unread' });
  });
});

test('a script is frozen into the plan with its arguments, and shown by its digest', async () => {
  const files = { 'dir/bin/lb.sh': '#!/bin/bash\necho "$1" # ${{ no template }}\n' };
  const made = await plan(
    "  - { name: p, nodes: all, steps: [{ script: bin/lb.sh, args: [out, '${{ node.name }} x'], strict: false }] }\n",
    { files },
  );
  const [step] = stepsOf(made);
  expect(step).toMatchObject({
    id: '1.1-lb-sh',
    title: 'script bin/lb.sh',
    shell: 'bash',
    commands: [expect.stringMatching(/^bin\/lb\.sh out 'w1 x' {3}# 2 lines, sha256 [0-9a-f]{12}$/)],
    script: expect.stringMatching(
      /exec bash.*\nset -- out 'w1 x'\n#!\/bin\/bash\necho "\$1" # \$\{\{ no template \}\}\n$/,
    ),
  });
  expect(made.runbook.parts?.map(({ file, kind }) => [file, kind])).toEqual([['bin/lb.sh', 'script']]);
});

test('an argument may hold the result of a step: a variable of the script, never a part of its text', async () => {
  const files = { 'dir/a.sh': 'echo "$1"\n' };
  const made = await plan(
    `  - name: p
    nodes: all
    steps:
      - { id: one, run: echo }
      - { script: a.sh, args: ["it's \${{ steps.one.outputs.key }} of \${{ node.name }}", ''] }
      - { run: 'true', forEach: [a], env: { WHAT: '\${{ each.value }} \${{ steps.one.outputs.key }}' } }
`,
    { files },
  );
  const [, script, item] = stepsOf(made);
  expect(script?.script).toContain(`set -- 'it'\\''s '"\${RUNBOOK_EXPR_1}"' of w1' ''\n`);
  expect(script?.deferred).toEqual({ RUNBOOK_EXPR_1: '${{ steps.one.outputs.key }}' });
  expect(item).toMatchObject({ deferred: { WHAT: expect.any(String) }, known: { each: { value: 'a', index: 0 } } });
});

test('a list is given as a,b or as JSON', () => {
  const runbook = {
    inputs: { l: { type: 'list' as const }, e: { type: 'list' as const, enum: ['a', 'b'], default: ['a'] } },
  };
  expect(resolveInputs(runbook, ['l=a, b']).values).toEqual({ l: ['a', 'b'], e: ['a'] });
  expect(resolveInputs(runbook, ['l=[{"n": 1}]']).values).toMatchObject({ l: [{ n: 1 }] });
  expect(resolveInputs(runbook, ['l=']).values).toMatchObject({ l: [] });
  expect(resolveInputs(runbook, ['l=[a', 'e=c']).diagnostics.map(({ summary }) => summary)).toEqual([
    '--set l: it must be a list: a,b or JSON such as ["a", "b"]',
    '--set e: it must be a list of some of a, b',
  ]);
});
