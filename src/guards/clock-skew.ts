import type { ClockFact } from '../facts/clock.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';

/**
 * Seconds. etcd's members warn of clocks over one second apart ("the clock difference against peer is too high").
 * Certificates begin five minutes before they are signed (kubeadm and the controller manager backdate them): on a
 * clock that is further behind, each new one is not yet valid.
 */
const limits = { warn: 1, refuse: 300 };

export const clockSkew: Guard = {
  id: 'clock-skew',
  title: "The nodes' clocks agree",
  source:
    'etcd (clock drift between peers over 1 s); kubeadm and kube-controller-manager (certificates are backdated by 5 minutes)',
  facts: ['clock'],
  scope: 'run',
  check: (input) => (input.step ? [] : judge(input)),
};

interface Reading {
  readonly node: string;
  readonly least: number;
  readonly most: number;
}

function judge(input: GuardInput): Finding[] {
  const readings = input.nodes.flatMap(({ name }) => readingOf(name, input.before.nodes[name]?.clock));
  const middle = readings.toSorted((a, b) => centre(a) - centre(b))[Math.floor((readings.length - 1) / 2)];
  if (!middle) return [];
  return readings.flatMap((reading): Finding[] => {
    const apart = atLeastApart(reading, middle);
    if (Math.abs(apart) <= limits.warn) return [];
    return [
      {
        guard: clockSkew.id,
        severity: Math.abs(apart) > limits.refuse ? 'refuse' : 'warn',
        node: reading.node,
        summary: `the clock of ${reading.node} is at least ${secondsText(Math.abs(apart))} ${apart > 0 ? 'ahead of' : 'behind'} that of ${middle.node}`,
        remedy:
          'Let chrony or systemd-timesyncd set it (chronyc makestep), and see why it did not: timedatectl, chronyc sources.',
        source: clockSkew.source,
      },
    ];
  });
}

function readingOf(node: string, clock: ClockFact | undefined): Reading[] {
  return clock?.least === undefined || clock.most === undefined ? [] : [{ node, least: clock.least, most: clock.most }];
}

function centre({ least, most }: Reading): number {
  return (least + most) / 2;
}

/** Nothing within what the time of the readings leaves open. */
function atLeastApart(a: Reading, b: Reading): number {
  if (a.least > b.most) return a.least - b.most;
  return a.most < b.least ? a.most - b.least : 0;
}

function secondsText(seconds: number): string {
  if (seconds < 120) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} hours` : `${Math.floor(seconds / 86_400)} days`;
}
