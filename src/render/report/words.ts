import { clockText, stampText } from '../../time-zone.ts';
import type { KnownCause } from '../../event.ts';
import type {
  ReportAttempt,
  ReportMark,
  ReportNode,
  ReportSpan,
  ReportStep,
  RunReport,
  Standing,
  Versions,
} from '../report-data.ts';
import { duration, elapsed } from '../text.ts';

/** How each standing is called. */
export const STANDING_WORDS: Readonly<Record<Standing, string>> = {
  changed: 'changed',
  unchanged: 'unchanged',
  skipped: 'skipped',
  failed: 'failed',
  unknown: 'unknown',
  running: 'running',
  'left-running': 'left running',
  pending: 'pending',
  change: 'to change',
  read: 'to look or wait',
};

export const MARK_WORDS: Readonly<Record<ReportMark['kind'], string>> = {
  started: 'started',
  overridden: 'guard overridden',
  resumed: 'resumed',
  'taken-over': 'taken over',
  stopped: 'stopped',
  paused: 'paused',
  approved: 'approved',
  answered: 'answered',
  failed: 'failed',
  unknown: 'unknown',
  'left-out': 'left out',
  retried: 'retried',
  again: 'run again',
  hook: 'hook',
  closed: 'closed',
  replaced: 'replaced by a new run',
  done: 'done',
  asks: 'asks a person',
};

type Clock = Pick<RunReport, 'zone' | 'kind' | 'startedAt'>;

/** `2026-12-05 22:00:07 +01:00` in the zone of the report; of a plan, as {@link clockOf}. */
export function stamp(at: string, report: Clock): string {
  return report.kind === 'plan' ? clockOf(at, report) : dateOf(at, report);
}

/** The date and time of something that has happened, of a plan too. */
export function dateOf(at: string, { zone }: Pick<RunReport, 'zone'>): string {
  return stampText(Date.parse(at), zone);
}

/** `22:00:07`; of a plan, how long after its start: `+12m05s`. */
export function clockOf(at: string, { zone, kind, startedAt }: Clock): string {
  if (kind === 'plan') return `+${elapsed(Date.parse(at) - Date.parse(startedAt ?? at))}`;
  return clockText(Date.parse(at), zone);
}

/** How a stretch of work ended; one without an end is at work, or is still to come. */
export function spanStanding({ outcome }: ReportSpan, step: Pick<ReportStep, 'outcome'>): Standing {
  return outcome ?? (step.outcome === 'change' || step.outcome === 'read' ? step.outcome : 'running');
}

/** Milliseconds from one time to another; what has no end yet reaches to the end of the report. */
export function lasted(from: string, to: string | undefined, end: string | undefined): number {
  return Math.max(0, Date.parse(to ?? end ?? from) - Date.parse(from));
}

/** The end of what a report shows: of a run at work the moment at which it was made, else the last record. */
export function endOf({ state, madeAt, lastAt }: RunReport): string | undefined {
  return state === 'running' && lastAt !== undefined ? madeAt : lastAt;
}

/** Milliseconds for which a node was out of service during the run. */
export function outOfService({ outages }: ReportNode, report: RunReport): number {
  return outages.reduce((sum, { from, to }) => sum + lasted(from, to, endOf(report)), 0);
}

/** `2m05s`, with `(since 10:00:05)` while it goes on; empty where it never was. */
export function outageText(node: ReportNode, report: RunReport): string {
  if (node.outages.length === 0) return '';
  const open = node.outages.find(({ to }) => to === undefined);
  if (open?.before) return 'cordoned before the run';
  const text = duration(outOfService(node, report));
  return open ? `${text}, since ${clockOf(open.from, report)}` : text;
}

export function attemptEnd({ end }: ReportAttempt): string {
  switch (end?.kind) {
    case undefined:
      return 'no end is recorded';
    case 'exited':
      return `exit status ${end.code ?? '?'}`;
    case 'timed-out':
      return 'ended at its time limit';
    case 'cancelled':
      return 'cancelled';
    case 'interrupted':
      return 'interrupted';
    case 'rebooted':
      return 'interrupted: its node restarted';
    case 'never-ran':
      return 'never ran';
    case 'refused':
      return `refused by its node: ${end.reason ?? ''}`;
  }
}

/** What the known texts mean that an attempt printed. */
export function knownOf({ known = [] }: ReportAttempt, report: RunReport): readonly KnownCause[] {
  return known.flatMap((id) => report.known?.find((one) => one.id === id) ?? []);
}

/** Milliseconds of work on a step: its stretches, without the time between them. */
export function workOn(spans: readonly ReportSpan[], report: RunReport): number {
  return spans.reduce((sum, { from, to }) => sum + lasted(from, to, endOf(report)), 0);
}

const VERSION_NAMES = ['kubelet', 'kubeadm', 'kubectl', 'apiServer', 'runtime'] as const;

/** What differs, or the one version: `kubelet 1.31.9 → 1.32.9`; what is the same before and after is shown once. */
export function versionTexts(before: Versions | undefined, after: Versions | undefined): string[] {
  return VERSION_NAMES.flatMap((name) => {
    const [first, last] = [before?.[name], after?.[name]];
    const label = name === 'apiServer' ? 'API server' : name === 'runtime' ? '' : name;
    const text = first === last || first === undefined || last === undefined ? (last ?? first) : `${first} → ${last}`;
    return text === undefined ? [] : [`${label} ${text}`.trim()];
  });
}
