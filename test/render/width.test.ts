import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { PLAIN, widthOf } from '../../src/render/width.ts';

test('characters that are taken for one column have one column, alone and beside each other', () => {
  const plain = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter((one) =>
    PLAIN.test(one),
  );
  expect(plain).toContain('✔');
  expect(plain.filter((one) => stringWidth(one) !== 1)).toEqual([]);
  expect(stringWidth(plain.join(''))).toBe(plain.length);
});

test('all others have the columns that a terminal gives them', () => {
  expect(widthOf('日本')).toBe(4);
  expect(widthOf('e\u0301')).toBe(1);
  expect(widthOf('✔\ufe0f')).toBe(2);
});
