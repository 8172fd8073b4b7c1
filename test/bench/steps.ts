import { openRemoteNode } from '../../src/remote/client.ts';
import type { RemoteNode } from '../../src/remote/attempt.ts';
import type { Session } from '../../src/transport/transport.ts';
import { openControlMaster, type ControlMaster } from './control-master.ts';
import { attempt, noOutput, type Rig } from './rig.ts';
import { interleaved, median, quantile, timed } from './sample.ts';

const SHORT = 'true';
const LINES =
  'i=0; while [ $i -lt 100 ]; do i=$((i + 1)); echo "line $i of what a step may print while it works"; done';
/** How often a command is run on the node for one sample of its own time. */
const INSIDE = 10;

/** Medians in milliseconds of one way at one round trip. */
export interface Way {
  readonly median: number;
  /** Half of the samples lie between these. */
  readonly quarters: readonly [number, number];
}

type Name = 'echo' | 'exec' | 'durable' | 'master' | 'lines' | 'inside' | 'insideLines';

export interface StepFigures {
  /** As it was asked for, and as an echo beside SSH met it. */
  readonly roundTrip: number;
  readonly ways: Readonly<Record<Name, Way>>;
  readonly rounds: number;
}

/** One short command by all ways, in turn, over connections that stay open. */
export async function measureSteps(rig: Rig, plan: readonly (readonly [number, number])[]): Promise<StepFigures[]> {
  await rig.line.roundTrip(0);
  const session = await rig.connect();
  const node = await openRemoteNode(session, { root: rig.root });
  const master = await openControlMaster(rig.sshd, rig.line.port);
  try {
    const figures: StepFigures[] = [];
    for (const [roundTrip, rounds] of plan) {
      await rig.line.roundTrip(roundTrip);
      const samples = await interleaved(rounds, waysOf(rig, session, node, master));
      const ways = Object.fromEntries(Object.entries(samples).map(([name, all]) => [name, wayOf(all)]));
      figures.push({ roundTrip, rounds, ways: ways as Record<Name, Way> });
    }
    return figures;
  } finally {
    await rig.line.roundTrip(0);
    await master.stop();
    await node.close();
    await session.close();
  }
}

function waysOf(
  rig: Rig,
  session: Session,
  node: RemoteNode,
  master: ControlMaster,
): Record<Name, () => Promise<number>> {
  const durable = async (script: string): Promise<void> => {
    const state = await node.start(attempt(script), noOutput);
    if (state.kind !== 'exited' || state.code !== 0) throw new Error(`a step ended ${JSON.stringify(state)}`);
  };
  return {
    echo: async () => timed(async () => rig.line.echo()),
    exec: async () => timed(async () => expectZero(session, SHORT)),
    durable: async () => timed(async () => durable(SHORT)),
    master: async () => timed(async () => master.run(SHORT)),
    lines: async () => timed(async () => durable(LINES)),
    inside: async () => inside(session, SHORT),
    insideLines: async () => inside(session, LINES),
  };
}

async function expectZero(session: Session, command: string): Promise<string> {
  const { exit, stdout } = await session.exec(command);
  if (exit.kind !== 'exited' || exit.code !== 0) throw new Error(`${command} ended ${JSON.stringify(exit)}`);
  return stdout.toString('utf8');
}

/** What the command itself takes on the node: `sh` started with it, by the node's own clock. */
async function inside(session: Session, command: string): Promise<number> {
  const loop = `n=0; while [ $n -lt ${String(INSIDE)} ]; do n=$((n + 1)); sh -c '${command}' >/dev/null; done`;
  const nanoseconds = await expectZero(session, `b=$(date +%s%N); ${loop}; e=$(date +%s%N); echo $((e - b))`);
  return Number(nanoseconds) / 1e6 / INSIDE;
}

function wayOf(samples: readonly number[]): Way {
  return { median: median(samples), quarters: [quantile(samples, 0.25), quantile(samples, 0.75)] };
}
