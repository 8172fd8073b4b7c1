import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compiled, privateFolder } from '../src/compile-cache.ts';
import { folder } from './commands/cli.ts';

const NAME = `runbook-compiled-${process.getuid?.()}`;

test("what is compiled is kept in a folder that is its user's alone", () => {
  const temporary = folder();
  expect(privateFolder(temporary)).toBe(join(temporary, NAME));
  expect(lstatSync(join(temporary, NAME)).mode & 0o777).toBe(0o700);
  expect(privateFolder(temporary)).toBe(join(temporary, NAME));
});

test.each([
  ['a folder that others can write', (path: string) => (mkdirSync(path), chmodSync(path, 0o770))],
  [
    'a link to another folder',
    (path: string) => (mkdirSync(`${path}.d`, { mode: 0o700 }), symlinkSync(`${path}.d`, path)),
  ],
  ['a file', (path: string) => writeFileSync(path, '')],
])('%s in its place is not used', (_, make) => {
  const temporary = folder();
  make(join(temporary, NAME));
  expect(privateFolder(temporary)).toBeUndefined();
});

test.runIf(process.getuid?.() === 0)('a folder of another user in its place is not used', () => {
  const temporary = folder();
  mkdirSync(join(temporary, NAME), { mode: 0o700 });
  chownSync(join(temporary, NAME), 65_534, 65_534);
  expect(privateFolder(temporary)).toBeUndefined();
});

test('without a temporary folder nothing is kept', () => {
  expect(privateFolder(join(folder(), 'none'))).toBeUndefined();
});

test('a module that was kept is not compiled again, whatever else has its name', () => {
  const cache = folder();
  const valueOf = (text: string) => {
    const { script, save } = compiled(cache, text, '/program/part.js');
    const exports = { value: 0 };
    script.runInThisContext().call(exports, exports);
    return { value: exports.value, save };
  };
  const first = valueOf('exports.value = 1;');
  first.save?.();
  expect(first).toEqual({ value: 1, save: expect.any(Function) });
  expect(valueOf('exports.value = 1;')).toEqual({ value: 1, save: undefined });
  // Of the same length: V8 itself compares no more.
  expect(valueOf('exports.value = 2;')).toEqual({ value: 2, save: expect.any(Function) });
});

test('what is no compiled module is compiled again and replaced', () => {
  const cache = folder();
  compiled(cache, 'exports.value = 1;', '/program/part.js').save?.();
  const [name = ''] = readdirSync(cache);
  expect(lstatSync(join(cache, name)).mode & 0o777).toBe(0o600);
  writeFileSync(join(cache, name), 'damaged');
  // Elsewhere, as V8 remembers what this process has compiled.
  const again = compiled(cache, 'exports.value = 1;', '/moved/part.js');
  expect(again.save).toBeDefined();
  again.save?.();
  expect(compiled(cache, 'exports.value = 1;', '/moved-again/part.js').save).toBeUndefined();
  expect(readdirSync(cache)).toEqual([name]);
});

test('a module that cannot be kept is compiled', () => {
  const { script, save } = compiled(join(folder(), 'none'), 'exports.value = 1;', '/program/part.js');
  expect(save).toBeDefined();
  expect(() => save?.()).not.toThrow();
  expect(script.cachedDataRejected).toBeUndefined();
});
