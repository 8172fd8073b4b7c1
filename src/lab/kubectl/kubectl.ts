import { work } from '../clock.ts';
import { isAlive } from '../etcd-members.ts';
import { inImage } from '../etcd-process.ts';
import { apiResources, createObject, deleteNamespaces, restartRollout } from './namespaces.ts';
import type { Tool, ToolContext } from '../shell/shell.ts';
import { apiServerFor, apiVersionOf, KubectlError, versionInfo, kubectlWork } from './client.ts';
import { drain, setSchedulable } from './drain.ts';
import { flag, isSet, parseCall, type KubectlCall } from './flags.ts';
import { deleteNodes } from './delete-node.ts';
import { get, resourceOf, select, waitFor } from './get.ts';

type Command = (context: ToolContext, call: KubectlCall) => Promise<number>;

const commands: Readonly<Record<string, Command>> = {
  get,
  drain,
  cordon: (context, call) => setSchedulable(context, call, true),
  uncordon: (context, call) => setSchedulable(context, call, false),
  annotate: (context, call) => setMetadata(context, call, 'annotations'),
  label: (context, call) => setMetadata(context, call, 'labels'),
  taint,
  version,
  rollout: (context, call) => (call.words[1] === 'restart' ? restartRollout(context, call) : waitFor(context, call)),
  wait: waitFor,
  delete: deleteObjects,
  create: createObject,
  'api-resources': apiResources,
  exec: execInPod,
  auth: canI,
  'cluster-info': async (context, call) => {
    await apiServerFor(context, call);
    context.out(`Kubernetes control plane is running at https://${context.world.cluster.endpoint}\n`);
    return 0;
  },
  config: async (context) => {
    context.out('kubernetes-admin@kubernetes\n');
    return 0;
  },
};

export const kubectl: Tool = async (context) => {
  const call = parseCall(context.args);
  const command = commands[call.words[0] ?? ''];
  try {
    if (context.machine.program('kubectl') === undefined) throw new KubectlError('sh: kubectl: not found', 127);
    if (!command)
      throw new KubectlError(
        `error: unknown command "${call.words[0] ?? ''}" for "kubectl" (the lab does not simulate it)`,
      );
    await work(context.machine.clock, kubectlWork, context.signal);
    return await command(context, call);
  } catch (error) {
    if (!(error instanceof KubectlError)) throw error;
    context.err(`${error.message}\n`);
    return error.code;
  }
};

async function version(context: ToolContext, call: KubectlCall): Promise<number> {
  const client = versionInfo(context.machine.program('kubectl') ?? '');
  const server = isSet(call, 'client') ? undefined : versionInfo(apiVersionOf(await apiServerFor(context, call)));
  const value = { clientVersion: client, kustomizeVersion: 'v5.5.0', ...(server ? { serverVersion: server } : {}) };
  if (flag(call, 'output') === 'json') context.out(`${JSON.stringify(value, null, 2)}\n`);
  else
    context.out(
      `Client Version: ${client['gitVersion']}\nKustomize Version: v5.5.0\n${server ? `Server Version: ${server['gitVersion']}\n` : ''}`,
    );
  return 0;
}

