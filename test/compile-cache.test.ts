import { chmodSync, chownSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { privateFolder } from '../src/compile-cache.ts';
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
