import { expect } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { loadRunbook } from '../../src/documents/runbook.ts';
import { parseFaultEffect } from '../../src/lab/audit.ts';
import type { KubeadmPhase } from '../../src/lab/tools/kubeadm-phases.ts';
import { type Command, SimulatedCluster, type Size } from './cluster.ts';
import { Controller } from '../../src/rehearse/controller.ts';
import { KeptJournal } from '../../src/rehearse/kept-journal.ts';
import { type Documents, inventoryOf, needs, ONE_MINOR, plan, valid } from './scenario.ts';
import { settledState, unlike } from './state.ts';

const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: kubeadm-alone
phases:
  - name: First control plane
    nodes: control-plane[0]
    steps: [{ uses: kubeadm-upgrade-apply, with: { version: 1.32.9 } }]
  - name: Other control planes
    nodes: control-plane[1:]
    steps: [{ uses: kubeadm-upgrade-node, with: { version: 1.32.9 } }]
  - name: Workers
    nodes: workers
    steps: [{ uses: kubeadm-upgrade-node, with: { version: 1.32.9 } }]
`;

/** Where kubeadm is cut off: on which node, as it comes to which phase, and how (`reboot`, `exit:137`, `exit:1`). */
export interface Cut {
  readonly node: string;
  readonly phase: KubeadmPhase;
  readonly how: string;
}

interface Upgraded {
  readonly state: readonly string[];
  readonly story: readonly string[];
  /** What kubeadm was run for, with its exit codes, in order. */
  readonly kubeadm: readonly string[];
}

const MOST_CONTROLLERS = 4;

/** An upgrade whose kubeadm is installed everywhere, resumed until it is done. */
export async function upgrade(size: Size, cut?: Cut): Promise<Upgraded> {
  const cluster = await SimulatedCluster.create({ size });
  const { world, time } = cluster;
  for (const machine of world.machines)
    Object.assign(machine.packages.get('kubeadm') ?? {}, { revision: '1.32.9-1.1' });
  if (cut) addFault(cluster, cut);
  const documents = documentsOf(size);
  const kept = new KeptJournal(() => time.now());
  const story: string[] = [];
  const open = () =>
    new Controller({
      ground: cluster,
      inventory: documents.inventory.value,
      minors: needs(documents).minors,
      seams: {},
    });
  const first = open();
  const made = await time.run(plan(documents, first));
  let facts: typeof made.facts | undefined = made.facts;
  for (let count = 0, controller = first; ; count += 1, controller = open()) {
    if (count === MOST_CONTROLLERS) throw new Error(`it is never done: ${story.join('\n')}`);
    const result = await time.run(controller.run(made.plan, 'run-1', kept, facts));
    for (const event of controller.events)
      if (event.type === 'step-finished') story.push(`${event.node} ${event.outcome}: ${event.reason}`);
    facts = undefined;
    controller.kill();
    if (result !== 'killed' && result.outcome === 'done') break;
    await time.run(time.sleep(10_000));
  }
  expect(world.machines.flatMap((machine) => machine.audit.faults)).toEqual([]);
  const kubeadm = cluster.commands
    .filter(({ line }) => /^kubeadm upgrade (apply|node)\b(?!.*--dry-run)/.test(line))
    .map(asLine);
  return { state: await settledState(world), story, kubeadm };
}

/** Cut off, then resumed: what differs from the undisturbed run, and how often kubeadm ran on the node. */
export async function cutOff(size: Size, undisturbed: Upgraded, cut: Cut): Promise<string[]> {
  const { state, kubeadm, story } = await upgrade(size, cut);
  const runs = kubeadm.filter((line) => line.startsWith(`${cut.node}:`));
  const again = runs.length === 2 && runs[1]?.endsWith('-> 0') === true;
  const wrong = [
    ...unlike(undisturbed.state, state),
    ...(again ? [] : [`kubeadm was not run again: ${runs.join(', ')}`]),
  ];
  return wrong.length === 0 ? [] : [`${cut.node} ${cut.phase} ${cut.how}`, ...wrong, ...story];
}

function addFault(cluster: SimulatedCluster, { node, phase, how }: Cut): void {
  const effect = parseFaultEffect(how);
  if (!effect) throw new Error(`no fault ${how}`);
  cluster.machine(node).audit.faults.push({ on: /^kubeadm upgrade/, effect, times: 1, phase });
}

function documentsOf(size: Size): Documents {
  return {
    runbook: valid(loadRunbook('kubeadm-alone.yaml', RUNBOOK, actions)),
    inventory: inventoryOf(size),
    inputs: {},
    scenario: ONE_MINOR,
  };
}

function asLine({ node, line, exit }: Command): string {
  return `${node}: ${line} -> ${exit}`;
}
