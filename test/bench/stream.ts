import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';
import type { Rig } from './rig.ts';

const BYTES = 200_000_000;
const LINE = 'a line of a step that prints as much as a verbose package manager would do, and more';

const Streamed = z.object({ bytes: z.number(), ms: z.number(), rssBefore: z.number(), rss: z.number() });

export interface Stream {
  /** Megabytes (10^6) per second. */
  readonly throughput: number;
  /** Mebibytes: connected and idle, and at most. */
  readonly rssBefore: number;
  readonly rss: number;
}

export interface StreamFigures {
  readonly durable: Stream;
  /** The same bytes by a plain exec into the same sink: what this machine can do at all. */
  readonly exec: Stream;
}

/** 200 MB from the node into a log, past the proxy: it would take a third of the machine. */
export async function measureStream(rig: Rig): Promise<StreamFigures> {
  const durable = await streamBy(rig, 'durable');
  return { durable, exec: await streamBy(rig, 'exec') };
}

async function streamBy(rig: Rig, way: 'durable' | 'exec'): Promise<Stream> {
  const child = fork(new URL('controller.js', import.meta.url).pathname);
  const ended = once(child, 'exit').then(([code]: unknown[]) => Promise.reject(new Error(`it exited ${String(code)}`)));
  const script = `yes '${LINE}' | head -c ${String(BYTES)}`;
  child.send({ target: rig.sshd.target(), root: rig.root, log: join(rig.sshd.dir, 'log'), script, way });
  const [message]: unknown[] = await Promise.race([once(child, 'message'), ended]);
  await ended.catch(() => undefined);
  const { bytes, ms, rssBefore, rss } = Streamed.parse(message);
  if (bytes !== BYTES) throw new Error(`${String(bytes)} bytes of ${String(BYTES)} arrived`);
  return { throughput: bytes / 1000 / ms, rssBefore: rssBefore / 2 ** 20, rss: rss / 2 ** 20 };
}
