import { z } from 'zod';
import type { Facts } from '../facts/facts.ts';
import { withoutV } from '../facts/lib/version.ts';
import { withNode, withNodeObject } from '../facts/lib/with-node.ts';
import { asReported } from '../facts/runtime.ts';
import { fits } from '../packages/lib/pin.ts';
import type { Action, ActionContext } from './action.ts';
import { reported, staleReports } from './lib/fresh.ts';
import { kubectl } from './lib/kubectl.ts';
import { machineOf, objectNameOf, objectOf, unknownObject } from './lib/subject.ts';
import { verdictOf } from './lib/verdict.ts';

const schema = z.strictObject({
  version: z
    .string()
    .regex(/^(v?\d[\w.+~-]*)?$/, 'a version such as 2.1 or 1.7.27, in quotes where YAML would read a number')
    .transform((version) => (version === '' ? undefined : withoutV(version)))
    .optional()
    .describe('What the runtime must be at: a release, or the beginning of one; unless given, any'),
});
type With = z.infer<typeof schema>;
type Context = ActionContext<With>;

/** A kubelet sees a new runtime within seconds, without a restart of its own. */
export const verifyRuntime: Action<With> = {
  name: 'verify-runtime',
  summary: 'Wait until the container runtime answers over CRI, the kubelet reports that very release, and is Ready',
  schema,
  ofRelease: () => false,
  place: 'kubectl',
  effect: 'none',
  timeout: 300_000,
  usually: 15_000,
  onTimeout: 'kill',
  facts: ['machine', 'kubelet', 'nodes', 'leases', 'runtime'],
  guards: ['membership', 'same-machine'],
  settle: 0,
  waitsFor: (context) => [
    'crictl version',
    kubectl(context, 'get', 'node', objectNameOf(context), '-o', 'jsonpath={.status.nodeInfo.containerRuntimeVersion}'),
  ],
  isDone(context) {
    const object = objectOf(context);
    const unasked =
      machineOf(context).runtime?.unasked === true ? ' (by its kubelet: there is no crictl to ask it)' : '';
    const done = `${objectNameOf(context)} is Ready with ${object?.containerRuntime ?? ''}${unasked}`;
    return verdictOf(missing(context), done);
  },
  project,
};

function missing(context: Context): string[] {
  const object = objectOf(context);
  if (!object) return [unknownObject(context)];
  const { version } = context.with;
  const { runtime } = machineOf(context);
  const [name, seen] = partsOf(object.containerRuntime);
  const running = runtime?.version ?? seen;
  return [
    ...(runtime?.version === undefined && runtime?.unasked !== true
      ? [`the container runtime gives no answer: ${runtime?.error ?? 'unknown'}`]
      : []),
    ...(fits(running, version) ? [] : [`the runtime is ${name} ${running}, not ${version}`]),
    ...(asReported(running) === seen ? [] : [`the runtime is ${running}, the kubelet still reports ${seen}`]),
    ...(object.ready ? [] : [`${object.name} is not Ready (${object.readyReason})`]),
    ...staleReports(context, object),
  ];
}

function partsOf(runtime = ''): readonly [name: string, version: string] {
  const [name = '', version = ''] = runtime.split('://');
  return [name, withoutV(version)];
}

function project(context: Context): Facts {
  const [name, seen] = partsOf(objectOf(context)?.containerRuntime);
  const wanted = context.with.version;
  const running = machineOf(context).runtime?.version ?? seen;
  const version = fits(running, wanted) ? running : (wanted ?? running);
  const facts = withNode(context.facts, context.node.name, (node) => ({
    ...node,
    runtime: { name, version },
    ...(node.kubelet && { kubelet: { ...node.kubelet, active: true, healthy: true } }),
  }));
  const after = withNodeObject(facts, objectNameOf(context), (node) => ({
    ...reported(node),
    containerRuntime: `${name}://${asReported(version)}`,
  }));
  const { kubelet } = after.nodes[context.node.name] ?? {};
  const renewTime = new Date(Math.ceil(kubelet?.startedAt ?? 0) * 1000).toISOString();
  const leases = after.cluster?.leases?.map((lease) =>
    lease.node === objectNameOf(context) && lease.renewTime < renewTime ? { ...lease, renewTime } : lease,
  );
  return after.cluster && leases ? { ...after, cluster: { ...after.cluster, leases } } : after;
}
