import type { Diagnostic } from '../diagnostic.ts';
import { checkGroups } from './inventory-groups.ts';
import type { ResolvedNode } from './inventory-nodes.ts';
import { expandRanges } from './ranges.ts';
import { ROLE_WORDS } from './selectors.ts';
import { entriesOf, isMap, itemsOf } from './shapes.ts';
import { problem, warning } from './source.ts';
import type { Path, YamlDocument } from './yaml.ts';

type Raw = Readonly<Record<string, unknown>>;

/** Nodes that an inventory may have; Kubernetes itself ends at 5,000 (Considerations for large clusters). */
const MOST_NODES = 10_000;

/**
 * Checks beyond the schema, which reports parts of the wrong shape; `ofResolved` is for an inventory without errors.
 */
export function checkInventory(document: YamlDocument, raw: Raw) {
  const nodes = itemsOf(raw['nodes']);
  const ranges = checkRanges(document, nodes);
  const names = nodes.map((node) => namesOf(isMap(node) ? node['name'] : undefined));
  const total = names.reduce((sum, some) => sum + some.length, 0);
  const summary = `these are ${total} nodes; an inventory has at most ${MOST_NODES}`;
  const diagnostics =
    total > MOST_NODES
      ? [...ranges, problem('too-large', summary, document.at(['nodes']))]
      : [
          ...ranges,
          ...checkNames(document, names),
          ...checkShortKeys(document, raw, nodes),
          ...checkRoles(document, nodes),
          ...checkGroups(document, raw['groups'], new Set(names.flat())),
          ...checkHostKeys(document, raw, nodes),
          ...checkWays(document, raw, nodes),
          ...checkKubectl(document, raw['kubectl']),
        ];
  return {
    diagnostics,
    ofResolved: (resolved: readonly ResolvedNode[], entries: readonly number[]): Diagnostic[] => [
      ...checkAddresses(document, resolved, entries),
      ...(raw['become'] === undefined ? checkBecome(document, resolved, entries) : []),
    ],
  };
}

function namesOf(name: unknown): readonly string[] {
  if (typeof name !== 'string' || name === '') return [];
  const expanded = expandRanges(name);
  return expanded.ok ? expanded.names : [];
}

function checkRanges(document: YamlDocument, nodes: readonly unknown[]): Diagnostic[] {
  return nodes.flatMap((node, index) => {
    if (!isMap(node)) return [];
    const [names, hosts] = [namesOf(node['name']).length, namesOf(node['host']).length];
    if (names === 0 || hosts === 0 || names === hosts) return [];
    const summary = `\`name\` stands for ${names}, \`host\` for ${hosts}`;
    const detail =
      'give each node an address: ranges of the same length in both, e.g. worker-[01:20] and 10.0.1.[1:20]';
    return [problem('range', summary, document.at(['nodes', index, hosts > 1 ? 'host' : 'name']), detail)];
  });
}

function checkNames(document: YamlDocument, entries: readonly (readonly string[])[]): Diagnostic[] {
  const seen = new Map<string, number>();
  return entries.flatMap((names, index) => {
    const span = document.at(['nodes', index, 'name']);
    const reserved = names.find((name) => Object.hasOwn(ROLE_WORDS, name));
    if (reserved !== undefined) {
      return [problem('reserved', `a node cannot be called \`${reserved}\`: this word selects nodes by role`, span)];
    }
    const twice = names.find((name, at) => seen.has(name) || names.indexOf(name) < at);
    const first = twice === undefined ? undefined : (seen.get(twice) ?? index);
    for (const name of names) if (!seen.has(name)) seen.set(name, index);
    if (first === undefined) return [];
    const detail = `the first one is in line ${document.at(['nodes', first]).line}`;
    return [problem('duplicate-node', `there are two nodes called \`${twice}\``, span, detail)];
  });
}

/** Keys that are short for one of `ssh`: only one of the two. */
function checkShortKeys(document: YamlDocument, raw: Raw, nodes: readonly unknown[]): Diagnostic[] {
  const twice = (owner: unknown, key: string, path: Path): Diagnostic[] => {
    if (!isMap(owner) || owner[key] === undefined || !isMap(owner['ssh']) || owner['ssh'][key] === undefined) return [];
    const message = `\`${key}\` and \`ssh.${key}\` are both given`;
    return [problem('duplicate-key', message, document.keyAt([...path, key]), 'keep one of the two')];
  };
  return [
    ...twice(raw, 'transport', []),
    ...nodes.flatMap((node, index) => ['port', 'transport'].flatMap((key) => twice(node, key, ['nodes', index]))),
  ];
}

