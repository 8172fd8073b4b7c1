import { fileURLToPath } from 'node:url';
import { actions } from '../../src/actions/registry.ts';
import { resolveInputs } from '../../src/documents/inputs.ts';
import { readRunbook } from '../../src/documents/read.ts';
import { parseFaultEffect } from '../../src/lab/audit.ts';
import { reboot } from '../../src/lab/boot.ts';
import { readState } from '../../src/lab/state.ts';
import type { membershipPhases } from '../../src/lab/tools/kubeadm-phases.ts';
import { type Command, noHooks, SimulatedCluster } from './cluster.ts';
import { Controller } from '../../src/rehearse/controller.ts';
import { KeptJournal } from '../../src/rehearse/kept-journal.ts';
import { type Documents, inventoryOf, needs, plan, valid } from './scenario.ts';
import { unlike } from './state.ts';

const RUNBOOK = fileURLToPath(new URL('../../runbooks/replace-control-planes.yaml', import.meta.url));
const SIZE = { controlPlanes: 3, spareControlPlanes: 1, workers: 1 };
const GROUPS = { 'new-control-planes': ['cp-4'], 'old-control-planes': ['cp-1'] };
const MOST_CONTROLLERS = 6;

/** What happens to a replacement. */
export type Disturbance =
  /** kubeadm ends as it comes to a phase (`reboot`, `exit:137`). */
  | { readonly kind: 'cut'; readonly phase: (typeof membershipPhases)[number]; readonly how: string }
  /** The controller is killed at a record of the journal. */
  | { readonly kind: 'record'; readonly seq: number; readonly when: 'before' | 'after' }
  /** It is killed, or the node reboots, in the middle of a command that an attempt runs. */
  | { readonly kind: 'command'; readonly number: number; readonly effect: 'kill' | 'reboot' };

export interface Replaced {
  /** Nodes, members of etcd and static pods in the end. */
  readonly state: readonly string[];
  readonly records: number;
  /** Of attempts. */
  readonly commands: readonly Command[];
  readonly struck: boolean;
  /** What promises say and was not so. */
  readonly wrong: readonly string[];
  readonly story: readonly string[];
}

/** cp-4 joins in place of cp-1, resumed until it is done. */
export async function replace(disturbance?: Disturbance): Promise<Replaced> {
  const cluster = await SimulatedCluster.create({ size: SIZE });
  const { world, time } = cluster;
  const documents = await documentsOf();
  const kept = new KeptJournal(() => time.now());
  const secrets = new Set<string>();
  const story: string[] = [];
  const events: unknown[] = [];
  let struck = disturbance === undefined;
  let controller = open();
  const strike = () => {
    if (struck) return;
    struck = true;
    story.push(`--- at ${kept.records().length} records`);
    controller.kill();
  };
  kept.hook = (when, seq) => {
    if (disturbance?.kind === 'record' && disturbance.seq === seq && disturbance.when === when) strike();
  };
  let ran = 0;
  cluster.hooks = {
    ...noHooks,
    begun: ({ origin, node }) => {
      if (origin.kind !== 'attempt' || disturbance?.kind !== 'command' || ran++ !== disturbance.number) return;
      time.after(150, () => {
        if (disturbance.effect === 'kill') return strike();
        struck = true;
        reboot(cluster.machine(node));
      });
    },
    ended: () => {
      const { tokens, uploadedCertificates } = world.cluster.extras;
      for (const { token } of tokens) secrets.add(token);
      if (uploadedCertificates) secrets.add(uploadedCertificates.key);
    },
  };
  if (disturbance?.kind === 'cut') cut(cluster, disturbance);
  function open(): Controller {
    return new Controller({
      ground: cluster,
      inventory: documents.inventory.value,
      minors: needs(documents).minors,
      seams: { actions: answered },
    });
  }
  const made = await time.run(plan(documents, controller));
  const refused = made.plan.findings.filter(({ severity }) => severity === 'refuse');
  if (refused.length > 0) throw new Error(refused.map(({ summary }) => summary).join('; '));
  let facts: typeof made.facts | undefined = made.facts;
  for (let count = 1; ; count += 1) {
    const result = await time.run(controller.run(made.plan, 'run-1', kept, facts)).catch((error: unknown) => {
      story.push(String(error));
      return 'killed' as const;
    });
    for (const event of controller.events)
      if (event.type === 'step-finished') story.push(`${event.node} ${event.step} ${event.outcome}: ${event.reason}`);
    events.push(...controller.events);
    controller.kill();
    if (result !== 'killed') story.push(`${result.outcome} ${result.reason}`);
    if (result !== 'killed' && result.outcome === 'done') break;
    if (count === MOST_CONTROLLERS) {
      story.push('it is never done');
      break;
    }
    facts = undefined;
    controller = open();
    await time.run(time.sleep(10_000));
  }
  if (disturbance?.kind === 'cut') struck = world.machines.every(({ audit }) => audit.faults.length === 0);
  const commands = cluster.commands.filter(({ origin }) => origin.kind === 'attempt');
  const said = [kept.text, JSON.stringify(events), ...cluster.commands.map(({ line }) => line)].join('\n');
  const shown = [...secrets].filter((secret) => said.includes(secret));
  const wrong = [
    ...(secrets.size < 2 ? ['no secret was made'] : []),
    ...shown.map((secret) => `the secret ${secret} is in the journal, an event or an argument`),
    ...twice(commands),
  ];
  return { state: await stateOf(cluster), records: kept.records().length, commands, struck, wrong, story };
}

