import type { Finding } from '../event.ts';
import { stepsOfPlan } from '../plan/all-steps.ts';
import type { Plan, PlanStep } from '../plan/plan.ts';
import type { Line } from './style.ts';
import { count, elapsed } from './text.ts';

/** What a person must know before a plan is run, as far as it is not in the plan. */
export interface Prospect {
  /** Releases of the cluster's kubelets and API servers as read before; empty where no one asked. */
  readonly from: readonly string[];
  /** How long what is left usually takes, in milliseconds. */
  readonly expected: number;
  /** Tells steps that have ended already. */
  readonly isSettled: (step: PlanStep) => boolean;
  /** What was found is of the time when the run was planned. */
  readonly isResumed?: boolean;
}

/** Actions that move a node's or the cluster's Kubernetes to their `version`. */
const UPGRADES: ReadonlySet<string> = new Set([
  'kubeadm-upgrade-apply',
  'kubeadm-upgrade-node',
  'install-packages',
  'restart-kubelet',
]);
/** Actions after which the static pods of a control plane, its API server among them, start again. */
const RESTARTS: ReadonlySet<string> = new Set(['kubeadm-upgrade-apply', 'kubeadm-upgrade-node', 'renew-certificates']);

/** Cluster, versions, nodes, what is disruptive, how long it takes, what was found: a few lines. */
export function prospectLines(plan: Plan, { from, expected, isSettled, isResumed }: Prospect): Line[] {
  const due = stepsOfPlan(plan).filter((step) => step.predicted.outcome === 'change' && !isSettled(step));
  const roles = new Map(plan.nodes.map(({ name, role }) => [name, role]));
  const { drains, reboots, restarts } = disruptionsOf(plan, due);
  const disruptive = [
    drains.length === 0 ? 'no drain' : count(drains.length, 'drain'),
    ...(reboots.length === 0 ? [] : [count(reboots.length, 'reboot')]),
    ...(restarts.length === 0 ? [] : [`${count(restarts.length, 'restart')} of an API server`]),
  ];
  const versions = versionsText(plan, due, from);
  return [
    field('cluster', `${plan.inventory.cluster}${versions === '' ? '' : `, ${versions}`}`),
    field('nodes', nodesText(due, roles)),
    field('disrupts', disruptive.join(', ')),
    field('takes', `usually about ${aboutText(expected)}, without waits for budgets, people and gates`),
    field('found', `${foundText(plan.findings)}${isResumed === true ? ', when it was planned' : ''}`),
    ...(plan.limit === undefined ? [] : [field('limited to', plan.limit)]),
  ];
}

/** Steps after which something does not run where it ran before. `restarts`: of an API server. */
export function disruptionsOf(
  { nodes }: Pick<Plan, 'nodes'>,
  due: readonly PlanStep[],
): { readonly drains: PlanStep[]; readonly reboots: PlanStep[]; readonly restarts: PlanStep[] } {
  const controlPlanes = new Set(nodes.filter(({ role }) => role === 'control-plane').map(({ name }) => name));
  return {
    drains: due.filter(({ action }) => action === 'drain'),
    reboots: due.filter(({ action }) => action === 'reboot'),
    restarts: due.filter(({ action, node }) => RESTARTS.has(action) && controlPlanes.has(node)),
  };
}

function field(name: string, value: string): Line {
  return [{ text: `  ${name.padEnd(11)}`, as: 'dim' }, value];
}

/** `1.31.9 -> 1.32.9`; only what is known. */
export function versionsText({ way }: Plan, due: readonly PlanStep[], from: readonly string[]): string {
  const targets = due.filter(({ action }) => UPGRADES.has(action)).flatMap((step) => step.with['version'] ?? []);
  const to = [...new Set(targets.filter((version) => typeof version === 'string'))];
  if (to.length === 0) return from.length === 0 ? '' : `stays at ${from.join(' and ')}`;
  // Nodes that are there already are not upgraded.
  const older = from.filter((version) => !to.includes(version));
  const start = older.length > 0 ? older.join(' and ') : way?.from;
  return start === undefined ? `to ${to.join(' -> ')}` : [start, ...to].join(' -> ');
}

export function nodesText(due: readonly PlanStep[], roles: ReadonlyMap<string, string>): string {
  const nodes = [...new Set(due.map(({ node }) => node))];
  const of = (role: string): number => nodes.filter((name) => roles.get(name) === role).length;
  const parts = [
    ...(of('control-plane') > 0 ? [count(of('control-plane'), 'control plane')] : []),
    ...(of('worker') > 0 ? [count(of('worker'), 'worker')] : []),
    ...(of('other') > 0 && of('other') < nodes.length ? [`${of('other')} other`] : []),
  ];
  const among = parts.length === 0 ? '' : ` (${parts.join(', ')})`;
  const rest = roles.size - nodes.length;
  return `${nodes.length} to change${among}${rest === 0 ? '' : `; ${rest} not changed`}`;
}

/** Whole minutes; what takes less is said so. */
function aboutText(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  return minutes < 1 ? 'a minute' : elapsed(minutes * 60_000).replace(/00s$/, '');
}

function foundText(findings: readonly Finding[]): string {
  const of = (severity: Finding['severity']): number =>
    findings.filter((one) => one.severity === severity && one.guard !== 'drain-forecast').length;
  const overridden = findings.filter(({ overridden: reason }) => reason !== undefined).length;
  const parts = [
    ...(of('refuse') > 0 ? [count(of('refuse'), 'refusal')] : []),
    ...(of('warn') > 0 ? [count(of('warn'), 'warning')] : []),
    ...(of('note') > 0 ? [count(of('note'), 'note')] : []),
    ...(overridden > 0 ? [`${overridden} overridden`] : []),
  ];
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}
