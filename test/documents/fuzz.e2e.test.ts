import { readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import type { Diagnostic } from '../../src/diagnostic.ts';
import { checkCondition, checkTemplate, evaluateCondition, evaluateTemplate } from '../../src/documents/expressions.ts';
import { loadInventory } from '../../src/documents/inventory.ts';
import { loadRunbook } from '../../src/documents/runbook.ts';
import { judgeHostKey, knownKeyTypes, parseKnownHosts } from '../../src/transport/known-hosts.ts';
import { declared, scope } from './scope.ts';

// FUZZ_SECONDS=60 FUZZ_SEED=$RANDOM looks further; what it finds belongs into test/fixtures/documents.
const seconds = Number(process.env['FUZZ_SECONDS'] ?? 6);
const options = {
  seed: Number(process.env['FUZZ_SEED'] ?? 11),
  numRuns: 1_000_000,
  interruptAfterTimeLimit: seconds * 1000,
};

/** What no one wrote a message for. */
const OURS =
  /not readable as YAML|to be read|could not be checked|not a function|of undefined|of null|call stack|not iterable|\[object/;

const sources = [
  'inventory.example.yaml',
  ...readdirSync('runbooks')
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `runbooks/${name}`),
].map((file) => readFileSync(file, 'utf8'));

/** Many of few: what is quadratic or recursive shows with a thousand of a token. */
function repeated(words: readonly string[], most: number): fc.Arbitrary<string> {
  const times = fc.oneof(
    { weight: 4, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.integer({ min: 2, max: most }) },
  );
  const part = fc.tuple(fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 3 }), times);
  return fc.array(part, { maxLength: 12 }).map((parts) => parts.map(([some, n]) => some.join('').repeat(n)).join(''));
}

/** Several words; a dot ends each. */
const words = (text: string) => text.split('·');

const YAML = [
  ...'[]{}:,-?&*!|>\'"%@`#~ \t\n\r\\\0\u0001\ufeff\u2028'.split(''),
  ...words('- ·: ·? ·\n  ·\n    ·&a ·*a·<<: *a·!!str ·!x ·---\n·...\n·|\n  x·>-\n·a·1·a: ·\ud800·😀'),
  ...words('nodes·phases:\n·steps: ·run: x·env: ·${{ · }}·node.name·__proto__: ·kind: Runbook\n'),
];

/** A document that is right, with something put in, taken out, or moved. */
const edited = fc
  .tuple(
    fc.constantFrom(...sources),
    fc.array(fc.tuple(fc.nat(20_000), fc.nat(40), repeated(YAML, 300)), { minLength: 1, maxLength: 4 }),
  )
  .map(([text, edits]) => edits.reduce((now, [at, cut, put]) => splice(now, at % (now.length + 1), cut, put), text));

function splice(text: string, at: number, cut: number, put: string): string {
  return text.slice(0, at) + put + text.slice(at + cut);
}

function sane(diagnostics: readonly Diagnostic[], text: string): void {
  const lines = text.split('\n').length;
  for (const { summary, span } of diagnostics) {
    expect(summary).not.toMatch(OURS);
    expect(span?.line).toBeLessThanOrEqual(lines);
  }
}

test('no YAML ends the program or its patience: each problem has a place and words of its own', () => {
  const text = fc.oneof(repeated(YAML, 2000), edited, fc.string({ unit: 'binary', maxLength: 200 }));
  fc.assert(
    fc.property(text, (one) => {
      sane(loadRunbook('r.yaml', one, actions).diagnostics, one);
      sane(loadInventory('i.yaml', one).diagnostics, one);
    }),
    options,
  );
});

const CEL = [
  ...'()[]{}.,?:+-*/%!<>=&|"\'\\ \n0a_'.split(''),
  ...words('node·.name·inputs·.n·node.vars·.list·.deep·cluster.version·env.A·["a"]·[0]·x·true·null·.constructor'),
  ...words('1·1.5·-1·9223372036854775807·1u·1e999·"a"·r\'a\'·"""·b"a"·== · && · || · in · ? ·[1, 2, 3]·{"a": 1}'),
  ...words('size(·has(·string(·int(·double(·timestamp(·duration(·type(·dyn(·matches(·cel.bind(x, ·optional.of('),
  ...words('.map(x, ·.filter(x, ·.all(x, ·.exists(x, ·.matches("(a+)+$")·.matches("·.split("")·.join()'),
  ...words('{"__proto__": 1}·.replace(·.substring(·.getFullYear()'),
];

/** Of the grammar, so that most of them have a value. */
const grown = fc.letrec<{ readonly any: string }>((tie) => {
  const any = tie('any');
  const leaf = fc.constantFrom(
    '1',
    '2.5',
    '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"',
    'true',
    'null',
    '[1, 2]',
    'x',
    'inputs.n',
    'node.vars.list',
    '{"a": [1]}',
  );
  const two = fc.tuple(any, fc.constantFrom('+', '-', '*', '/', '%', '==', '<', '&&', '||', 'in'), any);
  const macro = fc.tuple(any, fc.constantFrom('map', 'filter', 'all', 'exists', 'exists_one'), any);
  return {
    any: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      leaf,
      two.map((parts) => `(${parts.join(' ')})`),
      macro.map(([list, name, body]) => `${list}.${name}(x, ${body})`),
      fc.tuple(any, any, any).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
      fc.tuple(any, any).map(([value, body]) => `cel.bind(x, ${value}, ${body})`),
      any.map((value) => `${value}.matches("(a+)+$")`),
      any.map((value) => `size(${value})`),
      any.map((value) => `[${value}, ${value}]`),
    ),
  };
}).any;

test('no expression ends the program or its patience', () => {
  fc.assert(
    fc.property(fc.oneof(repeated(CEL, 500), grown), (text) => {
      const template = `\${{ ${text} }}`;
      const problems = [...checkCondition(text, declared), ...checkTemplate(template, declared).problems];
      for (const { message } of problems) expect(message).not.toMatch(OURS);
      for (const result of [evaluateCondition(text, scope), evaluateTemplate(template, scope)]) {
        if (!result.ok) expect(result.error.problem.message).not.toMatch(OURS);
      }
    }),
    options,
  );
});

describe('known_hosts', () => {
  const WORDS = [
    '*',
    '?',
    '!',
    ',',
    ' ',
    '\t',
    '\n',
    '#',
    '@revoked ',
    '@cert-authority ',
    '|1|',
    '|',
    '=',
    '[',
    ']',
    ':22',
  ];
  const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIGFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh';
  const word = repeated([...WORDS, 'a', 'host', ` ssh-ed25519 ${KEY}\n`, 'AAAA', '\0', '😀'], 2000);

  test('no file and no host name ends the program or its patience, and only its own key is trusted', () => {
    const key = Buffer.from(KEY, 'base64');
    const other = Buffer.concat([key.subarray(0, -1), Buffer.from('b')]);
    fc.assert(
      fc.property(word, fc.oneof(repeated(['a', 'host', '*', '.'], 100), fc.string()), (text, host) => {
        const lines = parseKnownHosts('kh', text);
        for (const port of [22, 2222]) {
          judgeHostKey(lines, host, port, key);
          knownKeyTypes(lines, host, port);
          expect(judgeHostKey(lines, host, port, other).kind).not.toBe('trusted');
        }
      }),
      options,
    );
  });
});
