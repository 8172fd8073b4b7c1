import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { describe, expect, test } from 'vitest';
import { Source } from '../../src/documents/source.ts';
import { readYaml } from '../../src/documents/yaml.ts';
import { fakeActions, problemsOf, shown, withSteps } from './fakes.ts';
import { loadRunbook } from '../../src/documents/runbook.ts';

const read = (text: string) => readYaml(new Source('f.yaml', text));

describe('YAML that is torn', () => {
  test.each([
    ['phases: [\n  {name: x', ['2:11 yaml a `{` is never closed, or what follows it is not indented']],
    ['a: 1\na: 2\n', ['2:1 duplicate-key this key is given twice']],
    ['a:\n\tb: 1\n', ['2:1 yaml a tab is used as indentation']],
    ['a:\n  - b: 1\n\tc: 1\n\td: 1\n', ['3:1 yaml a tab is used as indentation']],
    ['a:\n  - { b: 1,\n\tc: 1 }\n', ['3:1 yaml a tab is used as indentation']],
    ['a:\n  -\tb: 1\n  \tc: 1\n', ['2:4 yaml a tab is used as indentation']],
    ['a: 1\n---\nb: 2\n', ['2:1 yaml more than one YAML document in the file']],
    ['n: [all, !w-1]\n', ['1:10 yaml unknown tag: !w-1']],
    ['n: *-1\n', ['1:4 yaml there is no anchor `&-1` before this alias']],
    ['a: &a [*a]\n', ['1:8 yaml alias `*a` contains itself']],
    ['w: { v: ${{ x }} }\n', ['1:10 yaml Unexpected flow-map-start at node end']],
    ["if: a ? b : 'c'\n", ['1:5 yaml a `: ` inside a plain value']],
    ['? {a: b}\n: c\n', ['1:3 yaml a key must be a plain word']],
    ['a: "x\n', ['1:4 yaml a quote is never closed']],
  ])('%j is told with its place', (text, messages) => {
    expect(shown(read(text).diagnostics)).toEqual(messages);
  });

  test('says how to write an exclusion and an expression in braces', () => {
    expect(read('n: [all, !w-1]\n').diagnostics[0]?.detail).toContain("'!worker-1'");
    expect(read('w: { v: ${{ x }} }\n').diagnostics[0]?.detail).toContain('in quotes');
  });

  test('aliases that grow without bound are refused', () => {
    const bomb = [
      'a0: &a0 [x, x, x, x, x, x, x, x, x]',
      ...Array.from({ length: 8 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`),
    ];
    expect(shown(read(`${bomb.join('\n')}\n`).diagnostics)).toEqual([
      expect.stringContaining('more than 200,000 values'),
    ]);
  });

  test('aliases are counted by what they stand for, not by their number', () => {
    const text = `a: &a { b: 1 }\nl: [${Array(500).fill('*a').join(', ')}]\n`;
    expect(read(text)).toMatchObject({ sound: true, diagnostics: [] });
  });

  test('blocks of text, comments and lists beside each other are no nesting', () => {
    const step = (n: number) =>
      `  - with:\n    - [a, { b: 'c' }] # ${'-'.repeat(n)}\n    run: |\n      ${'x'.repeat(n)}\n`;
    for (const newline of ['\n', '\r\n']) {
      const text = `steps:\n${Array.from({ length: 300 }, (_, n) => step(n + 1)).join('')}`.replaceAll('\n', newline);
      expect(read(text)).toMatchObject({ sound: true, diagnostics: [] });
    }
  });

  test('problems of form and content are told together where the form can be trusted', () => {
    const text = withSteps('      - run: a\n        run: b\n      - uses: drian\n');
    expect(problemsOf(text)).toEqual([
      '13:9 duplicate-key this key is given twice',
      '14:15 unknown-action there is no action `drian`',
    ]);
  });
});

describe('unusual YAML', () => {
  test('anchors, aliases and merges stand for what they name', () => {
    const text = withSteps(`      - &first
        run: echo \${{ node.name }}
        retries: 2
      - *first
      - <<: *first
        run: other
`);
    const { value, diagnostics } = loadRunbook('r.yaml', text, fakeActions);
    expect(diagnostics).toEqual([]);
    expect(value?.phases[0]?.steps).toMatchObject([
      { run: 'echo ${{ node.name }}', retries: 2 },
      { run: 'echo ${{ node.name }}', retries: 2 },
      { run: 'other', retries: 2 },
    ]);
  });

  test('a problem behind an alias is reported where the text stands', () => {
    const text = withSteps(
      '      - &first\n        run: echo ${{ node.nmae }}\n      - <<: *first\n        name: second\n',
    );
    expect(new Set(problemsOf(text))).toEqual(new Set(['13:28 unknown-name `node` has no `nmae`']));
  });

  test('a byte order mark, CRLF and comments do not move places', () => {
    const text = withSteps('      # a comment\n      - run: echo ${{ node.nmae }} # and one more\n').replaceAll(
      '\n',
      '\r\n',
    );
    const [first] = loadRunbook('r.yaml', text, fakeActions).diagnostics;
    expect(first?.span).toMatchObject({ line: 13, column: 28, text: expect.stringMatching(/more$/) });
  });

  test.each([
    ['plain', 'run: echo ${{ node.nmae }}', 12, 28],
    ['double quotes', 'run: "\\ta \\u0041 \\"${{ node.nmae }}\\""', 12, 37],
    ['single quotes', "run: 'it''s ${{ node.nmae }}'", 12, 30],
    ['a literal block', 'run: |\n          first\n            more\n\n          echo ${{ node.nmae }}', 16, 25],
    ['a literal block with a number', 'run: |2-\n          echo ${{ node.nmae }}', 13, 25],
    ['a folded block', 'run: >-\n          first\n          echo ${{ node.nmae }}', 14, 25],
    ['a plain value over two lines', 'run: first\n          echo ${{ node.nmae }}', 13, 25],
    ['an expression over two lines', 'run: |\n          ${{ node.name +\n              node.nmae }}', 14, 20],
    ['the second expression', 'run: echo ${{ node.name }} ${{ node.nmae }}', 12, 45],
  ])('the place inside of a string is exact in %s', (_, step, line, column) => {
    const [first] = loadRunbook('r.yaml', withSteps(`      - ${step}\n`), fakeActions).diagnostics;
    expect([first?.code, first?.span?.line, first?.span?.column]).toEqual(['unknown-name', line, column]);
  });

  test('the place of a word is found in every way that YAML has to write a string', () => {
    const words = fc.array(
      fc.constantFrom('a', 'b c', 'ä', '"', "'", '\\', '#', ': ', '\n', '  ', '\t', '€', '{', '}', '|'),
      { maxLength: 12 },
    );
    const type = fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED');
    fc.assert(
      fc.property(words, words, type, (before, after, defaultStringType) => {
        const value = `${before.join('')}MARK${after.join('')}`;
        const text = stringify({ k: { v: value } }, { defaultStringType, lineWidth: 40 });
        const document = read(text);
        expect(document.value).toEqual({ k: { v: value } });
        const at = value.indexOf('MARK');
        const span = document.inside(['k', 'v'], at, at + 4);
        expect(text.split('\n')[span.line - 1]?.slice(span.column - 1, span.column + 3)).toBe('MARK');
      }),
      { numRuns: 1000 },
    );
  });
});
