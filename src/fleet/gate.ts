import { execFile } from 'node:child_process';
import type { Clock } from '../engine/clock.ts';
import { type GateEnd, untilHeld } from '../engine/gate-hold.ts';
import { askHttp, type Look, patienceOf } from '../engine/gate-http.ts';
import type { PlanGate } from '../plan/pace.ts';
import type { FleetStage } from './plan.ts';

/** Milliseconds for one look by a command. */
const TIMEOUT = 60_000;

export interface StageGate {
  readonly run: string;
  readonly stage: Pick<FleetStage, 'name'> & { readonly gate: PlanGate };
  readonly clock: Clock;
  readonly stop: AbortSignal;
  /** What it waits for, for people. */
  readonly onWait: (text: string) => void;
}

/** Asks the gate of a stage from this machine, until it has held for its time or its time is over. */
export function awaitStageGate({ run, stage, clock, stop, onWait }: StageGate): Promise<GateEnd> {
  const { gate, name } = stage;
  return untilHeld(gate, {
    clock,
    stop,
    called: `the gate of stage ${name}`,
    before: `stage ${name}`,
    look: (rest) =>
      gate.ask.kind === 'http'
        ? askHttp(gate.ask, { inputs: {}, signal: stop, rest })
        : lookByCommand(gate.ask.script, {
            env: { ...process.env, RUNBOOK_FLEET_RUN: run, RUNBOOK_STAGE: name },
            timeout: patienceOf(TIMEOUT, rest),
            signal: stop,
          }),
    tooLate: () => undefined,
    show: (_what, message) => onWait(message),
  });
}

interface CommandOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly timeout: number;
  readonly signal: AbortSignal;
}

function lookByCommand(script: string, options: CommandOptions): Promise<Look> {
  return new Promise((resolve) => {
    const child = execFile('/bin/sh', ['-c', script], options, (error, stdout, stderr) => {
      if (!error) return resolve({ holds: true });
      const line = `${stdout}\n${stderr}`.trim().split('\n').at(-1)?.trim() ?? '';
      const end = typeof error.code === 'number' ? `exit ${error.code}` : `no end within ${options.timeout / 1000} s`;
      resolve({ holds: false, why: `${end}${line === '' ? '' : `: ${line}`}` });
    });
    child.stdin?.end();
  });
}
