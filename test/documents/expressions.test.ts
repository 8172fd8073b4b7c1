import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkCondition,
  checkTemplate,
  evaluateCondition,
  evaluateTemplate,
  evaluateText,
  factsIn,
} from '../../src/documents/expressions.ts';
import { scopeFacts } from '../../src/documents/names.ts';
import { parseTemplate } from '../../src/documents/template.ts';
import { declared, scope } from './scope.ts';

describe('a template', () => {
  test.each<[unknown, unknown]>([
    ['plain', 'plain'],
    ['${{ inputs.n }}', 3],
    ['  ${{ inputs.n }}', '  3'],
    ['${{ inputs.n + 1 }}', 4],
    ['${{ inputs.n / 2 }}', 1.5],
    ['${{ 7 / 2 }}', 3],
    ['${{ inputs.n == 3 }}', true],
    ['${{ inputs.force }}', true],
    ['v${{ inputs.version }}-${{ inputs.n }}', 'v1.32.9-3'],
    ['${{ node.labels["kubernetes.io/os"] }}', 'linux'],
    ['${{ node.vars.list }}', [1, 'x']],
    ['${{ node.vars.deep }}', { k: true }],
    ['x ${{ node.vars.list }}', 'x [1,"x"]'],
    ['${{ {"a": {"b": 1}} }}', { a: { b: 1 } }],
    ['${{ "}}" }}', '}}'],
    ["${{ '${{' }}", '${{'],
    ['${{ [1, 2].map(x, x + 1) }}', [2, 3]],
    ['${{ hop.first ? "first" : "later" }}', 'first'],
    ['${{ env.A }}', 'a'],
    ['${{ node.facts.os.id }}', 'debian'],
    [
      { a: ['${{ inputs.n }}', { b: '${{ cluster.name }}' }], c: 5 },
      { a: [3, { b: 'c' }], c: 5 },
    ],
  ])('%j becomes %j', (template, value) => {
    expect(evaluateTemplate(template, scope)).toEqual({ ok: true, value });
    expect(checkTemplate(template, declared).problems).toEqual([]);
  });

  test.each([
    [
      '${{ node.labels.nope }}',
      '${{ node.labels.nope }}: no such key: nope (ask `has(...)` first where it may be missing)',
    ],
    [
      "${{ node.labels['a/b'] }}",
      "${{ node.labels['a/b'] }}: no such key: a/b (ask `'KEY' in MAP` first where it may be missing)",
    ],
    ['a ${{ 1 / 0 }}', '${{ 1 / 0 }}: division by zero'],
    ['${{ inputs.n / 0 }}', '${{ inputs.n / 0 }}: the result is Infinity, not a number'],
    ['${{ b"x" }}', '${{ b"x" }}: the result is not a string, number, boolean, list or map'],
    ['${{ 9007199254740993 }}', '${{ 9007199254740993 }}: the number 9007199254740993 is too large'],
    ['${{ 1', '${{  }}: `${{` is never closed by `}}`'],
  ])('%j cannot be evaluated and says why', (template, message) => {
    const result = evaluateTemplate(template, scope);
    expect(result.ok ? result.value : result.error.message).toBe(message);
  });

  test.each([
    ['${{ node.nmae }}', 'unknown-name', 9, 13],
    ['${{ has(node.nmae) && node.lables.x == "a" }}', 'unknown-name', 13, 17],
    ['${{ inputs["verison"] }}', 'unknown-name', 11, 20],
    ['${{ node.facts.os.idd }}', 'unknown-name', 18, 21],
    ['${{ nodes.name }}', 'unknown-name', 4, 9],
    ['${{ inputs.version + 1 }}', 'expression-type', 4, 22],
    ['${{ inputs.wait > 5 }}', 'expression-type', 4, 19],
    ['${{ foo(1) }}', 'expression-type', 4, 10],
    ["${{ has(node.labels['a/b']) }}", 'expression-type', 8, 26],
    ['${{ "a }}', 'expression-syntax', 4, 6],
    ['a ${{ x', 'expression-syntax', 2, 5],
    ['a }} ${{ }}', 'expression-syntax', 8, 8],
  ])('%s is refused as %s from %i to %i', (template, code, start, end) => {
    expect(checkTemplate(template, declared).problems[0]).toMatchObject({ code, start, end });
  });

  test('every misspelt name of an expression is told, with the place in lists and maps', () => {
    const { problems } = checkTemplate({ a: ['x', '${{ node.nmae + node.rol }} ${{ inputs.x }}'] }, declared);
    expect(problems.map(({ path, message }) => [path.join('.'), message])).toEqual([
      ['a.1', '`node` has no `nmae`'],
      ['a.1', '`node` has no `rol`'],
      ['a.1', '`inputs` has no `x`'],
    ]);
  });

  test('names that a place does not know are refused there', () => {
    const bare = { ...declared, node: false, hop: false, inputs: {}, env: [] };
    expect(checkTemplate('${{ node.name }}', bare).problems[0]?.detail).toContain('known here: inputs, env, cluster');
    expect(checkTemplate('${{ inputs.a }}', bare).problems[0]?.detail).toBe('no inputs are declared here');
  });

  test('as text, a number and a list are written out', () => {
    expect(evaluateText('${{ inputs.n }}', scope)).toEqual({ ok: true, value: '3' });
  });

  test('text without expressions comes back as it was, and nothing throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (!text.includes('${{')) expect(evaluateTemplate(text, scope)).toEqual({ ok: true, value: text });
        const expression = `\${{ ${text} }}`;
        checkTemplate(expression, declared);
        evaluateTemplate(expression, scope);
        checkCondition(text, declared);
        evaluateCondition(text, scope);
      }),
    );
  });

  test('its parts put together are the text', () => {
    const pieces = fc.array(fc.constantFrom('${{', '}}', '"', "'", '{', '}', 'a', ' ', '\n', '\\'), { maxLength: 15 });
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = parts.join('');
        for (const part of parseTemplate(text).parts) {
          if (part.kind === 'expression') expect(text.slice(part.offset).startsWith(part.text)).toBe(true);
          else expect(text).toContain(part.text);
        }
      }),
    );
  });
});

