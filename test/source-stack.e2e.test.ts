import { expect, test } from 'vitest';
import { runbook } from './commands/cli.ts';

test('a bug is reported with its places in the source, not in what the build made of it', async () => {
  const code = "process.stdout.write = () => { throw new Error('broken'); };";
  const { stderr } = await runbook(['completion', 'bash'], {
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` },
  });
  expect(stderr).toContain('this is a bug in runbook: Error: broken');
  expect(stderr).toMatch(/at completion \(src\/commands\/completion\.ts:\d+:\d+\)/);
});
