import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { expandRanges } from '../../src/documents/ranges.ts';
import { foldNames } from '../../src/render/fold-names.ts';

test.each([
  [['w-1', 'w-2', 'w-3'], ['w-[1:3]']],
  [
    ['w-1', 'w-2'],
    ['w-1', 'w-2'],
  ],
  [['w-099', 'w-100', 'w-101'], ['w-[099:101]']],
  [
    ['w-8', 'w-9', 'w-10', 'w-12'],
    ['w-[8:10]', 'w-12'],
  ],
  [['10.0.0.11', '10.0.0.12', '10.0.0.13'], ['10.0.0.[11:13]']],
  [
    ['w-1.eu1', 'w-2.eu1', 'w-3.eu1', 'w-3.eu2'],
    ['w-[1:3].eu1', 'w-3.eu2'],
  ],
  [
    ['w-3', 'w-2', 'w-1'],
    ['w-3', 'w-2', 'w-1'],
  ],
  [
    ['w-08', 'w-09', 'w-010'],
    ['w-08', 'w-09', 'w-010'],
  ],
  [[], []],
])('%j is written %j', (names, folded) => {
  expect(foldNames(names)).toEqual(folded);
});

test('what is folded stands for the same names in the same order', () => {
  const name = fc
    .tuple(
      fc.constantFrom('w', 'w-', 'r1-n'),
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom('', '.eu1'),
    )
    .map(([before, number, width, after]) => `${before}${String(number).padStart(width, '0')}${after}`);
  const run = fc
    .tuple(
      fc.constantFrom('w-', 'n'),
      fc.integer({ min: 0, max: 1200 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 4 }),
    )
    .map(([before, from, count, width]) =>
      Array.from({ length: count }, (_, index) => `${before}${String(from + index).padStart(width, '0')}`),
    );
  fc.assert(
    fc.property(fc.array(fc.oneof(run, fc.array(name)), { maxLength: 5 }), (parts) => {
      const names = parts.flat();
      const expanded = foldNames(names).flatMap((text) => {
        const all = expandRanges(text);
        return all.ok ? all.names : [all.problem];
      });
      expect(expanded).toEqual(names);
    }),
  );
});
