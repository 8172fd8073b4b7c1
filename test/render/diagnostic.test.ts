import { expect, test } from 'vitest';
import type { Diagnostic } from '../../src/diagnostic.ts';
import { problem, Source, warning } from '../../src/documents/source.ts';
import { diagnosticLines } from '../../src/render/diagnostic.ts';
import { createStyle } from '../../src/render/style.ts';

function printDiagnostic(diagnostic: Diagnostic, { color = false } = {}): string {
  const style = createStyle({ color, unicode: true });
  return diagnosticLines(diagnostic)
    .map((line) => style.line(line))
    .join('\n');
}

test('a problem is shown with its place, its line, a caret and what to do', () => {
  const span = new Source('bad.yaml', 'a: 1\n    seriel: 1\n').span(9, 15);
  expect(printDiagnostic(problem('unknown-key', 'unknown key `seriel`', span, 'did you mean `serial`?'))).toBe(
    `bad.yaml:2:5: error: unknown key \`seriel\` [unknown-key]
  2 |     seriel: 1
    |     ^^^^^^
  did you mean \`serial\`?`,
  );
});

test('a problem without a place has one line', () => {
  expect(printDiagnostic(warning('x', 'careful'))).toBe('warning: careful [x]');
});

test('colours are there only when asked for', () => {
  const one = problem('x', 'wrong', new Source('f', 'abc').span(0, 1));
  expect(printDiagnostic(one)).not.toContain('\u001b');
  expect(printDiagnostic(one, { color: true })).toContain('\u001b[31m');
});

test('the caret stands under the place after tabs and wide characters', () => {
  const text = '\t界x';
  const lines = printDiagnostic(problem('x', 'wrong', new Source('f', text).span(2, 3))).split('\n');
  expect(lines.slice(1)).toEqual(['  1 |     界x', '    |       ^']);
});

test('a long line is cut around the place', () => {
  const text = `${'a'.repeat(500)}X${'b'.repeat(500)}`;
  const [, line = '', caret = ''] = printDiagnostic(problem('x', 'wrong', new Source('f', text).span(500, 501))).split(
    '\n',
  );
  expect(line.length).toBeLessThan(140);
  expect(line[caret.indexOf('^')]).toBe('X');
});

test('a document cannot write to the terminal', () => {
  const text = 'a: \u001b]0;title\u0007\u001b[2J\u202e';
  const shown = printDiagnostic(problem('x', `no \u001b[2J`, new Source('f\n', text).span(3, 4), 'a\u001b[1mb\nc'));
  expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
  expect(shown.split('\n')).toHaveLength(5);
});

test('a place at the end of a line or file is shown there', () => {
  expect(
    printDiagnostic(problem('x', 'torn', new Source('f', 'a: [').span(4)))
      .split('\n')
      .at(-1),
  ).toBe('    |     ^');
});