/** What must succeed once: the join, and the end of the old one. */
function twice(commands: readonly Command[]): string[] {
  const count = (node: string, line: RegExp) =>
    commands.filter((one) => one.node === node && one.exit === 0 && line.test(one.line)).length;
  const joins = count('cp-4', /^kubeadm join /);
  const removals = commands.filter(
    ({ origin, line, exit }) =>
      origin.kind === 'attempt' &&
      origin.id.includes('remove-control-plane') &&
      /^etcdctl .*member remove/.test(line) &&
      exit === 0,
  ).length;
  return [
    ...(joins > 1 ? [`kubeadm join succeeded ${joins} times`] : []),
    ...(removals > 1 ? [`a member was removed ${removals} times`] : []),
  ];
}

async function stateOf({ world }: SimulatedCluster): Promise<string[]> {
  const { nodes, cluster } = await readState(world);
  return [
    ...nodes.map(
      ({ name, member, ready, unschedulable, staticPods }) =>
        `${name} ${JSON.stringify({ member, ready, unschedulable, staticPods })} ${JSON.stringify(world.cluster.nodes.get(name)?.labels)}`,
    ),
    `etcd ${JSON.stringify(cluster.etcdMembers)}`,
  ];
}

function cut(cluster: SimulatedCluster, { phase, how }: Disturbance & { kind: 'cut' }): void {
  const effect = parseFaultEffect(how);
  if (!effect) throw new Error(`no fault ${how}`);
  const isReset = phase === 'remove-etcd-member' || phase === 'cleanup-node';
  const on = isReset ? /^kubeadm reset/ : /^kubeadm join/;
  cluster.machine(isReset ? 'cp-1' : 'cp-4').audit.faults.push({ on, effect, times: 1, phase });
}

/** A person has said yes. */
const answered: typeof actions = new Map(
  [...actions].map(([name, action]) => {
    if (name !== 'approve') return [name, action];
    return [name, { ...action, isDone: () => ({ done: true, reason: 'approved' }) }];
  }),
);

async function documentsOf(): Promise<Documents> {
  const runbook = valid(await readRunbook(RUNBOOK, actions));
  const { values } = resolveInputs(runbook.value, []);
  const scenario = { runbook: 'replace-control-planes.yaml', sets: [], target: '1.31.9', minors: [] };
  return { runbook, inventory: inventoryOf(SIZE, GROUPS), inputs: values, scenario };
}

/** Disturbed in each of these ways: what came of it that is not as in the undisturbed run. */
export async function disturbedBy(undisturbed: Replaced, disturbances: readonly Disturbance[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const disturbance of disturbances) {
    const { state, struck, story, ...found } = await replace(disturbance);
    const problems = [
      ...found.wrong,
      ...unlike(undisturbed.state, state),
      ...(struck ? [] : ['nothing struck: it was never reached']),
    ];
    if (problems.length > 0) wrong.push([JSON.stringify(disturbance), ...problems, ...story].join('\n'));
  }
  return wrong;
}
