import { describe, expect, test } from 'vitest';
import { loadPart } from '../../src/documents/part.ts';
import { loadRunbook } from '../../src/documents/runbook.ts';
import type { Diagnostic } from '../../src/diagnostic.ts';
import { fakeActions } from './fakes.ts';

const HEAD = 'apiVersion: runbook/v1\n';
const book = (phases: string, head = '') => `${HEAD}kind: Runbook\nname: r\n${head}phases:\n${phases}`;
const steps = (text: string, head = '') => `${HEAD}kind: Steps\n${head}steps:\n${text}`;

type Files = Readonly<Record<string, string>>;

function reader(files: Files) {
  return (path: string) => {
    const value = files[path];
    return value === undefined ? { ok: false as const, why: 'there is no such file' } : { ok: true as const, value };
  };
}

const load = (text: string, files: Files = {}) => loadRunbook('dir/r.yaml', text, fakeActions, reader(files));
const loadSteps = (text: string, files: Files = {}) =>
  loadPart('dir/s.yaml', text, 'Steps', fakeActions, reader(files));

/** `file:line:column code summary`. */
function placed(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ span, code, summary }) => `${span?.file}:${span?.line}:${span?.column} ${code} ${summary}`);
}

const CHECKS = steps(
  `  - { name: Look at it, run: 'echo \${{ inputs.what }}' }
  - { uses: drain, with: { force: '\${{ inputs.force }}' } }
`,
  'inputs:\n  what: { type: string }\n  force: { type: boolean, default: false }\n',
);

