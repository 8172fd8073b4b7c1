import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { wait } from '../../src/actions/wait.ts';
import { folder } from '../commands/cli.ts';

function scriptOf(command: string): string {
  const context = {
    with: { command, on: 'local' as const, every: '1s' },
    node: { name: 'w1', host: 'w1', role: 'worker' as const },
    nodes: [],
    facts: { nodes: {} },
    settings: { kubeconfig: '/etc/kubernetes/admin.conf' },
    run: 'RUN',
  };
  return wait.script?.(context)?.text ?? '';
}

test('it ends as soon as the command exits with 0, and tells each answer once', async () => {
  const file = join(folder(), 'there');
  const look = `if [ -e '${file}' ]; then echo here; exit 0; fi\necho 'not yet' >&2\nexit 1`;
  const waiting = execa('sh', ['-c', scriptOf(look)], { all: true });
  let said = '';
  for await (const line of waiting.iterable({ from: 'all' })) {
    said += `${line}\n`;
    if (!existsSync(file)) writeFileSync(file, '');
  }
  expect(said).toBe('not yet\nhere\n');
  expect((await waiting).exitCode).toBe(0);
});
