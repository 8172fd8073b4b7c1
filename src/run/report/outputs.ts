import { open } from 'node:fs/promises';
import { sanitize, splitLines } from '../../render/text.ts';

/** Bytes of one output that a report holds: of a longer one its beginning and its end. */
const HEAD = 48 * 1024;
const TAIL = 48 * 1024;

export interface OutputText {
  /** Lines without control characters. */
  readonly text: string;
  /** Bytes left out between its beginning and its end. */
  readonly cut?: number;
}

/** The output in a file, as far as a report holds it; undefined where it is empty or cannot be read. */
export async function outputIn(path: string): Promise<OutputText | undefined> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (!handle) return undefined;
  try {
    const { size } = await handle.stat();
    if (size === 0) return undefined;
    if (size <= HEAD + TAIL) return { text: shown(await read(handle, 0, size)) };
    const head = await read(handle, 0, HEAD);
    const tail = await read(handle, size - TAIL, TAIL);
    return joined(head, tail, size - HEAD - TAIL);
  } catch {
    return undefined;
  } finally {
    await handle.close();
  }
}

/** The same of an output in memory. */
export function outputOf(bytes: Buffer): OutputText | undefined {
  const { length } = bytes;
  if (length === 0) return undefined;
  if (length <= HEAD + TAIL) return { text: shown(bytes.toString('utf8')) };
  return joined(bytes.toString('utf8', 0, HEAD), bytes.toString('utf8', length - TAIL), length - HEAD - TAIL);
}

function joined(head: string, tail: string, cut: number): OutputText {
  return { text: `${shown(head)}\n[${cut} bytes are left out here]\n${shown(tail)}`, cut };
}

type Handle = Awaited<ReturnType<typeof open>>;

async function read(handle: Handle, position: number, length: number): Promise<string> {
  const { bytesRead, buffer } = await handle.read({ buffer: Buffer.alloc(length), position });
  return buffer.toString('utf8', 0, bytesRead);
}

function shown(text: string): string {
  return splitLines(text).map(sanitize).join('\n');
}
