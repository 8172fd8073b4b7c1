import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { MarkedStderr, newMark, reporting } from '../../src/transport/marked.ts';
import type { Exit } from '../../src/transport/transport.ts';

/** What is left of stderr that comes in pieces of `size` bytes, and the end that its mark reports. */
async function read(mark: string, bytes: Buffer, size: number): Promise<{ text: string; exit: Exit | undefined }> {
  const marked = new MarkedStderr(mark);
  for (let at = 0; at < bytes.length; at += size) marked.write(bytes.subarray(at, at + size));
  marked.end();
  const chunks: unknown[] = await marked.toArray();
  return { text: chunks.map(String).join(''), exit: marked.exit };
}

describe.each(['sh', 'bash'])('the end of a command by %s', (shell) => {
  const run = async (command: string, size: number) => {
    const mark = newMark();
    const { stderr } = spawnSync(shell, ['-c', reporting(mark, command)]);
    return read(mark, stderr, size);
  };
  test.each<[string, string, Exit]>([
    ['exit 255', '', { kind: 'exited', code: 255 }],
    ["printf 'a\\\\b' >&2; exit 3", 'a\\b', { kind: 'exited', code: 3 }],
    ['kill -TERM $$', '', { kind: 'signalled', signal: 'SIGTERM' }],
    ['kill -KILL $$', '', { kind: 'signalled', signal: 'SIGKILL' }],
    ['echo runbook-ended- >&2', 'runbook-ended-\n', { kind: 'exited', code: 0 }],
  ])('%s', async (command, text, exit) => {
    expect(await run(command, 1000)).toEqual({ text, exit });
    expect(await run(command, 1)).toEqual({ text, exit });
  });

  test('is read by no word of a command', async () => {
    const { text, exit } = await read('runbook-ended-aa:', Buffer.from('runbook-ended-bb:0;runbook-ended-aa:'), 3);
    expect([text, exit]).toEqual(['runbook-ended-bb:0;runbook-ended-aa:', undefined]);
  });
});
