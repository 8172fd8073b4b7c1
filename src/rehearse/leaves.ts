import { byNature } from './by-nature.ts';

/** By which field the entries of a list are told apart, by the list's path; others by their value. */
const keys: readonly (readonly [RegExp, (entry: Readonly<Record<string, unknown>>) => string])[] = [
  [/^(pods|pdbs)$/, ({ namespace, name }) => `${text(namespace)}/${text(name)}`],
  [/^(leases|apiServers|apiServerEndpoints)$/, ({ node }) => text(node)],
  [/^nodes\[[^\]]*\]\.addresses$/, ({ type, address }) => `${text(type)} ${text(address)}`],
  [/^nodes\[[^\]]*\]\.taints$/, ({ key, effect }) => `${text(key)}:${text(effect)}`],
  [/^(nodes|volumeAttachments)$/, ({ name }) => text(name)],
  [/^webhooks$/, ({ configuration, name }) => `${text(configuration)}/${text(name)}`],
  [/^etcd\.members$/, ({ name, id }) => text(name) || text(id)],
  [/^certificates\.files$/, ({ path }) => text(path)],
  [/^disk\.places$/, ({ path }) => text(path)],
  [/^repository\.(sources|legacy)$/, ({ file, line, url }) => `${text(file)}:${text(line)} ${text(url)}`],
  [/^repositoryKeys\.keyrings$/, ({ file }) => text(file)],
  [/^configFiles$/, ({ component, flag, file }) => `${text(component)} ${text(flag)} ${text(file)}`],
  [/^deprecatedApis$/, ({ group, version, resource }) => `${text(group)}/${text(version)} ${text(resource)}`],
  [/^proxyVariables$/, ({ name }) => text(name)],
  [/^kernel\.swaps$/, ({ name }) => text(name)],
  [/^staticPods\.strangers$/, ({ file }) => text(file)],
];

/** Lists whose order says nothing. */
const unordered = /(^|\.)(addresses|sockets|held|broken|pending|images|keys|groups|resources|operations|finalizers)$/;

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/**
 * Everything that a fact says, by its path: `packages.installed.kubelet.revision`, `pods[demo/web-1].ready`. Without
 * what differs by nature.
 */
export function leavesOf(fact: string, value: unknown): Map<string, unknown> {
  const found = new Map<string, unknown>();
  collect(fact, value, found);
  return found;
}

function collect(path: string, value: unknown, into: Map<string, unknown>): void {
  if (value === undefined) return;
  const natural = byNature.find((one) => one.path.test(path));
  if (natural) {
    if (natural.kept) into.set(path, natural.kept(value));
    return;
  }
  if (Array.isArray(value)) collectList(path, value as readonly unknown[], into);
  else if (isRecord(value))
    for (const [key, one] of Object.entries(value))
      collect(isNamed(path) ? `${path}[${key}]` : `${path}.${key}`, one, into);
  else into.set(path, value);
}

function collectList(path: string, list: readonly unknown[], into: Map<string, unknown>): void {
  const key = keys.find(([where]) => where.test(path))?.[1];
  if (key) {
    for (const entry of list) if (isRecord(entry)) collect(`${shown(path)}[${key(entry)}]`, entry, into);
    if (list.length === 0) into.set(`${path}[]`, '');
    return;
  }
  if (list.every((entry) => !isRecord(entry))) {
    const entries = list.map(String);
    into.set(path, (unordered.test(path) ? entries.toSorted() : entries).join(' '));
  } else for (const [index, entry] of list.entries()) collect(`${path}[${index}]`, entry, into);
}

/** The members of etcd are what it is about. */
function shown(path: string): string {
  return path === 'etcd.members' ? 'etcd' : path;
}

/** Its keys are names of something. */
function isNamed(path: string): boolean {
  return /^(packages\.installed|software|units|offered|manifests|staticPods\.components|targetKubeadm)$/.test(path);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
