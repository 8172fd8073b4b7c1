import * as fc from 'fast-check';
import { Environment } from '@marcbachmann/cel-js';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { loadInventory } from '../../src/documents/inventory.ts';
import { checkSelection } from '../../src/documents/runbook-checks.ts';
import { loadRunbook } from '../../src/documents/runbook.ts';
import { fakeActions, problemsOf, shown, withSteps } from './fakes.ts';

const load = (text: string) => loadRunbook('r.yaml', text, fakeActions);

const SHARES = (least: string) =>
  `a number of nodes or a share of them (${least}, 3 or 25%), an expression, or a list of these`;

describe('a runbook', () => {
  test('six mistakes give six problems, each at its place', () => {
    const text = `apiVersion: runbook/v1
kind: Runbook
name: bad
inputs:
  version: { type: version, default: 1.32.9 }
phases:
  - name: one
    nodes: workers
    seriel: 1
    steps:
      - uses: drian
      - run: echo \${{ node.nmae }}
      - name: nothing to do
      - run: sleep 1
        timeout: soon
      - uses: drain
        with: { timout: 3m }
`;
    const loaded = load(text);
    expect(loaded.value).toBeUndefined();
    expect(loaded.diagnostics.map(({ span, code, detail }) => [span?.line, span?.column, code, detail])).toEqual([
      [9, 5, 'unknown-key', 'did you mean `serial`?'],
      [11, 15, 'unknown-action', 'did you mean `drain`?'],
      [12, 28, 'unknown-name', 'did you mean `name`?'],
      [13, 9, 'step-form', 'it needs `uses` (an action) or `run` (commands)'],
      [15, 18, 'invalid-value', undefined],
      [17, 17, 'unknown-key', 'did you mean `timeout`?'],
    ]);
  });

  test('keys of `run` alone, and what makes no sense for a step that only looks, are pointed at', () => {
    expect(
      problemsOf(
        withSteps(`      - { uses: drain, shell: bash, strict: false, changes: false }
      - { run: 'true', changes: false, check: 'true', effect: once }
      - { run: 'true', shell: zsh, strict: maybe }
`),
      ),
    ).toEqual([
      '12:24 step-form `shell` belongs to `run` steps',
      '12:37 step-form `strict` belongs to `run` steps',
      '12:52 step-form `changes` belongs to `run` steps',
      '13:40 step-form a step with `changes: false` has no `check`: it runs each time, and may be sent again',
      '13:55 step-form a step with `changes: false` has no `effect`: it runs each time, and may be sent again',
      '14:31 invalid-value `shell` must be one of sh, bash',
      '14:44 invalid-value `strict` must be true or false',
    ]);
  });

  test('`undoneBy` names a step of `always`, and `node.failed` is known there alone', () => {
    const text = withSteps(`      - { run: a, undoneBy: lb-on }
      - { run: b, if: node.failed }
    always:
      - { id: lb-in, run: c, if: "!node.failed" }
      - { run: 'echo \${{ node.failed }}', undoneBy: lb-in }
`);
    expect(problemsOf(text)).toEqual([
      '12:29 unknown-step `always` of this phase has no step with the id `lb-on`',
      '13:28 unknown-name `node` has no `failed`',
      '16:31 unknown-name `node` has no `failed`',
      '16:43 step-form `undoneBy` belongs to a step of `steps`: nothing undoes an `always` step',
    ]);
    const { value } = load(withSteps('      - { run: a, undoneBy: in }\n    always:\n      - { id: in, run: c }\n'));
    expect(value?.phases[0]?.always).toMatchObject([{ id: 'in', run: 'c' }]);
  });

  test('a pause between retries needs retries', () => {
    const { diagnostics } = load(withSteps('      - { run: a, retryDelay: 10s }\n'));
    expect(diagnostics.map(({ code, summary }) => [code, summary])).toEqual([
      ['step-form', '`retryDelay` without `retries`'],
    ]);
  });

  test('defaults are filled in and durations become milliseconds', () => {
    const { value, diagnostics } = load(
      withSteps(`      - uses: drain
        with: { timeout: 10m, force: "\${{ inputs.force }}" }
      - name: Tell
        run: echo hi
        on: local
        if: has(node.labels.ingress) && node.labels.ingress == 'true'
        check: test -e /run/x
        env: { PORT: 8080, RATIO: 1.30, FLAG: true, TO: "\${{ inputs.version }}" }
        timeout: 1h30m
        onTimeout: leave
        retries: 3
`),
    );
    expect(diagnostics).toEqual([]);
    const phase = value?.phases[0];
    expect(phase).toMatchObject({ name: 'one', nodes: ['all'], serial: 1, maxFailures: 0 });
    expect(phase?.span).toMatchObject({ file: 'r.yaml', line: 9, column: 5 });
    expect(phase?.steps[0]).toMatchObject({
      kind: 'uses',
      uses: 'drain',
      with: { timeout: '10m', force: '${{ inputs.force }}' },
      retries: 0,
      span: { line: 12, column: 9 },
    });
    expect(phase?.steps[1]).toMatchObject({
      kind: 'run',
      on: 'local',
      effect: 'once',
      env: { PORT: '8080', RATIO: '1.30', FLAG: 'true', TO: '${{ inputs.version }}' },
      timeout: 5_400_000,
      onTimeout: 'leave',
      retries: 3,
    });
  });

  test.each([
    ['serial: 25%', '25%'],
    ['serial: 3', 3],
    ['serial: "100%"', '100%'],
  ])('%s is understood', (line, serial) => {
    const text = withSteps('      - run: "true"\n').replace('nodes: all', `nodes: all\n    ${line}`);
    expect(load(text).value?.phases[0]?.serial).toBe(serial);
  });

  test.each([
    ['serial: 0', `11:13 invalid-value \`serial\` must be ${SHARES('1')}`],
    ['serial: 0%', `11:13 invalid-value \`serial\` must be ${SHARES('1')}`],
    ['serial: []', '11:13 invalid-value `serial` must not be an empty list'],
    ['serial: [1, 0]', `11:17 invalid-value entry 2 of \`serial\` must be ${SHARES('1')}`],
    ['maxFailures: -1', `11:18 invalid-value \`maxFailures\` must be ${SHARES('0')}`],
    ['if: hop.last', '11:9 unknown-name `hop` is not known here'],
    ['if: node.name == "a"', '11:9 unknown-name `node` is not known here'],
    ['if: inputs.version', '11:9 expression-type a condition must be true or false, this is a string'],
    ['name: one', '11:5 duplicate-key this key is given twice'],
  ])('the phase key `%s` is refused', (line, message) => {
    const text = withSteps('      - run: "true"\n').replace('nodes: all', `nodes: all\n    ${line}`);
    expect(problemsOf(text)).toEqual([message]);
  });

  test.each([
    ['run: a\n        timeout: 90', '13:18 invalid-value `timeout` needs a unit: 90s or 90m'],
    ['run: a\n        timeout: 0s', '13:18 invalid-value `timeout` must be longer than nothing and shorter than 596h'],
    [
      'run: a\n        timeout: 600h',
      '13:18 invalid-value `timeout` must be longer than nothing and shorter than 596h',
    ],
    ['run: a\n        retries: many', '13:18 invalid-value `retries` must be a whole number of at least 0'],
    ['run: a\n        on: locall', '13:13 invalid-value `on` must be one of node, control-plane, local'],
    ['run: a\n        if: "${{ true }} && true"', '13:14 expression-syntax a condition is one expression as a whole'],
    ['run: a\n        with: {}', '13:9 step-form `with` belongs to `uses` steps'],
    ['uses: drain\n        check: a', '13:9 step-form `check` belongs to `run` steps'],
    ['uses: drain\n        run: a', '12:9 step-form this step has both `uses` and `run`'],
    ['run: 5', '12:14 invalid-value `run` must be text: put it in quotes'],
    ['run:', '12:9 invalid-value `run` must be a text, not empty'],
    ['run: ""', '12:14 invalid-value `run` must not be empty'],
    ['run: a\n        env: { 1A: x }', '13:16 invalid-key `1A` is not a variable name: letters, digits and _ only'],
    ['run: a\n        env: { A: [x] }', '13:19 invalid-value `A` must be a text, a number, true or false'],
    [
      'name: to ${{ inputs.version }}\n        run: a',
      '12:18 template `name` is shown as written: ${{ }} has no effect here',
    ],
    ['run: echo ${{ inputs.verison }}', '12:30 unknown-name `inputs` has no `verison`'],
    ['run: echo ${{ nod.name }}', '12:23 unknown-name `nod` is not known here'],
    ['run: echo ${{ env.NOPE }}\n        env: { YES: 1 }', '12:27 unknown-name `env` has no `NOPE`'],
    ['run: echo ${{ 1 + }}', '12:26 expression-syntax unexpected token: EOF'],
    ['run: echo ${{ }}', '12:22 expression-syntax the expression is empty'],
    ['run: echo ${{ inputs.version', '12:19 expression-syntax `${{` is never closed by `}}`'],
    ['run: "a"\n        if: has(node.lables.x)', '13:22 unknown-name `node` has no `lables`'],
    ['run: "a"\n        if: has(node["lables"].x)', '13:22 unknown-name `node` has no `lables`'],
    ['uses: drain\n        with: 3', "13:15 invalid-value `with` must be a map of the action's options"],
    ['uses: drain\n        with: { grace: -1 }', '13:24 invalid-value `grace` must be at least 0'],
    [
      'uses: drain\n        with: { timeout: 10m, force: yes }',
      '13:38 invalid-value `force` must be true or false, not a text',
    ],
    [
      'uses: drain\n        with: { force: "${{ inputs.version }}" }',
      '13:24 expression-type `force` must be a boolean, the expression gives a string',
    ],
    [
      'uses: drain\n        with: { grace: "${{ inputs.force }}" }',
      '13:24 expression-type `grace` must be a number, the expression gives a boolean',
    ],
    [
      'uses: drain\n        with: { timeout: "${{ inputs.n }}" }',
      '13:26 expression-type `timeout` must be a string, the expression gives a number',
    ],
    ['uses: install', '12:9 missing-key `packages` is missing'],
    [
      'uses: install\n        with: { packages: [kubeadm], version: 1.32 }',
      '13:47 invalid-value `version` must be a text, not the number 1.32',
    ],
    [
      'uses: install\n        with: { packages: [kubeadn], version: 1.32.9 }',
      '13:28 invalid-value entry 1 of `packages` must be one of kubeadm, kubelet',
    ],
  ])('the step `%s` is refused', (step, message) => {
    expect(problemsOf(withSteps(`      - ${step}\n`))[0]).toBe(message);
  });

  test.each([
    'uses: drain\n        with: { grace: "${{ inputs.n + 1 }}", force: "${{ inputs.n > 2 }}" }',
    'uses: drain\n        with: { timeout: "${{ node.vars.limit }}", force: "${{ node.vars.force }}" }',
    'uses: install\n        with: { packages: ["${{ node.vars.name }}"], version: "${{ inputs.version }}" }',
    'uses: install\n        with: { packages: "${{ [\'kubeadm\'] }}", version: "1.${{ inputs.n }}.0" }',
    'run: echo ${{ env.A }} ${{ cluster.name }} ${{ cluster.version }}\n        env: { A: "${{ node.facts.os.id }}" }',
    'run: a\n        if: ${{ inputs.force }}',
    'run: a\n        if: true',
    'run: a\n        if: node.facts.kubelet != "" && size(node.vars) > 0',
  ])('the step `%s` is fine', (step) => {
    expect(problemsOf(withSteps(`      - ${step}\n`))).toEqual([]);
  });

  test('a secret is named by `secrets` alone, and no problem shows a line that may have one by mistake', () => {
    const text = `apiVersion: runbook/v1
kind: Runbook
name: bad
inputs:
  a: { type: secret, default: hunter2 }
  b: { type: secret, default: prompt }
  c: { type: string, default: x }
phases:
  - name: one
    nodes: all
    if: inputs.b == 'x'
    steps:
      - run: echo \${{ inputs.b }} \${{ has(inputs["b"]) }}
        env: { FINE: "\${{ inputs.c }}", B: x, C: "\${{ inputs.b }}" }
        check: test -s "\${B}" || test -s $BEYOND
        secrets:
          OK: "\${{ inputs.b }}"
          B: "\${{inputs.b}}"
          C: hunter2
          D: "x\${{ inputs.b }}"
          E: "\${{ inputs.c }}"
          F: "\${{ inputs.d }}"
          RUNBOOK_X: "\${{ inputs.b }}"
      - uses: drain
        with: { timeout: "\${{ inputs.b }}" }
        secrets: { A: "\${{ inputs.b }}" }
`;
    expect(problemsOf(text).map((one) => one.slice(0, 60))).toMatchInlineSnapshot(`
      [
        "5:31 invalid-value the default of \`a\` must name the source o",
        "11:16 secret \`inputs.b\` is a secret: only \`secrets\` of a \`ru",
        "13:30 secret \`inputs.b\` is a secret: only \`secrets\` of a \`ru",
        "13:50 secret \`inputs.b\` is a secret: only \`secrets\` of a \`ru",
        "14:62 secret \`inputs.b\` is a secret: only \`secrets\` of a \`ru",
        "15:25 secret \`check\` has no secrets, so no \`B\`",
        "18:11 secret \`B\` is a variable of \`env\` too",
        "19:11 secret \`C\` is a variable of \`env\` too",
        "19:14 secret \`C\` must be an input of type secret, and nothin",
        "20:14 secret \`D\` must be an input of type secret, and nothin",
        "21:14 secret \`inputs.c\` is no secret, its type is string",
        "22:14 unknown-name \`inputs\` has no \`d\`",
        "23:11 reserved names with RUNBOOK_ are reserved",
        "25:38 secret \`inputs.b\` is a secret: only \`secrets\` of a \`ru",
        "26:9 step-form \`secrets\` belongs to \`run\` steps",
      ]
    `);
    expect(JSON.stringify(load(text).diagnostics)).not.toContain('hunter2');
  });

  test('hop is known where the runbook has hops', () => {
    const text = withSteps(
      '      - run: echo ${{ hop.version }}\n        if: hop.first && !hop.last\n',
      'hops: { to: "${{ inputs.version }}" }\n',
    );
    expect(problemsOf(text.replace('nodes: all', 'nodes: all\n    if: hop.last'))).toEqual([]);
    expect(problemsOf(text.replace('inputs.version }}" }', 'inputs.n }}" }'))).toEqual([
      '8:13 expression-type `to` must be a version, the expression gives something else',
    ]);
    expect(problemsOf(text.replace('  n: {', '  via: {'))).toEqual([
      '7:3 reserved `via` is reserved by `hops`: --set via=... gives the patches in between',
    ]);
  });

  test.each([
    [
      'version: { type: version, default: 1.32 }',
      '5:38 invalid-value the default of `version` must be a whole version such as 1.32.9',
    ],
    ['version: { type: number, default: "1" }', '5:37 invalid-value the default of `version` must be a number'],
    [
      'version: { type: string, default: 1 }',
      '5:37 invalid-value the default of `version` must be text: put it in quotes',
    ],
    [
      'version: { type: versoin }',
      '5:20 invalid-value `type` must be one of string, version, number, boolean, duration, list, secret',
    ],
    [
      'version: { type: string, enum: [a, b], default: c }',
      '5:51 invalid-value the default of `version` must be one of a, b',
    ],
    ['version: { type: number, enum: [1, b] }', '5:38 invalid-value a value of `enum` must be a number'],
    ['in: { type: string }', '5:3 invalid-key `in` is a reserved word of the expression language'],
    ['a-b: { type: string }', '5:3 invalid-key `a-b` is not a name: letters, digits and _ only'],
    ['version: { default: x }', '5:12 missing-key `type` is missing'],
    ['version: version', '5:12 invalid-value `version` must be a map, not a text'],
  ])('the input `%s` is refused', (input, message) => {
    const text = withSteps('      - run: a\n').replace('version: { type: version, default: 1.32.9 }', input);
    expect(problemsOf(text)).toEqual([message]);
  });

  test('a word of another tool comes with ours', () => {
    const text = withSteps('      - run: a\n        when: x\n').replace('nodes: all', 'hosts: all');
    const details = load(text).diagnostics.map(({ span, code, detail }) => [span?.line, code, detail]);
    expect(details).toEqual([
      [9, 'missing-key', 'entry 1 of `phases` needs it'],
      [10, 'unknown-key', 'here it is called `nodes`'],
      [13, 'unknown-key', 'here it is called `if`'],
    ]);
  });

  test('a part of the wrong shape hides nothing elsewhere', () => {
    const text = withSteps('      - just text\n      - uses: drian\n').replace('name: test', 'name: [test]');
    expect(problemsOf(text)).toEqual([
      '3:7 invalid-value `name` must be a text, not a list',
      '12:9 invalid-value entry 1 of `steps` must be a map, not a text',
      '13:15 unknown-action there is no action `drian`',
    ]);
  });

  test.each([
    ['nodes: [all, "!w 1["]', ['10:22 node-pattern `1[` is not a node pattern']],
    ['nodes: control-plane[x]', ['10:12 node-pattern `[x]` is neither an index ([0], [-1]) nor a slice ([1:], [:2])']],
    ['nodes: ${{ inputs.n }}', ['10:12 node-pattern ${{ }} is not known in node patterns']],
    ['nodes: []', ['10:12 invalid-value `nodes` must not be an empty list']],
    ['nodes: ","', ['10:13 node-pattern the node pattern is empty']],
  ])('the pattern `%s` is refused where it stands', (line, messages) => {
    expect(problemsOf(withSteps('      - run: a\n').replace('nodes: all', line)).slice(0, 1)).toEqual(messages);
  });

  test('patterns are held against an inventory at their place', () => {
    const inventory = loadInventory(
      'i.yaml',
      'apiVersion: runbook/v1\nkind: Inventory\ncluster: c\nnodes: [{ name: w-1, host: h, role: worker }]\n',
    );
    const runbook = load(withSteps('      - run: a\n').replace('nodes: all', 'nodes: [workers, edgy]'));
    if (!inventory.value || !runbook.value) throw new Error('both must load');
    expect(shown(checkSelection(runbook.value, inventory.value))).toEqual([
      '10:22 node-pattern `edgy` is neither a node, a group nor a role (phase one)',
    ]);
  });

  test('a phase for a role is asked about where no node has one', () => {
    const inventory = loadInventory(
      'i.yaml',
      'apiVersion: runbook/v1\nkind: Inventory\ncluster: c\nnodes: [{ name: a, host: h }]\n',
    );
    const roles = load(withSteps('      - run: a\n').replace('nodes: all', 'nodes: workers'));
    const all = load(withSteps('      - run: a\n'));
    if (!inventory.value || !roles.value || !all.value) throw new Error('all must load');
    expect(shown(checkSelection(roles.value, inventory.value))).toEqual([
      '10:12 warning no-role no node has a role, so phase one has none; each counts as `other`',
    ]);
    expect(checkSelection(all.value, inventory.value)).toEqual([]);
  });
});

