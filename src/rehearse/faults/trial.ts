import type { Fault } from '../../render/faults-data.ts';
import { lastRefusal, reasonOf } from '../reason.ts';
import type { Rehearsal, RehearsalEnd } from '../rehearsal.ts';
import type { Twin } from '../twin.ts';
import type { Target } from './places.ts';
import { type Checkpoint, rest, type Theatre } from './stage.ts';
import { plant } from './strike.ts';

/** Controllers after which a run does not end well. */
const MOST = 4;
/** Milliseconds until a person resumes. */
const PAUSE = 60_000;

/** The part of a row that is known once the process of the run has ended. */
export type Left = Omit<Fault, 'first' | 'commands' | 'ends' | 'why' | 'takes'>;

/** One misfortune on a twin of its own: what it leaves, and whether the run ends well after it. */
export async function tryMisfortune(
  theatre: Theatre,
  target: Target,
  from: Checkpoint,
  onLeft: (left: Left) => Promise<void>,
): Promise<Fault | undefined> {
  const { lab } = theatre.stage;
  const { twin, rehearsal } = await theatre.rehearsal(from);
  const { misfortune, step, victim } = target;
  const planted = await plant(lab, twin, rehearsal, target);
  if (!planted) return undefined;
  const began = twin.time.now();
  let end = await rehearsal.resume();
  rehearsal.kept.hook = () => undefined;
  if (!planted.struck()) return undefined;
  const named = (text: string): string => text.replace('NODE', victim);
  const left: Left = {
    name: misfortune.name,
    what: named(misfortune.what),
    node: victim,
    at: { node: step.node, step: step.id },
    outcome: end === 'killed' ? 'killed' : end.outcome,
    reason: reasonIn(end, rehearsal),
    state: await stateOf(theatre, twin),
    serves: lab.servingNow(twin.world),
  };
  await onLeft(left);
  const isDone = (): boolean => end !== 'killed' && end.outcome === 'done';
  if (isDone()) return { ...left, commands: [], ends: 'done', takes: twin.time.now() - began };
  await planted.end(`${left.reason} ${lastRefusal(rehearsal.controller.events)?.remedy ?? ''}`);
  await twin.time.run(twin.time.sleep(Math.max(PAUSE, planted.lasts)));
  const commands: string[] = [];
  while (!isDone() && commands.length < MOST) {
    await rest(twin);
    commands.push('runbook resume');
    end = await rehearsal.resume();
  }
  return {
    ...left,
    ...(misfortune.first !== undefined && { first: named(misfortune.first) }),
    commands,
    ends: end === 'killed' ? 'killed' : end.outcome,
    ...(!isDone() && { why: reasonIn(end, rehearsal) }),
    takes: twin.time.now() - began,
  };
}

function reasonIn(end: RehearsalEnd, { controller }: Rehearsal): string {
  return end === 'killed' || end.outcome === 'done' ? '' : reasonOf(end, controller.events);
}

async function stateOf(theatre: Theatre, { world }: Twin): Promise<Fault['state']> {
  const { nodes } = await theatre.stage.lab.readState(world);
  const members = nodes.filter(({ member }) => member);
  return {
    cordoned: members.filter(({ unschedulable }) => unschedulable).map(({ name }) => name),
    notReady: members.filter(({ ready }) => !ready).map(({ name }) => name),
    kubelets: byVersion(members.map(({ name, kubeletRunning }) => [kubeletRunning, name])),
    apiServers: byVersion(
      members.flatMap(({ name, staticPods }) => {
        const version = staticPods['kube-apiserver'];
        return version === undefined ? [] : [[version, name] as const];
      }),
    ),
  };
}

function byVersion(all: readonly (readonly [version: string, node: string])[]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const [version, node] of all) found[version] = [...(found[version] ?? []), node];
  return found;
}