/** `annotate` and `label` of nodes. */
async function setMetadata(context: ToolContext, call: KubectlCall, field: 'annotations' | 'labels'): Promise<number> {
  await apiServerFor(context, call);
  const words = call.words.slice(1);
  const changes = words.filter((word) => /^[^/=]*(\/[^=]+)?=/.test(word) || /^[\w./-]+-$/.test(word));
  const targets = words.filter((word) => !changes.includes(word));
  const [kind = ''] = (targets[0] ?? '').split('/');
  if (resourceOf(kind).names[0] !== 'node') throw new KubectlError(`error: the lab keeps ${field} of nodes only`);
  const named = targets[0]?.includes('/') ? targets.map((word) => word.replace(/^.*\//, '')) : targets.slice(1);
  const names = isSet(call, 'all') ? [...context.world.cluster.nodes.keys()] : named;
  for (const name of names) {
    const { cluster } = context.world;
    const node = cluster.nodes.get(name);
    if (!node) throw new KubectlError(`Error from server (NotFound): nodes "${name}" not found`);
    let values = node[field];
    for (const change of changes) values = changed(values, change, isSet(call, 'overwrite'), name);
    cluster.changeNode(node, { [field]: values });
    context.out(`node/${name} ${field === 'labels' ? 'labeled' : 'annotated'}\n`);
  }
  return 0;
}

type Values = Readonly<Record<string, string>>;

function changed(values: Values, change: string, overwrite: boolean, node: string): Values {
  const at = change.indexOf('=');
  if (at < 0) {
    const { [change.slice(0, -1)]: _gone, ...left } = values;
    return left;
  }
  const [name, value] = [change.slice(0, at), change.slice(at + 1)];
  const before = values[name];
  if (before !== undefined && before !== value && !overwrite)
    throw new KubectlError(
      `error: --overwrite is false but found the following declared annotation(s): '${name}' already has a value (${before}) on node ${node}`,
    );
  return { ...values, [name]: value };
}

async function taint(context: ToolContext, call: KubectlCall): Promise<number> {
  await apiServerFor(context, call);
  const [, , name = '', ...changes] = call.words;
  const { cluster } = context.world;
  const node = cluster.nodes.get(name);
  if (!node) throw new KubectlError(`Error from server (NotFound): nodes "${name}" not found`);
  let { taints } = node;
  for (const change of changes) {
    const [, key = '', value, effect = '', remove] = /^([^=:]+)(?:=([^:]*))?(?::(\w+))?(-)?$/.exec(change) ?? [];
    taints = taints.filter((taint) => taint.key !== key || (effect !== '' && taint.effect !== effect));
    if (!remove) taints = [...taints, { key, effect, ...(value ? { value } : {}) }];
  }
  cluster.changeNode(node, { taints });
  context.out(`node/${name} ${changes.every((change) => change.endsWith('-')) ? 'untainted' : 'tainted'}\n`);
  context.world.cluster.tick();
  return 0;
}

async function deleteObjects(context: ToolContext, call: KubectlCall): Promise<number> {
  await apiServerFor(context, call);
  const [, kind = '', ...rest] = call.words;
  const resource = resourceOf(kind.split('/')[0] ?? '');
  const names = kind.includes('/') ? [kind.replace(/^.*\//, '')] : rest;
  if (resource.names[0] === 'namespace') return deleteNamespaces(context, names);
  if (resource.names[0] === 'poddisruptionbudget') return deleteBudgets(context, call, names);
  if (resource.names[0] === 'node') return deleteNodes(context, call, names);
  if (resource.names[0] !== 'pod')
    throw new KubectlError(`error: the lab deletes pods, nodes and budgets only, not ${resource.singular}`);
  const found = select(context, call, resource, names);
  const missing = names.filter((name) => !found.some((item) => item.metadata.name === name));
  for (const item of found) {
    const pod = context.world.cluster.pods.all.find(
      (candidate) => candidate.name === item.metadata.name && candidate.namespace === item.metadata.namespace,
    );
    if (pod) context.world.cluster.deletePod(pod);
    context.out(`pod "${item.metadata.name}" deleted\n`);
  }
  if (missing.length > 0 && !isSet(call, 'ignore-not-found'))
    throw new KubectlError(missing.map((name) => `Error from server (NotFound): pods "${name}" not found`).join('\n'));
  if (flag(call, 'wait') !== 'false') await work(context.machine.clock, 700, context.signal);
  return 0;
}

function deleteBudgets(context: ToolContext, call: KubectlCall, names: readonly string[]): number {
  const { cluster } = context.world;
  for (const name of names) {
    const namespace = flag(call, 'namespace') ?? 'default';
    const found = cluster.budgets.find((budget) => budget.name === name && budget.namespace === namespace);
    if (!found) throw new KubectlError(`Error from server (NotFound): poddisruptionbudgets.policy "${name}" not found`);
    cluster.budgets = cluster.budgets.filter((budget) => budget !== found);
    context.out(`poddisruptionbudget.policy "${name}" deleted\n`);
  }
  return 0;
}

/** `auth can-i '*' '*'`: for the cluster's administrator. */
async function canI(context: ToolContext, call: KubectlCall): Promise<number> {
  await apiServerFor(context, call);
  if (call.words[1] !== 'can-i') throw new KubectlError('error: the lab simulates auth can-i only');
  const may = context.machine.adminMayAll ?? context.world.cluster.extras.adminMayAll;
  context.out(may ? 'yes\n' : 'no\n');
  return may ? 0 : 1;
}

/** Milliseconds until an API server gives up a kubelet whose machine is off. */
const dialWork = 127_000;

async function execInPod(context: ToolContext, call: KubectlCall): Promise<number> {
  await apiServerFor(context, call);
  const [, pod = ''] = call.words;
  const name = pod.replace(/^.*\//, '');
  const machine = context.world.machines.find((candidate) => `etcd-${candidate.name}` === name);
  if (!machine?.isControlPlane || machine.etcdEndpoints)
    throw new KubectlError(`Error from server (NotFound): pods "${name}" not found`);
  if (!machine.up) {
    await work(context.machine.clock, dialWork, context.signal);
    throw new KubectlError(
      `Error from server: error dialing backend: dial tcp ${machine.ip}:10250: connect: connection timed out`,
    );
  }
  if (!isAlive(machine)) throw new KubectlError('error: unable to upgrade connection: container not found ("etcd")');
  const words = call.rest.length > 0 ? call.rest : call.words.slice(2);
  return context.spawn({
    script: inImage(words),
    env: { ...context.env, LAB_ETCD_MEMBER: machine.name },
  });
}
