import type { Readable } from 'node:stream';
import { Failure } from '../failure.ts';
import type { Channel, ExecOptions, ExecResult } from './transport.ts';

const MAX_BUFFER = 256 * 1024 * 1024;

/**
 * Opens a command and collects its output.
 * @throws ConnectionLost | ConnectFailure from `open`
 * @throws Failure when it prints more than `maxBuffer`
 */
export async function collect(
  target: string,
  open: (command: string) => Promise<Channel>,
  command: string,
  options: ExecOptions = {},
): Promise<ExecResult> {
  const limit = options.timeout === undefined ? undefined : timeLimit(options.timeout);
  try {
    const opening = open(command);
    const channel = await (limit ? Promise.race([opening, limit.over]) : opening);
    if (channel !== undefined) return await run(target, channel, options, limit?.over);
    opening.then((late) => late.close()).catch(() => undefined);
    return { exit: outOfTime(options), stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  } finally {
    limit?.clear();
  }
}

async function run(
  target: string,
  channel: Channel,
  options: ExecOptions,
  over: Promise<undefined> | undefined,
): Promise<ExecResult> {
  let expired = false;
  let tooMuch = false;
  const end = (): void => channel.close();
  void over?.then(() => {
    expired = true;
    return end();
  });
  const onTooMuch = (): void => {
    tooMuch = true;
    end();
  };
  const maxBuffer = options.maxBuffer ?? MAX_BUFFER;
  const stdout = keep(channel.stdout, maxBuffer, onTooMuch);
  const stderr = keep(channel.stderr, maxBuffer, onTooMuch);
  channel.stdin.on('error', () => undefined);
  channel.stdin.end(options.stdin ?? '');
  const exit = await channel.exit;
  if (tooMuch) throw new Failure('step-failed', `${target}: a command printed more than ${maxBuffer} bytes`);
  return { exit: expired && exit.kind === 'lost' ? outOfTime(options) : exit, stdout: stdout(), stderr: stderr() };
}

function outOfTime(options: ExecOptions): ExecResult['exit'] {
  return { kind: 'lost', reason: `it did not end within ${(options.timeout ?? 0) / 1000} s` };
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

function timeLimit(ms: number): { readonly over: Promise<undefined>; clear(): void } {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  return { over, clear: () => clearTimeout(timer) };
}
