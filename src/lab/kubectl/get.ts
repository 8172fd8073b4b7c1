import { Killed, work } from '../clock.ts';
import { parseDuration } from '../audit.ts';
import { deprecatedMetrics } from '../cluster-extras.ts';
import type { ToolContext } from '../shell/shell.ts';
import { apiServerFor, apiVersionOf, KubectlError, versionInfo } from './client.ts';
import { flag, isSet, type KubectlCall } from './flags.ts';
import { show, valuesAt } from './jsonpath.ts';
import type { ApiObject } from './objects.ts';
import { listOf, printObjects, table } from './print.ts';
import type { Resource } from './resource.ts';
import { findResource } from './resources.ts';

export async function get(context: ToolContext, call: KubectlCall): Promise<number> {
  const raw = flag(call, 'raw');
  if (raw !== undefined) return getRaw(context, call, raw);
  await apiServerFor(context, call);
  const [, kinds = '', ...names] = call.words;
  const [kind = '', slashName] = kinds.split('/');
  const wanted = slashName === undefined ? names : [slashName, ...names.map((name) => name.replace(/^.*\//, ''))];
  const all = kind.split(',').map((name) => resourceOf(name));
  const items = all.flatMap((resource) => select(context, call, resource, wanted));
  const missing = wanted.filter((name) => !items.some((item) => item.metadata.name === name));
  const output = flag(call, 'output') ?? '';
  const [first] = items;
  if (missing.length === 0 || items.length > 0)
    print(context, call, all, items, all.length === 1 && wanted.length === 1 && first ? first : listOf(items), output);
  if (missing.length > 0 && !isSet(call, 'ignore-not-found')) {
    const plural = all[0]?.names[1] ?? kind;
    throw new KubectlError(
      missing.map((name) => `Error from server (NotFound): ${plural} "${name}" not found`).join('\n'),
    );
  }
  return 0;
}

export function resourceOf(name: string): Resource {
  const resource = findResource(name);
  if (!resource) throw new KubectlError(`error: the server doesn't have a resource type "${name}"`);
  return resource;
}

/** Items of a resource as namespace, names, labels and field selectors ask for them. */
export function select(
  context: ToolContext,
  call: KubectlCall,
  resource: Resource,
  names: readonly string[],
): ApiObject[] {
  const namespace = isSet(call, 'all-namespaces') ? undefined : (flag(call, 'namespace') ?? 'default');
  const selector = flag(call, 'selector');
  const fields = fieldsIn(flag(call, 'field-selector'));
  return resource
    .list(context.world, namespace, names)
    .filter((item) => !resource.namespaced || namespace === undefined || item.metadata.namespace === namespace)
    .filter((item) => names.length === 0 || names.includes(item.metadata.name))
    .filter((item) => selector === undefined || matchesSelector(selector, item.metadata.labels ?? {}))
    .filter((item) => fields.every(({ path, value, isEqual }) => (textAt(item, path) === value) === isEqual));
}

export function matchesSelector(selector: string | undefined, labels: Readonly<Record<string, string>>): boolean {
  return (selector ?? '')
    .split(',')
    .filter(Boolean)
    .every((term) => {
      const [, name = '', operator, value = ''] =
        /^\s*([^=!\s]+)\s*(==|=|!=)?\s*(.*)$/.exec(term.replace(/^!/, '')) ?? [];
      if (operator === undefined) return Object.hasOwn(labels, name) !== term.startsWith('!');
      return (labels[name] === value) === (operator !== '!=');
    });
}

interface Field {
  readonly path: readonly string[];
  readonly value: string;
  readonly isEqual: boolean;
}

/** `spec.nodeName=worker-1,status.phase!=Running` */
function fieldsIn(selector = ''): Field[] {
  return selector
    .split(',')
    .filter(Boolean)
    .map((term) => {
      const [, path = '', operator, value = ''] = /^([^=!]+)(==|=|!=)(.*)$/.exec(term) ?? [];
      return { path: path.split('.'), value, isEqual: operator !== '!=' };
    });
}

function textAt(item: ApiObject, path: readonly string[]): string {
  let value: unknown = item;
  for (const key of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return show(value);
}

function print(
  context: ToolContext,
  call: KubectlCall,
  all: readonly Resource[],
  items: readonly ApiObject[],
  value: object,
  output: string,
): void {
  const [resource] = all;
  if (!resource) return;
  const printed = printObjects(value, items, output, resource.singular);
  if (printed !== undefined) {
    context.out(printed);
    return;
  }
  if (output !== '' && output !== 'wide')
    throw new KubectlError(`error: unable to match a printer suitable for the output format "${output}"`);
  if (items.length === 0) {
    context.err(
      resource.namespaced && !isSet(call, 'all-namespaces')
        ? `No resources found in ${flag(call, 'namespace') ?? 'default'} namespace.\n`
        : 'No resources found\n',
    );
    return;
  }
  const wide = output === 'wide';
  const rows = items.map((item) => [item.metadata.name, ...resource.row(item, context.world, wide)]);
  const spaced = resource.namespaced && isSet(call, 'all-namespaces');
  const width = (rows[0]?.length ?? 1) - 1;
  const header = ['NAME', ...resource.columns.slice(0, width)];
  const withNamespace = (row: string[], namespace: string) => (spaced ? [namespace, ...row] : row);
  const body = rows.map((row, i) => withNamespace(row, items[i]?.metadata.namespace ?? ''));
  context.out(table(isSet(call, 'no-headers') ? body : [withNamespace(header, 'NAMESPACE'), ...body]));
}

async function getRaw(context: ToolContext, call: KubectlCall, path: string): Promise<number> {
  const server = await apiServerFor(context, call);
  const [name = '', query = ''] = path.split('?');
  if (name === '/version') context.out(JSON.stringify(versionInfo(apiVersionOf(server)), null, 2));
  else if (['/readyz', '/healthz', '/livez'].includes(name))
    context.out(
      query.includes('verbose')
        ? `[+]ping ok\n[+]log ok\n[+]etcd ok\n[+]informer-sync ok\n${name.slice(1)} check passed\n`
        : 'ok',
    );
  else if (name === '/metrics') context.out(deprecatedMetrics(server.deprecatedRequests));
  else throw new KubectlError('Error from server (NotFound): the server could not find the requested resource');
  return 0;
}

/** `kubectl wait --for=condition=Ready node/x` and `rollout status ds/x`. */
export async function waitFor(context: ToolContext, call: KubectlCall): Promise<number> {
  await apiServerFor(context, call);
  const rollout = call.words[0] === 'rollout';
  const words = call.words.slice(rollout ? 2 : 1);
  const target = words[0]?.includes('/') ? words : words.slice(1).map((name) => `${words[0]}/${name}`);
  const limit = parseDuration(flag(call, 'timeout') ?? (rollout ? '0s' : '30s')) ?? 30_000;
  for (const word of target) {
    const [kind = '', name = ''] = word.split('/');
    const resource = resourceOf(kind);
    const met = () => {
      const [item] = select(context, call, resource, [name]);
      if (!item) throw new KubectlError(`Error from server (NotFound): ${resource.names[1]} "${name}" not found`);
      return rollout ? rolledOut(item) : conditionMet(item, flag(call, 'for') ?? '');
    };
    for (let waited = 0; !met(); waited += 200) {
      if (limit > 0 && waited >= limit)
        throw new KubectlError(`error: timed out waiting for the condition on ${resource.names[1]}/${name}`);
      if (context.signal.aborted) throw new Killed();
      await work(context.machine.clock, 200, context.signal);
    }
    context.out(rollout ? rolloutText(resource, name) : `${resource.singular}/${name} condition met\n`);
  }
  return 0;
}

function rolloutText(resource: Resource, name: string): string {
  return resource.names[0] === 'daemonset'
    ? `daemon set "${name}" successfully rolled out\n`
    : `deployment "${name}" successfully rolled out\n`;
}

function rolledOut(item: ApiObject): boolean {
  const number = (path: string) => Number(valuesAt(path, item)[0] ?? 0);
  if (item.kind === 'DaemonSet')
    return (
      number('.status.updatedNumberScheduled') === number('.status.desiredNumberScheduled') &&
      number('.status.numberAvailable') === number('.status.desiredNumberScheduled')
    );
  return (
    number('.status.updatedReplicas') >= number('.spec.replicas') &&
    number('.status.availableReplicas') >= number('.spec.replicas')
  );
}

function conditionMet(item: ApiObject, wanted: string): boolean {
  const [, type = 'Ready', status = 'True'] = /^condition=([^=]+)(?:=(.+))?$/.exec(wanted) ?? [];
  return (
    show(valuesAt(`.status.conditions[?(@.type=="${type}")].status`, item)[0]).toLowerCase() === status.toLowerCase()
  );
}
