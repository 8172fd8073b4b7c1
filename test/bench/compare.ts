import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { type Farm, startFarm } from './farm.ts';
import type { Carried } from './line.ts';
import { type Job, type Peer, PEERS } from './peers.ts';
import { median } from './sample.ts';

export interface Wanted {
  readonly peers: readonly Peer[];
  readonly nodes: number;
  readonly steps: number;
  /** Round trips in milliseconds. */
  readonly roundTrips: readonly number[];
  readonly runs: number;
}

/** Medians of what one peer took at one round trip. */
export interface Row {
  readonly peer: string;
  readonly roundTrip: number;
  /** Seconds, and those of the fastest and the slowest run. */
  readonly wall: number;
  readonly range: readonly [number, number];
  /** Seconds of this machine's processor, without what a peer leaves behind it. */
  readonly cpu: number;
  /** Per step: how often the peer spoke after the node had, packets of an answer included, and bytes both ways. */
  readonly turns: number;
  readonly bytes: number;
  /** Per step on the node; undefined where they cannot be counted. */
  readonly processes: number | undefined;
}

export interface Comparison {
  readonly rows: readonly Row[];
  /** By name, why a peer was left out. */
  readonly skipped: Readonly<Record<string, string>>;
}

interface Run {
  readonly wall: number;
  readonly cpu: number;
  readonly carried: Carried;
  readonly processes: number | undefined;
}

/** All peers in turn, run after run, at each round trip: whatever else the machine does meets them alike. */
export async function compare({ peers, nodes, steps, roundTrips, runs }: Wanted): Promise<Comparison> {
  const absent = peers.flatMap((peer) => {
    const why = peer.missing();
    return why === undefined ? [] : [[peer.name, why] as const];
  });
  const skipped: Record<string, string> = Object.fromEntries(absent);
  const present = peers.filter(({ name }) => skipped[name] === undefined);
  const farm = await startFarm(nodes);
  const stopped = (signal: NodeJS.Signals): void => {
    void farm.stop().finally(() => process.exit(128 + constants.signals[signal]));
  };
  process.once('SIGINT', stopped).once('SIGTERM', stopped);
  try {
    // A step says the number of its process: of two in a row, the difference is how many one step starts.
    const job: Job = { steps, command: () => 'readlink /proc/self' };
    const rows: Row[] = [];
    for (const roundTrip of roundTrips) {
      await farm.roundTrip(roundTrip);
      const taken = new Map(present.map(({ name }) => [name, new Array<Run>()]));
      for (let run = 0; run < runs; run += 1)
        for (const peer of present) taken.get(peer.name)?.push(await runOnce(farm, peer, job, `${roundTrip}-${run}`));
      for (const [peer, all] of taken) rows.push(rowOf(peer, roundTrip, nodes * steps, all));
    }
    return { rows, skipped };
  } finally {
    process.off('SIGINT', stopped).off('SIGTERM', stopped);
    await farm.stop();
  }
}

async function runOnce(farm: Farm, peer: Peer, job: Job, fresh: string): Promise<Run> {
  const { argv, env } = peer.prepare(farm, job, fresh);
  const before = await farm.carried();
  const began = performance.now();
  // `times` of a shell knows what its children took.
  const child = spawn('sh', ['-c', '"$@"; code=$?; times >&2; exit $code', 'sh', ...argv], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  await once(child, 'close');
  const wall = (performance.now() - began) / 1000;
  const after = await farm.carried();
  const steps = child.exitCode === 0 ? peer.read(output) : [];
  if (new Set(steps.map(([node, step]) => `${node} ${step}`)).size !== farm.nodes.length * job.steps)
    throw new Error(
      `${peer.name} did ${steps.length} steps and ended with ${child.exitCode}: ${errors}${output.slice(-2000)}`,
    );
  const [up, down, turns] = [after.up - before.up, after.down - before.down, after.turns - before.turns];
  return {
    wall,
    cpu: secondsOf(errors),
    carried: { up, down, turns },
    processes: farm.countsProcesses ? processesOf(steps) : undefined,
  };
}

/** The last line of `times`: `0m1.5s 0m0.25s`. */
function secondsOf(text: string): number {
  const parts = [...(text.trimEnd().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

function processesOf(steps: ReturnType<Peer['read']>): number {
  const differences = steps.flatMap(([node, step, pid]) => {
    const next = steps.find((other) => other[0] === node && other[1] === step + 1);
    return next ? [Number(next[2]) - Number(pid)] : [];
  });
  return median(differences);
}

function rowOf(peer: string, roundTrip: number, steps: number, runs: readonly Run[]): Row {
  const of = (value: (run: Run) => number): number => median(runs.map(value));
  const walls = runs.map(({ wall }) => wall);
  return {
    peer,
    roundTrip,
    wall: of(({ wall }) => wall),
    range: [Math.min(...walls), Math.max(...walls)],
    cpu: of(({ cpu }) => cpu),
    turns: of(({ carried }) => carried.turns / steps),
    bytes: of(({ carried }) => (carried.up + carried.down) / steps),
    processes: runs.some(({ processes }) => processes === undefined) ? undefined : of((run) => run.processes ?? 0),
  };
}

/** As a table of Markdown per round trip. */
export function tableOf({ rows, skipped }: Comparison, { nodes, steps, runs }: Wanted): string[] {
  const lines: string[] = [];
  for (const roundTrip of new Set(rows.map((row) => row.roundTrip))) {
    const group = rows.filter((row) => row.roundTrip === roundTrip);
    const own = group.find(({ peer }) => peer === PEERS[0]?.name);
    lines.push(
      `RTT ${roundTrip} ms, ${nodes} nodes x ${steps} steps, ${runs} runs`,
      '',
      '| peer | s (fastest-slowest) | by runbook | CPU s | turns per step | bytes per step | processes per step |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      ...group.map(({ peer, wall, range, cpu, turns, bytes, processes }) => {
        const [low, high] = range;
        const ratio = own ? (wall / own.wall).toFixed(2) : '';
        return `| ${peer} | ${wall.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)}) | ${ratio} | ${cpu.toFixed(2)} | ${turns.toFixed(1)} | ${bytes.toFixed(0)} | ${processes ?? ''} |`;
      }),
      '',
    );
  }
  return [...lines, ...Object.entries(skipped).map(([name, why]) => `skipped: ${name}: ${why}`)];
}
