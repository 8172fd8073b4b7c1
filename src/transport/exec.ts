import type { Readable } from 'node:stream';
import { Failure } from '../failure.ts';
import type { Open } from './begin.ts';
import { deferred } from './deferred.ts';
import type { ExecOptions, ExecResult, Exit } from './transport.ts';

const MAX_BUFFER = 256 * 1024 * 1024;

/**
 * Opens a command and collects its output.
 * @throws ConnectionLost | ConnectFailure from `open`
 * @throws Failure when it prints more than `maxBuffer`
 */
export async function collect(
  target: string,
  open: Open,
  command: string,
  { stdin = '', timeout, maxBuffer = MAX_BUFFER }: ExecOptions = {},
): Promise<ExecResult> {
  const cutOff = deferred<Exit>();
  const expire = (ms: number): void => cutOff.resolve({ kind: 'lost', reason: `it did not end within ${ms / 1000} s` });
  const timer = timeout === undefined ? undefined : setTimeout(() => expire(timeout), timeout);
  try {
    const opening = open(command);
    const channel = await Promise.race([opening, cutOff.promise]);
    if ('kind' in channel) {
      opening.then((late) => late.close()).catch(() => undefined);
      return { exit: channel, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
    }
    const onTooMuch = (): void =>
      cutOff.reject(new Failure('step-failed', `${target}: a command printed more than ${maxBuffer} bytes`));
    const stdout = keep(channel.stdout, maxBuffer, onTooMuch);
    const stderr = keep(channel.stderr, maxBuffer, onTooMuch);
    channel.stdin.on('error', () => undefined);
    channel.stdin.end(stdin);
    const exit = await Promise.race([channel.exit, cutOff.promise.finally(() => channel.close())]);
    return { exit, stdout: stdout(), stderr: stderr() };
  } finally {
    clearTimeout(timer);
  }
}

function keep(stream: Readable, maxBuffer: number, onTooMuch: () => void): () => Buffer {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBuffer) onTooMuch();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks);
}
