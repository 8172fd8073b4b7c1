import { z } from 'zod';
import { withNode } from '../facts/lib/with-node.ts';
import { runs, type UnitFact } from '../facts/units.ts';
import { quote } from '../transport/quote.ts';
import type { Action, ActionContext, Verdict } from './action.ts';
import { serviceFunctions } from './lib/service-shell.ts';
import { machineOf } from './lib/subject.ts';
import { unitName } from './lib/unit-name.ts';
import { verdictOf } from './lib/verdict.ts';

const schema = z
  .strictObject({
    name: unitName.describe('The unit of systemd, e.g. containerd or docker.socket'),
    state: z
      .enum(['started', 'stopped', 'restarted', 'reloaded'])
      .optional()
      .describe('started and stopped change nothing where it is so; restarted and reloaded are done each time'),
    enabled: z.boolean().optional().describe('Whether it starts when the machine boots'),
  })
  .superRefine(({ state, enabled }, context) => {
    if (state === undefined && enabled === undefined)
      context.addIssue({ code: 'custom', message: 'needs `state` or `enabled`' });
  });
export type ServiceOptions = z.infer<typeof schema>;
type Context = ActionContext<ServiceOptions>;

/** Judged by what systemd says, not by what systemctl printed. */
export const service: Action<ServiceOptions> = {
  name: 'service',
  summary: 'Start, stop, restart or reload a service of systemd, and let it start with the machine or not',
  schema,
  place: 'node',
  effect: 'repeatable',
  timeout: 180_000,
  usually: 15_000,
  onTimeout: 'kill',
  facts: [],
  guards: ['units'],
  settle: 10_000,
  looksAt: ({ with: { name } }) => ({ units: [name] }),
  script(context) {
    const commands = commandsOf(context.with);
    return { commands, text: scriptOf(context.with) };
  },
  isDone(context) {
    const { name, state } = context.with;
    const { done, reason } = asWanted(context);
    if (!done || (state !== 'restarted' && state !== 'reloaded')) return { done, reason };
    return { done: false, reason: `${name} is ${state} each time` };
  },
  verify: asWanted,
  project: (context) =>
    withNode(context.facts, context.node.name, (node) => {
      const { name, state, enabled } = context.with;
      const unit = node.units?.[name] ?? UNKNOWN;
      const running = state === 'stopped' ? { active: 'inactive', sub: 'dead' } : { active: 'active', sub: 'running' };
      const after: UnitFact = {
        ...unit,
        ...(state !== undefined && running),
        ...(enabled !== undefined && { file: enabled ? 'enabled' : 'disabled' }),
      };
      return { ...node, units: { ...node.units, [name]: after } };
    }),
};

const UNKNOWN: UnitFact = { load: 'loaded', active: 'inactive', sub: 'dead', file: '', reloads: true, ends: false };

/** The state that it is to have; that it was restarted is proven by its script, which fails where it was not. */
function asWanted(context: Context): Verdict {
  const { name, state, enabled } = context.with;
  const unit = machineOf(context).units?.[name];
  if (!unit) return { done: false, reason: `the service ${name} is not known` };
  const { active, sub, file } = unit;
  const idle = active === 'inactive' || active === 'failed';
  const wrong = [
    ...(state === 'stopped' && !idle ? [`${name} is ${active} (${sub})`] : []),
    ...(state !== undefined && state !== 'stopped' && !runs(unit) ? [`${name} is ${active} (${sub})`] : []),
    ...(enabled === true && file !== 'enabled' ? [`${name} is ${file}, not enabled`] : []),
    ...(enabled === false && file === 'enabled' ? [`${name} is enabled`] : []),
  ];
  return verdictOf(
    wrong,
    `${name} is ${[...(state === undefined ? [] : [active]), ...(enabled === undefined ? [] : [file])].join(' and ')}`,
  );
}

const VERBS = { started: 'start', stopped: 'stop', restarted: 'restart', reloaded: 'reload' } as const;

function commandsOf({ name, state, enabled }: ServiceOptions): string[] {
  return [
    ...(enabled === undefined ? [] : [`systemctl ${enabled ? 'enable' : 'disable'} ${name}`]),
    ...(state === undefined ? [] : [`systemctl ${VERBS[state]} ${name}`]),
  ];
}

const usable = `case $(property "$unit" LoadState) in
not-found) echo "there is no unit $unit on this machine" >&2; exit 1 ;;
masked) echo "$unit is masked: systemctl unmask $unit lets it run again" >&2; exit 1 ;;
esac
`;

/**
 * A changed unit file counts only after a daemon-reload. What runs can be stopped without a unit file as well. A restart
 * is one only if the main process started after the
 * script began, whatever systemctl says.
 */
function scriptOf({ name, state, enabled }: ServiceOptions): string {
  const does = {
    started: 'start_unit "$unit" || exit',
    stopped: `systemctl stop "$unit" || exit
case $(property "$unit" ActiveState) in inactive | failed) ;; *) ended "$unit" 'does not stop'; exit 1 ;; esac`,
    restarted: `before=$(property "$unit" ExecMainStartTimestampMonotonic)
restart_unit "$unit" || exit
if [ "$(property "$unit" ExecMainStartTimestampMonotonic)" = "$before" ]; then echo "$unit was not started again" >&2; exit 1; fi`,
    reloaded: `systemctl reload "$unit" || { ended "$unit" 'cannot be reloaded'; exit 1; }
watch_unit "$unit" || exit`,
  };
  return `set -u
export LC_ALL=C
${serviceFunctions}
unit=${quote(name)}
${state === 'stopped' && enabled !== true ? '' : usable}if [ "$(property "$unit" NeedDaemonReload)" = yes ]; then systemctl daemon-reload || exit; fi
${enabled === undefined ? '' : `${enabled ? 'systemctl enable' : '[ -z "$(property "$unit" UnitFileState)" ] || systemctl disable'} "$unit" || exit\n`}${state === undefined ? '' : `${does[state]}\n`}`;
}
