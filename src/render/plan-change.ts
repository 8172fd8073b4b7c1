import type { Plan, PlanStep } from '../plan/plan.ts';
import { namesText } from './fold-names.ts';
import { disruptionsOf } from './plan-question.ts';
import { valueText } from './plan-words.ts';
import { headerOf, paragraphOf } from './runbook-header.ts';
import { count } from './text.ts';

/** What a plan interrupts, and where; empty where it interrupts nothing. @param due its steps that change something */
export function riskTexts(plan: Plan, due: readonly PlanStep[]): string[] {
  const { drains, reboots, restarts } = disruptionsOf(plan, due);
  const on = (of: readonly PlanStep[]): string => namesText([...new Set(of.map(({ node }) => node))]);
  const controlPlanes = plan.nodes.filter(({ role }) => role === 'control-plane').length;
  const alone = controlPlanes === 1 ? '; it is the only one of this plan' : '';
  return [
    ...(drains.length === 0 ? [] : [`${count(drains.length, 'drain')}, pods move: ${on(drains)}`]),
    ...(reboots.length === 0 ? [] : [`${count(reboots.length, 'reboot')}: ${on(reboots)}`]),
    ...(restarts.length === 0
      ? []
      : [`${count(restarts.length, 'restart')} of an API server: ${on(restarts)}${alone}`]),
  ];
}

export const NO_RISK = 'No drain, no reboot, no restart of an API server.';

/** What the header of its runbook says of the rollback. */
export function saidOfRollback({ runbook }: Plan): string | undefined {
  return paragraphOf(headerOf(runbook.text), 'Back');
}

/** Only what is there: what a stopped run offers, and a snapshot of etcd. Commands are in backticks. */
export function rollbackTexts(plan: Plan, due: readonly PlanStep[]): string[] {
  const snapshots = due.filter(({ action }) => action === 'etcd-snapshot');
  const touchesApi = disruptionsOf(plan, due).restarts.length > 0;
  return [
    'Where a step fails and its phase allows no more failures, the run stops after the batch. `runbook resume` continues it once the cause is fixed.',
    '`runbook close RUN` ends a run that will not be finished: it undoes its own cordons and holds, and names what it leaves.',
    ...snapshots.map(
      ({ id, with: options }) =>
        `Step ${id} takes a snapshot of etcd into ${valueText(options['dest'])} on the machine that runs this.`,
    ),
    ...(snapshots.length > 0
      ? [
          '`runbook apply etcd-restore.yaml --set snapshot=FILE.db` restores it (`etcd-restore-external.yaml` where etcd is a unit of systemd): what was written to the API after it is lost.',
        ]
      : []),
    ...(snapshots.length === 0 && touchesApi
      ? ['The plan takes no snapshot of etcd. `runbook apply backup.yaml --set dest=DIR` takes one before.']
      : []),
  ];
}