describe('a condition', () => {
  test.each([
    ['inputs.force', true],
    ['${{ !inputs.force }}', false],
    [' ${{ inputs.n > 5 }} ', false],
    ["has(node.labels.ingress) && node.labels.ingress == 'true'", true],
    ["has(node.labels.other) && node.labels.other == 'true'", false],
    ['true', true],
    ['"a" in node.vars.list', false],
  ])('%s is %s', (condition, value) => {
    expect(checkCondition(condition, declared)).toEqual([]);
    expect(evaluateCondition(condition, scope)).toEqual({ ok: true, value });
  });

  test.each([
    ['inputs.version', 'a condition must be true or false, this is a string'],
    ['inputs.n', 'a condition must be true or false, this is a number'],
    ['${{ inputs.force }} && true', 'a condition is one expression as a whole'],
    ['', 'the expression is empty'],
  ])('%j is refused before the run', (condition, message) => {
    expect(checkCondition(condition, declared)[0]?.message).toBe(message);
    expect(evaluateCondition(condition, scope).ok).toBe(false);
  });

  test('what only the run can tell is refused in the run', () => {
    expect(checkCondition('node.vars.rack', declared)).toEqual([]);
    const result = evaluateCondition('node.vars.rack', scope);
    expect(result.ok ? '' : result.error.message).toContain('must be true or false, this is a string');
  });
});

describe('facts', () => {
  test.each<[unknown, boolean, string[]]>([
    ['plain', false, []],
    ['${{ node.name }}', false, []],
    ['${{ node.facts.os.id }} ${{ node.facts.kubelet }}', false, ['os', 'binaries']],
    ['node.labels.x == "a"', true, ['nodes']],
    ['${{ has(node.facts.hostname) }}', true, ['machine']],
    [{ a: ['${{ cluster.version }}'] }, false, ['kubeadmConfig']],
    ['${{ node.facts }}', false, ['os', 'machine', 'binaries']],
    ['${{ broken', false, []],
  ])('behind %j are known', (template, condition, facts) => {
    expect(factsIn(template, condition)).toEqual(facts);
  });

  test('that were not read are missing, not empty', () => {
    expect(scopeFacts(undefined)).toEqual({});
    expect(scopeFacts({ binaries: { kubelet: '1.31.9' } })).toEqual({ kubelet: '1.31.9' });
  });
});
