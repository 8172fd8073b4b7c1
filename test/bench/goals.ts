import type { FirstResult } from './first-result.ts';
import type { StartUp } from './start-up.ts';
import type { StepFigures } from './steps.ts';
import type { StreamFigures } from './stream.ts';

export interface Figures {
  readonly steps: readonly StepFigures[];
  readonly first: FirstResult;
  readonly stream: StreamFigures;
  readonly startUp: StartUp;
}

export interface Goal {
  readonly goal: string;
  readonly limit: number;
  readonly measured: number;
  readonly unit: string;
  readonly holds: boolean;
}

/** What a durable step takes beyond the command itself, in milliseconds. */
export function overhead({ ways }: StepFigures): number {
  return ways.durable.median - ways.inside.median;
}

/** What is promised, and whether it is kept by these figures. */
export function goalsOf({ steps, first, stream, startUp }: Figures): Goal[] {
  return [
    ...steps.flatMap((step) => {
      const { roundTrip, ways } = step;
      const at = `at RTT ${String(roundTrip)} ms`;
      return [
        atMost(
          `a durable step beyond the command and one round trip, ${at}`,
          overhead(step) - ways.echo.median,
          12,
          'ms',
        ),
        atMost(`a durable step, by ControlMaster's time, ${at}`, ways.durable.median / ways.master.median, 1, 'x'),
      ];
    }),
    // They are whole; what lies between is time that was not the line's.
    atMost('the first result of a connection, after TCP', Math.round(first.result), 8, 'round trips'),
    atLeast("a step's 200 MB streamed to its log", stream.durable.throughput, 60, 'MB/s'),
    atMost('memory of the controller meanwhile', stream.durable.rss, 110, 'MiB'),
    atMost('runbook --version beyond node -e 0', startUp.runbook - startUp.node, 100, 'ms'),
    atMost('runbook plan until it connects', startUp.plan, 250, 'ms'),
  ];
}

function atMost(goal: string, measured: number, limit: number, unit: string): Goal {
  return { goal, measured, limit, unit: `${unit} at most`, holds: measured <= limit };
}

function atLeast(goal: string, measured: number, limit: number, unit: string): Goal {
  return { goal, measured, limit, unit: `${unit} at least`, holds: measured >= limit };
}
