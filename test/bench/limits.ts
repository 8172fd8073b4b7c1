import type { Row } from './compare.ts';

export interface Limit {
  readonly what: string;
  readonly measured: number;
  readonly limit: number;
}

/** What does not depend on how busy the machine is: counts of one run of 12 steps on one node, its login included. */
export function limitsOf(rows: readonly Row[]): Limit[] {
  const [own, mux] = ['runbook', 'openssh-mux'].map((name) => rows.find(({ peer }) => peer === name));
  if (!own) throw new Error('runbook was not measured');
  return [
    { what: 'turns per step', measured: own.turns, limit: 9 },
    { what: 'bytes per step', measured: own.bytes, limit: 12_000 },
    ...(own.processes === undefined ? [] : [{ what: 'processes per step', measured: own.processes, limit: 18 }]),
    ...(mux
      ? [{ what: 'turns per step, by those of ssh with ControlMaster', measured: own.turns / mux.turns, limit: 3 }]
      : []),
  ];
}
