import { work } from '../clock.ts';
import type { ToolContext } from '../shell/shell.ts';
import { apiServerFor, KubectlError } from './client.ts';
import { flag, isSet, type KubectlCall } from './flags.ts';
import { resourceOf, select } from './get.ts';
import { resources } from './resources.ts';

/** `create namespace NAME`, `create configmap NAME --from-literal=KEY=VALUE`. */
export async function createObject(context: ToolContext, call: KubectlCall): Promise<number> {
  await apiServerFor(context, call);
  const { store } = context.world.cluster;
  const [, kind = '', name = ''] = call.words;
  const namespace = flag(call, 'namespace') ?? 'default';
  switch (resourceOf(kind).singular) {
    case 'namespace':
      if (store.namespaces.includes(name)) throw exists('namespaces', name);
      store.namespaces.push(name);
      store.namespaces.sort();
      context.out(`namespace/${name} created\n`);
      return 0;
    case 'configmap': {
      if (!store.namespaces.includes(namespace))
        throw new KubectlError(`error: failed to create configmap: namespaces "${namespace}" not found`);
      if (store.configMaps.some((one) => one.name === name && one.namespace === namespace))
        throw exists('configmaps', name);
      const literals = call.flags.get('from-literal') ?? [];
      const data = Object.fromEntries(literals.map((text) => text.split('=', 2) as [string, string]));
      store.configMaps.push({ namespace, name, data });
      context.out(`configmap/${name} created\n`);
      return 0;
    }
    default:
      throw new KubectlError(`error: the lab creates namespaces and configmaps only, not ${kind}`);
  }
}

function exists(kind: string, name: string): KubectlError {
  return new KubectlError(`Error from server (AlreadyExists): ${kind} "${name}" already exists`);
}

/** With all that is in them. */
export async function deleteNamespaces(context: ToolContext, names: readonly string[]): Promise<number> {
  const { cluster } = context.world;
  for (const name of names) {
    if (!cluster.store.namespaces.includes(name))
      throw new KubectlError(`Error from server (NotFound): namespaces "${name}" not found`);
    if (/^(default|kube-system|kube-public|kube-node-lease)$/.test(name))
      throw new KubectlError(
        `Error from server (Forbidden): namespaces "${name}" is forbidden: this namespace may not be deleted`,
      );
    context.out(`namespace "${name}" deleted\n`);
    const stays = (one: { readonly namespace: string }) => one.namespace !== name;
    cluster.workloads = cluster.workloads.filter(stays);
    cluster.budgets = cluster.budgets.filter(stays);
    for (const pod of cluster.pods.all) if (!stays(pod)) cluster.deletePod(pod);
    cluster.store.configMaps = cluster.store.configMaps.filter(stays);
    cluster.store.namespaces = cluster.store.namespaces.filter((one) => one !== name);
    await work(context.machine.clock, 800, context.signal);
  }
  return 0;
}

/** `api-resources --verbs=list -o name`, of all that the lab knows. */
export async function apiResources(context: ToolContext, call: KubectlCall): Promise<number> {
  await apiServerFor(context, call);
  const wanted = flag(call, 'namespaced');
  const found = resources.filter((one) => wanted === undefined || one.namespaced === isSet(call, 'namespaced'));
  const names = found.map((one) => {
    const [kind = '', ...group] = one.singular.split('.');
    return [one.names.find((name) => name === `${kind}s`) ?? one.names[1] ?? kind, ...group].join('.');
  });
  context.out(names.map((name) => `${name}\n`).join(''));
  return 0;
}

/** `rollout restart deployment/NAME`, or all of a kind: their pods are replaced. */
export async function restartRollout(context: ToolContext, call: KubectlCall): Promise<number> {
  await apiServerFor(context, call);
  const { cluster } = context.world;
  const words = call.words.slice(2);
  const targets =
    words[0]?.includes('/') || words.length < 2 ? words : words.slice(1).map((name) => `${words[0]}/${name}`);
  for (const target of targets) {
    const [kind = '', named] = target.split('/');
    const resource = resourceOf(kind);
    for (const { metadata } of select(context, call, resource, named === undefined ? [] : [named])) {
      for (const pod of cluster.pods.all.filter((one) => one.workload?.name === metadata.name)) cluster.deletePod(pod);
      context.out(`${resource.singular}/${metadata.name} restarted\n`);
    }
  }
  return 0;
}