describe('an include', () => {
  test('of steps stands for them, each with its place in its own file', () => {
    const { value, diagnostics, parts, digest } = load(
      book(`  - name: p
    nodes: all
    steps:
      - run: first
      - include: parts/checks.yaml
        inputs: { what: '\${{ node.name }}' }
      - run: last
`),
      { 'dir/parts/checks.yaml': CHECKS },
    );
    expect(diagnostics).toEqual([]);
    expect(value?.phases[0]?.steps.map(({ span }) => `${span.file}:${span.line}`)).toEqual([
      'dir/r.yaml:8',
      'dir/parts/checks.yaml:7',
      'dir/parts/checks.yaml:8',
      'dir/r.yaml:11',
    ]);
    expect(parts).toEqual([{ path: 'dir/parts/checks.yaml', kind: 'Steps', text: CHECKS }]);
    expect(digest).not.toBe(load(book('  - { name: p, nodes: all, steps: [{ run: x }] }\n')).digest);
  });

  test('of phases stands for them, and may include further files', () => {
    const phases = `${HEAD}kind: Phases\nphases:\n  - { name: a, nodes: all, steps: [{ include: more/s.yaml }] }\n  - { name: b, nodes: all, steps: [{ run: b }] }\n`;
    const { value, diagnostics } = load(
      book('  - include: p.yaml\n  - { name: c, nodes: all, steps: [{ run: c }] }\n'),
      {
        'dir/p.yaml': phases,
        'dir/more/s.yaml': steps('  - run: deep\n'),
      },
    );
    expect(diagnostics).toEqual([]);
    expect(value?.phases.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(value?.phases[0]?.steps[0]).toMatchObject({ run: 'deep', span: { file: 'dir/more/s.yaml', line: 4 } });
  });

  test('has every problem of the file at its place there, once, with where it is included', () => {
    const bad = steps(`  - uses: drian
  - { run: 'echo \${{ inputs.wat }}', timeout: soon }
  - { run: 'true', serial: 1 }
`);
    const twice = '      - include: bad.yaml\n'.repeat(2);
    const { value, diagnostics } = load(
      book(`  - name: p\n    nodes: all\n    steps:\n${twice}      - run: 'echo \${{ nod.name }}'\n`),
      {
        'dir/bad.yaml': bad,
      },
    );
    expect(value).toBeUndefined();
    expect(placed(diagnostics)).toEqual([
      'dir/r.yaml:10:24 unknown-name `nod` is not known here',
      'dir/bad.yaml:4:11 unknown-action there is no action `drian`',
      'dir/bad.yaml:5:29 unknown-name `inputs` has no `wat`',
      'dir/bad.yaml:5:47 invalid-value `timeout` must be a duration such as 90s, 10m, 1h30m or 500ms',
      'dir/bad.yaml:6:20 unknown-key unknown key `serial`',
    ]);
    expect(diagnostics[1]?.detail).toBe('did you mean `drain`? (included at dir/r.yaml:8:18)');
  });

  test('is refused where the file is missing, of another kind, or includes itself', () => {
    const { diagnostics } = load(
      book(`  - include: nowhere.yaml
  - include: s.yaml
  - include: loop.yaml
  - name: p
    nodes: all
    steps:
      - include: other.yaml
      - include: '\${{ inputs.x }}'
      - include: bare.yaml
      - { include: s.yaml, when: x }
`),
      {
        'dir/s.yaml': steps('  - run: x\n'),
        'dir/loop.yaml': `${HEAD}kind: Phases\nphases:\n  - { name: l, nodes: all, steps: [{ run: l }] }\n  - include: back/loop2.yaml\n`,
        'dir/back/loop2.yaml': `${HEAD}kind: Phases\nphases:\n  - include: ../loop.yaml\n`,
        'dir/bare.yaml': `${HEAD}steps: [{ run: x }]\n`,
        'dir/other.yaml': book('  - { name: p, nodes: all, steps: [{ run: x }] }\n'),
      },
    );
    expect(placed(diagnostics)).toEqual([
      'dir/r.yaml:5:14 missing-file cannot include dir/nowhere.yaml: there is no such file',
      'dir/r.yaml:6:14 wrong-kind dir/s.yaml is of kind Steps: a list of phases includes files of kind Phases',
      'dir/r.yaml:11:18 wrong-kind dir/other.yaml is of kind Runbook: a list of steps includes files of kind Steps',
      'dir/r.yaml:12:18 template what is included is known before any input: no ${{ }} here',
      'dir/r.yaml:13:18 wrong-kind dir/bare.yaml has no `kind`: a list of steps includes files of kind Steps',
      'dir/r.yaml:14:28 unknown-key unknown key `when`',
      'dir/back/loop2.yaml:4:14 include-cycle the files include each other',
    ]);
    expect(diagnostics.at(-1)?.detail).toContain('dir/loop.yaml -> dir/back/loop2.yaml -> dir/loop.yaml');
    expect(diagnostics[5]?.detail).toBe('here it is called `if`');
  });

  test('gives the inputs that the file declares: none unknown, none missing, each of its type', () => {
    const declared = `inputs:
  version: { type: version }
  count: { type: number, default: 1 }
  names: { type: list, default: [] }
  token: { type: secret }
`;
    const { diagnostics } = load(
      book(
        `  - name: p
    nodes: all
    steps:
      - include: s.yaml
        inputs: { versoin: 1.32.9, count: '\${{ inputs.word }}', names: x, token: 'env:TOKEN' }
      - include: s.yaml
        inputs: { version: 1.32, count: '\${{ inputs.nothing }}', names: [a, '\${{ node.name }}'], token: '\${{ inputs.token }}' }
`,
        'inputs:\n  word: { type: string, default: a }\n  token: { type: secret }\n',
      ),
      { 'dir/s.yaml': steps("  - { run: 'true', secrets: { T: '${{ inputs.token }}' } }\n", declared) },
    );
    expect(placed(diagnostics)).toEqual([
      'dir/r.yaml:11:18 missing-input dir/s.yaml needs the input `version`',
      'dir/r.yaml:12:19 unknown-input dir/s.yaml has no input `versoin`',
      'dir/r.yaml:12:43 expression-type `count` of dir/s.yaml must be a number, the expression gives a string',
      'dir/r.yaml:12:72 invalid-value `names` of dir/s.yaml must be a list: a,b or JSON such as ["a", "b"]',
      'dir/r.yaml:12:82 secret `token` of dir/s.yaml is a secret: it must be an input of type secret',
      'dir/r.yaml:14:28 invalid-value `version` of dir/s.yaml must be a whole version such as 1.32.9',
      'dir/r.yaml:14:53 unknown-name `inputs` has no `nothing`',
    ]);
    // Where a secret belongs there may be one by mistake: its line is not shown.
    expect(diagnostics[4]?.span).not.toHaveProperty('text');
  });

  test("a secret of the file is the runbook's own, through several files", () => {
    const inner = steps(
      "  - { run: 'true', secrets: { T: '${{ inputs.b }}' } }\n",
      'inputs: { b: { type: secret } }\n',
    );
    const middle = steps(
      "  - { include: inner.yaml, inputs: { b: '${{ inputs.a }}' } }\n",
      'inputs: { a: { type: secret } }\n',
    );
    const { value, diagnostics } = load(
      book(
        "  - { name: p, nodes: all, steps: [{ include: middle.yaml, inputs: { a: '${{ inputs.token }}' } }] }\n",
        'inputs: { token: { type: secret } }\n',
      ),
      { 'dir/inner.yaml': inner, 'dir/middle.yaml': middle },
    );
    expect(diagnostics).toEqual([]);
    expect(value?.phases[0]?.steps[0]).toMatchObject({ secrets: { T: '${{ inputs.token }}' } });
  });

  test('the file alone is checked too, its problems at its own places', () => {
    expect(loadSteps(CHECKS).diagnostics).toEqual([]);
    expect(placed(loadSteps(steps('  - { run: x, timeout: soon }\n', 'name: x\n')).diagnostics)).toEqual([
      'dir/s.yaml:3:1 unknown-key unknown key `name`',
      'dir/s.yaml:5:24 invalid-value `timeout` must be a duration such as 90s, 10m, 1h30m or 500ms',
    ]);
    expect(placed(loadSteps(`${HEAD}kind: Steps\n`).diagnostics)).toEqual([
      'dir/s.yaml:1:1 missing-key `steps` is missing',
    ]);
    expect(placed(load(CHECKS).diagnostics)).toEqual([
      'dir/r.yaml:2:7 wrong-kind this is a file of Steps, not a Runbook',
    ]);
  });
});

test('a script is there, is no template, and is for a shell; its text belongs to the runbook', () => {
  const text = book(`  - name: p
    nodes: all
    steps:
      - { script: a.sh, args: [1.30, '\${{ node.name }}'] }
      - { script: none.sh }
      - { script: '\${{ inputs.x }}' }
      - { script: b.py }
      - { script: a.sh, run: 'true' }
`);
  const files = { 'dir/a.sh': 'echo "$1"\n', 'dir/b.py': '#!/usr/bin/env -S python3 -u\n' };
  expect(placed(load(text, files).diagnostics)).toEqual([
    'dir/r.yaml:9:19 missing-file cannot read the script dir/none.sh: there is no such file',
    'dir/r.yaml:10:19 template a script is read before any value is known: no ${{ }} here',
    'dir/r.yaml:11:19 script the script dir/b.py is for python3, not for sh or bash',
    'dir/r.yaml:12:9 step-form this step has both `run` and `script`',
  ]);
  const good = book('  - { name: p, nodes: all, steps: [{ script: a.sh, args: [1.30] }] }\n');
  const loaded = load(good, files);
  expect(loaded.value?.phases[0]?.steps[0]).toMatchObject({ text: 'echo "$1"\n', args: ['1.30'] });
  expect(loaded.digest).not.toBe(load(good, { 'dir/a.sh': 'echo other\n' }).digest);
});

test('vars, forEach, serial and maxFailures are checked with the names that are known there', () => {
  const { diagnostics } = load(
    book(
      `  - name: p
    nodes: all
    vars: { size: '\${{ inputs.wat }}', where: '\${{ node.name }}' }
    serial: [1, '\${{ inputs.on }}', 0]
    maxFailures: 120%
    steps:
      - { run: 'echo \${{ vars.rooms }} \${{ each.value }}' }
      - { run: 'echo \${{ each.valu }} \${{ each.index + 1 }}', forEach: '\${{ vars.room }}' }
      - { run: 'true', forEach: 'a, b' }
      - { run: 'true', forEach: '\${{ vars.list }}' }
`,
      'inputs: { on: { type: boolean, default: true } }\nvars: { room: a, list: [a, b] }\n',
    ),
  );
  expect(placed(diagnostics)).toEqual([
    'dir/r.yaml:9:31 unknown-name `inputs` has no `wat`',
    'dir/r.yaml:9:52 unknown-name `node` is not known here',
    'dir/r.yaml:10:13 expression-type `serial` is of nodes, the expression gives a boolean',
    'dir/r.yaml:10:37 invalid-value entry 3 of `serial` must be a number of nodes or a share of them (1, 3 or 25%), an expression, or a list of these',
    'dir/r.yaml:11:18 invalid-value `maxFailures` must be a number of nodes or a share of them (0, 3 or 25%), an expression, or a list of these',
    'dir/r.yaml:13:31 unknown-name `vars` has no `rooms`',
    'dir/r.yaml:13:44 unknown-name `each` is not known here',
    'dir/r.yaml:14:31 unknown-name `each` has no `valu`',
    'dir/r.yaml:14:72 expression-type `forEach` must be a list, the expression gives a string',
    'dir/r.yaml:15:33 expression-type `forEach` must be a list, or one expression that gives one',
  ]);
});
