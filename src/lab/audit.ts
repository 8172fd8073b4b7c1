import type { Clock } from './clock.ts';

/** One run of a simulated tool. `exit` is null while it runs. */
export interface AuditEntry {
  readonly at: string;
  readonly line: string;
  exit: number | null;
}

/** What a fault does to the command it matches. */
export type FaultEffect =
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'hang' }
  | { readonly kind: 'reboot' }
  /** Wall-clock milliseconds before the command starts its work. */
  | { readonly kind: 'slow'; readonly ms: number };

export interface Fault {
  readonly on: RegExp;
  /** Within the command, when it comes to this phase; undefined: before its work. */
  readonly phase?: string;
  readonly effect: FaultEffect;
  /** How many more commands it applies to. */
  times: number;
}

const durations: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `500ms`, `3s`, `2m`, `1h` or a sequence of them; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
    total += Number(amount) * (durations[unit ?? ''] ?? 0);
  return total;
}

/** @returns undefined for what is not `disconnect`, `exit:N`, `hang`, `reboot` or `slow:DURATION` */
export function parseFaultEffect(text: string): FaultEffect | undefined {
  if (text === 'disconnect' || text === 'hang' || text === 'reboot') return { kind: text };
  const code = /^exit:(\d{1,3})$/.exec(text)?.[1];
  if (code !== undefined && Number(code) <= 255) return { kind: 'exit', code: Number(code) };
  const ms = parseDuration(/^slow:(.+)$/.exec(text)?.[1] ?? '');
  return ms === undefined ? undefined : { kind: 'slow', ms };
}

/** What each node really ran, and the faults that wait there. */
export class Audit {
  readonly entries: AuditEntry[] = [];
  readonly faults: Fault[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(line: string): AuditEntry {
    const entry: AuditEntry = { at: new Date(this.#clock.now()).toISOString(), line, exit: null };
    this.entries.push(entry);
    return entry;
  }

  /** The first fault that matches, counted down. One for a dry run says so: it is not the command that it tries out. */
  takeFault(line: string, phase?: string): FaultEffect | undefined {
    const isDry = line.includes(' --dry-run');
    const index = this.faults.findIndex(
      ({ on, phase: at }) => at === phase && on.test(line) && (!isDry || on.source.includes('dry-run')),
    );
    const fault = this.faults[index];
    if (!fault) return undefined;
    fault.times -= 1;
    if (fault.times <= 0) this.faults.splice(index, 1);
    return fault.effect;
  }
}