const GIVE_ROLE = 'add `role: control-plane` or `role: worker`; `role: other` for a machine that is no node';

/** An inventory of no cluster has no roles; in one of a cluster, a missing role keeps a node out of every phase. */
function checkRoles(document: YamlDocument, nodes: readonly unknown[]): Diagnostic[] {
  const roleOf = (node: unknown): unknown => (isMap(node) ? node['role'] : 'other');
  if (!nodes.some((node) => roleOf(node) === 'control-plane' || roleOf(node) === 'worker')) return [];
  return nodes.flatMap((node, index) => {
    if (roleOf(node) !== undefined || !isMap(node)) return [];
    const summary = `\`${String(node['name'])}\` has no role: it counts as \`other\`, no node of the cluster`;
    return [warning('no-role', summary, document.at(['nodes', index]), GIVE_ROLE)];
  });
}

function checkAddresses(
  document: YamlDocument,
  nodes: readonly ResolvedNode[],
  entries: readonly number[],
): Diagnostic[] {
  const seen = new Map<string, string>();
  const warned = new Set<number>();
  return nodes.flatMap(({ name, host, ssh }, index) => {
    const entry = entries[index] ?? 0;
    const address = JSON.stringify([host.toLowerCase(), ssh.port ?? 22, ssh.jump]);
    const other = seen.get(address);
    if (other === undefined) seen.set(address, name);
    if (other === undefined || warned.has(entry)) return [];
    warned.add(entry);
    const span = document.at(['nodes', entry, 'host']);
    return [warning('duplicate-host', `\`${other}\` has the same host and port`, span)];
  });
}

/** A password for no method would be ignored. */
function checkBecome(document: YamlDocument, nodes: readonly ResolvedNode[], entries: readonly number[]): Diagnostic[] {
  const index = nodes.findIndex(({ become }) => become.method === 'none' && Object.keys(become).length > 1);
  const node = nodes[index];
  if (!node) return [];
  const summary = `the \`become\` of \`${node.name}\` has no \`method\``;
  const detail = 'name one there, in its group, or in the `become` of all';
  return [problem('missing-key', summary, document.at(['nodes', entries[index] ?? 0]), detail)];
}

/** Every place that has an `ssh`. */
function sshPlaces(raw: Raw, nodes: readonly unknown[]): readonly (readonly [unknown, Path])[] {
  const sshOf = (part: unknown): unknown => (isMap(part) ? part['ssh'] : undefined);
  return [
    [raw['ssh'], ['ssh']],
    ...entriesOf(raw['groups']).map(([name, group]) => [sshOf(group), ['groups', name, 'ssh']] as const),
    ...nodes.map((node, index) => [sshOf(node), ['nodes', index, 'ssh']] as const),
  ];
}

/** Both at one place: which of them counts is a guess. */
function checkWays(document: YamlDocument, raw: Raw, nodes: readonly unknown[]): Diagnostic[] {
  return sshPlaces(raw, nodes).flatMap(([ssh, path]) => {
    if (!isMap(ssh) || ssh['jump'] === undefined || ssh['proxyCommand'] === undefined) return [];
    const summary = '`jump` and `proxyCommand` are both given';
    const detail = 'a jump host with a `proxyCommand` of its own has it in ssh_config';
    return [problem('duplicate-key', summary, document.keyAt([...path, 'proxyCommand']), detail)];
  });
}

function checkHostKeys(document: YamlDocument, raw: Raw, nodes: readonly unknown[]): Diagnostic[] {
  const summary = 'host keys are not verified: anyone in between can take over the cluster';
  const detail = 'list the keys in known_hosts (ssh-keyscan, verified), or use accept-new';
  return sshPlaces(raw, nodes)
    .filter(([ssh]) => isMap(ssh) && ssh['hostKeyChecking'] === 'off')
    .map(([, path]) => warning('host-keys-off', summary, document.at([...path, 'hostKeyChecking']), detail));
}

function checkKubectl(document: YamlDocument, kubectl: unknown): Diagnostic[] {
  if (!isMap(kubectl) || typeof kubectl['kubeconfig'] !== 'string') return [];
  if (kubectl['on'] === 'local' || kubectl['kubeconfig'].startsWith('/') || kubectl['kubeconfig'] === '') return [];
  const span = document.at(['kubectl', 'kubeconfig']);
  return [problem('invalid-value', '`kubeconfig` must be an absolute path on the control planes', span)];
}
