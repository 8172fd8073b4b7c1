import { CORDONED_BY, FAILED } from '../actions/lib/kubectl.ts';
import type { Inventory } from '../documents/model.ts';
import { LOCAL } from '../plan/hosts.ts';
import { messageOf } from '../failure.ts';
import type { FactId, Facts } from '../facts/facts.ts';
import { managerOf } from '../packages/registry.ts';
import type { StepProgress } from '../journal/progress.ts';
import { stepsOfPlan } from '../plan/all-steps.ts';
import { stepKey } from '../plan/key.ts';
import { contactedNodes, type Plan, type PlanStep } from '../plan/plan.ts';
import { quote } from '../transport/quote.ts';
import type { Connection } from './connect.ts';
import { readTolerantly } from './tolerant.ts';

/** Something that a run left behind, and the commands that undo it. */
export interface Leftover {
  readonly what: string;
  /** The node that runs the commands; undefined: where kubectl runs. */
  readonly on?: string;
  readonly commands: readonly string[];
  readonly script: string;
}

export interface Left {
  /** Attempts that still run, as `NODE STEP.ATTEMPT`. */
  readonly running: readonly { readonly node: string; readonly id: string }[];
  readonly undo: readonly Leftover[];
  /** Nodes, and this machine, with folders of the run's attempts. */
  readonly folders: readonly string[];
  /** What could not be looked at, with the reason. */
  readonly unseen: readonly { readonly node?: string; readonly problem: string }[];
}

/** What the run left on its nodes and in its cluster. It only looks. */
export async function lookForLeftovers(
  { links, observer }: Connection,
  inventory: Inventory,
  plan: Plan,
  run: string,
  steps: ReadonlyMap<string, StepProgress>,
): Promise<Left> {
  const unseen: { node?: string; problem: string }[] = [];
  /** Nodes of steps that may still run where no one answers: nothing of them is undone. */
  const unsure = new Set<string>();
  const asked = await Promise.all(
    [...contactedNodes(plan), LOCAL].map(async (node) => {
      try {
        return [{ node, attempts: await links.once(node, (remote) => remote.list(run)) }];
      } catch (error) {
        const begun = begunOn(node, plan, steps);
        for (const step of begun) unsure.add(step.node);
        const may = begun.length === 0 ? '' : `; ${begun.map(({ id }) => id).join(', ')} may still run there`;
        unseen.push({ node, problem: `${messageOf(error)}${may}` });
        return [];
      }
    }),
  );
  const answered = asked.flat();
  const nodes = answered.map(({ node }) => node).filter((node) => node !== LOCAL);
  const ids: FactId[] = plan.nodes.some(({ before }) => before !== undefined) ? ['os', 'packages', 'nodes'] : [];
  const { facts, findings } = await readTolerantly(observer, { nodes: {} }, nodes, ids);
  unseen.push(...findings.map(({ node, summary }) => ({ ...(node !== undefined && { node }), problem: summary })));
  return {
    running: answered.flatMap(({ node, attempts }) =>
      attempts.filter(({ state }) => state.kind === 'running').map(({ id }) => ({ node, id })),
    ),
    undo: [
      ...objectsLeft(facts, inventory, run, objectsOf(plan, unsure)),
      ...holdsLeft(facts, plan, steps).filter(({ on }) => on === undefined || !unsure.has(on)),
    ],
    folders: answered.filter(({ attempts }) => attempts.length > 0).map(({ node }) => node),
    unseen,
  };
}

/** The steps with an attempt on this host whose end is not known. */
function begunOn(host: string, plan: Plan, steps: ReadonlyMap<string, StepProgress>): readonly PlanStep[] {
  return stepsOfPlan(plan).filter(({ node, id }) => {
    const last = steps.get(stepKey(node, id))?.last;
    return last !== undefined && last.host === host && last.ended === undefined;
  });
}

/** What the cluster calls these nodes. */
function objectsOf({ nodes }: Plan, names: ReadonlySet<string>): ReadonlySet<string> {
  return new Set(nodes.filter(({ name }) => names.has(name)).map(({ name, object = name }) => object));
}

/** Cordons and annotations that name the run; a node that was cordoned before it, or by someone else, has none. */
function objectsLeft({ cluster }: Facts, { kubectl }: Inventory, run: string, unsure: ReadonlySet<string>): Leftover[] {
  const command = (...words: string[]): string =>
    ['kubectl', '--kubeconfig', kubectl.kubeconfig, ...words].map(quote).join(' ');
  return (cluster?.nodes ?? []).flatMap(({ name, annotations, unschedulable }): Leftover[] => {
    const isOurs = annotations[CORDONED_BY] === run;
    const failed = annotations[FAILED];
    const isOurReason = failed?.startsWith(`run ${run}: `) === true;
    if (unsure.has(name) || (!isOurs && !isOurReason)) return [];
    const marks = [...(isOurs ? [`${CORDONED_BY}-`] : []), ...(isOurReason ? [`${FAILED}-`] : [])];
    const isCordoned = isOurs && unschedulable;
    const commands = [...(isCordoned ? [command('uncordon', name)] : []), command('annotate', 'node', name, ...marks)];
    const why = failed !== undefined && isOurReason ? ` (${failed})` : '';
    const what = isCordoned ? `${name} is cordoned by this run${why}` : `${name} has annotations of this run${why}`;
    return [{ what, commands, script: `set -e\n${commands.join('\n')}\n` }];
  });
}

/** Packages that were on hold when planned, and are not since a step of the run worked on packages there. */
function holdsLeft(facts: Facts, plan: Plan, steps: ReadonlyMap<string, StepProgress>): Leftover[] {
  const worked = new Set(
    stepsOfPlan(plan)
      .filter(({ action }) => action === 'install-packages' || action === 'os-upgrade')
      .filter(({ node, id }) => (steps.get(stepKey(node, id))?.attempts ?? 0) > 0)
      .map(({ node }) => node),
  );
  return plan.nodes.flatMap(({ name, before }): Leftover[] => {
    const machine = facts.nodes[name];
    const held = machine?.packages?.held;
    const lost = before?.held.filter((one) => held?.includes(one) === false) ?? [];
    const manager = machine && managerOf(machine);
    if (lost.length === 0 || !manager || !worked.has(name)) return [];
    const command = manager.hold(lost);
    const what = `${name}: ${lost.join(', ')} ${lost.length === 1 ? 'was' : 'were'} on hold before this run`;
    return [{ what, on: name, commands: [command], script: `${command}\n` }];
  });
}
