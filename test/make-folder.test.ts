import { mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, test, expect } from 'vitest';
import { makeFolder, makeFolderSync } from '../src/make-folder.ts';
import { folder } from './commands/cli.ts';

test('a folder and those above it are made for their owner alone, also by several at once', async () => {
  const root = folder();
  const deep = join(root, 'a', 'b', 'c');
  const made = await Promise.all([makeFolder(deep), makeFolder(join(root, 'a', 'b', 'd')), makeFolder(deep)]);
  expect(made).toContain(join(root, 'a'));
  for (const one of ['a', 'a/b', 'a/b/c', 'a/b/d']) expect(statSync(join(root, one)).mode & 0o777).toBe(0o700);
  expect([await makeFolder(deep), makeFolderSync(deep)]).toEqual([undefined, undefined]);
  expect(makeFolderSync(join(deep, 'e', 'f'))).toBe(join(deep, 'e'));
});

test('through a link to a folder', async () => {
  const root = folder();
  mkdirSync(join(root, 'real'));
  symlinkSync('real', join(root, 'link'));
  await makeFolder(join(root, 'link', 'state'));
  expect(statSync(join(root, 'real', 'state')).isDirectory()).toBe(true);
});

test('what is no folder stands in the way', async () => {
  const root = folder();
  writeFileSync(join(root, 'file'), '');
  symlinkSync('nowhere', join(root, 'link'));
  for (const one of ['file', 'file/a', 'link', 'link/a'])
    await expect(makeFolder(join(root, one))).rejects.toThrow('EEXIST');
  expect(() => makeFolderSync(join(root, 'file'))).toThrow('EEXIST');
});

test('where no folder can be made it is an error at once', async () => {
  await expect(makeFolder('/proc/none/runs')).rejects.toThrow('ENOENT');
  expect(() => makeFolderSync('/proc/none')).toThrow('ENOENT');
  const [before, gone] = [process.cwd(), folder()];
  process.chdir(gone);
  onTestFinished(() => process.chdir(before));
  rmSync(gone, { recursive: true });
  await expect(makeFolder('state/runs')).rejects.toThrow('ENOENT');
});
