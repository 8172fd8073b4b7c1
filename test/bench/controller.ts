// A controller of its own, as large as the real one, that streams one long step's output into its log.
import { rmSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import '../../src/run/execute.ts';
import { AttemptOutput, openLog } from '../../src/engine/output.ts';
import { openRemoteNode } from '../../src/remote/client.ts';
import type { Target } from '../../src/transport/transport.ts';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import { attempt } from './rig.ts';

// As src/cli.ts does.
setFlagsFromString('--semi-space-growth-factor=1');

interface Job {
  readonly target: Target;
  readonly root: string;
  readonly log: string;
  readonly script: string;
  /** As a durable step, or by a plain exec, which is what SSH alone gives. */
  readonly way: 'durable' | 'exec';
}

async function stream(job: Job): Promise<{ bytes: number; ms: number; rssBefore: number; rss: number }> {
  const session = await new Ssh2Transport().connect(job.target);
  const log = openLog(job.log);
  let lines = 0;
  const sink = new AttemptOutput(log.write, () => {
    lines += 1;
  });
  const rssBefore = process.memoryUsage().rss;
  const began = performance.now();
  if (job.way === 'durable') {
    const node = await openRemoteNode(session, { root: job.root });
    const state = await node.start({ ...attempt(job.script), id: `1-stream.${process.pid}` }, sink);
    if (state.kind !== 'exited' || state.code !== 0) throw new Error(`the step ended ${JSON.stringify(state)}`);
    await node.close();
  } else {
    const channel = await session.open(job.script);
    channel.stdout.on('data', (chunk: Buffer) => sink.stdout(chunk));
    channel.stderr.on('data', (chunk: Buffer) => sink.stderr(chunk));
    const exit = await channel.exit;
    if (exit.kind !== 'exited' || exit.code !== 0) throw new Error(`the command ended ${JSON.stringify(exit)}`);
  }
  sink.end();
  log.close();
  const ms = performance.now() - began;
  await session.close();
  rmSync(job.log);
  const bytes = sink.offsets.stdout + sink.offsets.stderr;
  if (lines === 0) throw new Error('no output was told');
  return { bytes, ms, rssBefore, rss: process.resourceUsage().maxRSS * 1024 };
}

process.once('message', (job: Job) => {
  void stream(job).then((result) => {
    process.send?.(result);
    process.disconnect();
  });
});