test('steps that know the same names are checked in one environment', () => {
  const made = vi.spyOn(Environment.prototype, 'clone');
  onTestFinished(() => made.mockRestore());
  const step =
    "      - { run: 'echo ${{ env.A }} ${{ node.name }}', env: { A: '${{ inputs.n }}' }, if: inputs.force }\n";
  const environments = (steps: number) => {
    made.mockClear();
    expect(problemsOf(withSteps(step.repeat(steps)))).toEqual([]);
    return made.mock.calls.length;
  };
  expect(environments(20)).toBe(environments(1));
});

describe('loading', () => {
  test('never throws, whatever the text', () => {
    const words = [
      'phases:',
      'steps:',
      '- ',
      '  ',
      '\n',
      '{',
      '}',
      '[',
      ']',
      '&a',
      '*a',
      '<<: ',
      'uses: ',
      'run: ',
      '"',
      "'",
      '|',
      '>',
      '${{ ',
      ' }}',
      'kind: Runbook\n',
      '\t',
      '#',
      '!',
      '%',
      '? ',
      ': ',
      '---\n',
      'null',
      '__proto__: ',
      'inputs: ',
      '1',
      'node.x',
    ];
    const texts = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...words)).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const loaded = load(text);
        expect(loaded.value === undefined).toBe(loaded.diagnostics.some(({ severity }) => severity === 'error'));
        expect(loadInventory('i.yaml', text).value).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  test('never throws on any shape of data in place of a runbook', () => {
    const shapes = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        fc.constantFrom(null, 1, true, 'x', '${{ inputs.a }}', '${{', '1s', [], {}),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(
          fc.constantFrom(
            'kind',
            'phases',
            'steps',
            'inputs',
            'with',
            'uses',
            'run',
            'env',
            'if',
            'nodes',
            'a',
            'hops',
            'to',
            'type',
            'default',
            'ssh',
            'groups',
            'port',
            'name',
            'host',
          ),
          tie('value'),
        ),
      ),
    })).value;
    fc.assert(
      fc.property(shapes, fc.constantFrom('Runbook', 'Inventory'), (shape, kind) => {
        const text = JSON.stringify({ ...(typeof shape === 'object' ? shape : {}), kind });
        for (const { span } of [...load(text).diagnostics, ...loadInventory('i', text).diagnostics])
          expect(span?.line).toBe(1);
      }),
      { numRuns: 500 },
    );
  });

  test('a text made of brackets alone is a problem, not a crash', () => {
    expect(load('['.repeat(10_000)).diagnostics.length).toBeGreaterThan(0);
  });
});
