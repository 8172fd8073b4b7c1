import { quote } from '../transport/quote.ts';

/** A unit of systemd, as `systemctl show` has it. */
export interface UnitFact {
  /** LoadState: `loaded`, `not-found`, `masked`, `bad-setting`, `error`. */
  readonly load: string;
  /** ActiveState: `active`, `reloading`, `inactive`, `failed`, `activating`, `deactivating`. */
  readonly active: string;
  /** SubState: `running`, `exited`, `dead`, `auto-restart`. */
  readonly sub: string;
  /** UnitFileState: `enabled`, `disabled`, `static`, `masked`, `generated`; empty where there is no file. */
  readonly file: string;
  /** Seconds since the epoch at which its main process started last, by the node's clock. */
  readonly startedAt?: number;
  /** It can be reloaded. */
  readonly reloads: boolean;
  /** It ends by itself when its work is done (`Type=oneshot` without RemainAfterExit). */
  readonly ends: boolean;
}

/** Whether it runs, or has ended well where that is its work. */
export function runs({ load, active, ends }: UnitFact): boolean {
  return active === 'active' || active === 'reloading' || (ends && active === 'inactive' && load === 'loaded');
}

const PROPERTIES = [
  'LoadState',
  'ActiveState',
  'SubState',
  'UnitFileState',
  'ExecMainStartTimestamp',
  'CanReload',
  'Type',
  'RemainAfterExit',
];

/** A script that reads these units. */
export function unitsScript(names: readonly string[]): string {
  const wanted = PROPERTIES.map((name) => `-p ${name}`).join(' ');
  return names
    .map((name) => `printf 'unit: %s\\n' ${quote(name)}\nTZ=UTC systemctl show ${quote(name)} ${wanted} 2>/dev/null\n`)
    .join('');
}

/** By name; one of which systemd says nothing is left out. */
export function parseUnits(output: string): Record<string, UnitFact> {
  const blocks = output.split(/^unit: /m).slice(1);
  return Object.fromEntries(
    blocks.flatMap((block) => {
      const [name = '', ...lines] = block.split('\n');
      const value = (key: string) => lines.find((line) => line.startsWith(`${key}=`))?.slice(key.length + 1) ?? '';
      if (value('LoadState') === '') return [];
      const startedAt = systemdSeconds(value('ExecMainStartTimestamp'));
      const unit: UnitFact = {
        load: value('LoadState'),
        active: value('ActiveState'),
        sub: value('SubState'),
        file: value('UnitFileState'),
        ...(startedAt === undefined ? {} : { startedAt }),
        reloads: value('CanReload') === 'yes',
        ends: value('Type') === 'oneshot' && value('RemainAfterExit') !== 'yes',
      };
      return [[name, unit] as const];
    }),
  );
}

/** systemd's `Sat 2026-11-21 01:58:44 UTC` in seconds since the epoch. */
export function systemdSeconds(timestamp: string): number | undefined {
  const [, day, time] = /(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(?:\.\d+)? UTC$/.exec(timestamp) ?? [];
  return day === undefined || time === undefined ? undefined : Date.parse(`${day}T${time}Z`) / 1000;
}
