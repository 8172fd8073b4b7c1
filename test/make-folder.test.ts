import { rmSync } from 'node:fs';
import { onTestFinished, test, expect } from 'vitest';
import { makeFolder } from '../src/make-folder.ts';
import { folder } from './commands/cli.ts';

test('where the working folder is gone, a relative folder is an error at once', async () => {
  const [before, gone] = [process.cwd(), folder()];
  process.chdir(gone);
  onTestFinished(() => process.chdir(before));
  rmSync(gone, { recursive: true });
  await expect(makeFolder('state/runs')).rejects.toThrow('ENOENT');
});
