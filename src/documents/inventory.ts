import { dirname } from 'node:path';
import type { Diagnostic } from '../diagnostic.ts';
import { inventorySchema } from './inventory-schema.ts';
import { issueDiagnostics } from './issues.ts';
import { load } from './loaded.ts';
import type { Inventory, Loaded } from './model.ts';
import { suggest } from './nearest.ts';
import { ROLE_WORDS } from './selectors.ts';
import { entriesOf, isMap, itemsOf } from './shapes.ts';
import { problem, warning } from './source.ts';
import type { Path, YamlDocument } from './yaml.ts';

/** Reads an inventory. Never throws: all problems at once, each with its place, are in `diagnostics`. */
export function loadInventory(file: string, text: string): Loaded<Inventory> {
  return load(file, text, 'Inventory', (document, value) => {
    const parsed = inventorySchema.safeParse(value);
    const issues = parsed.success ? [] : parsed.error.issues;
    const judged = { document, base: [], value, schema: inventorySchema, called: 'the inventory' };
    return {
      diagnostics: [...issueDiagnostics(issues, judged), ...checkInventory(document, value)],
      build: () => {
        if (!parsed.success) return undefined;
        const nodes = parsed.data.nodes.map((node, index) => ({ ...node, span: document.at(['nodes', index]) }));
        return { ...parsed.data, folder: dirname(file), nodes };
      },
    };
  });
}

type Raw = Readonly<Record<string, unknown>>;

/** Checks beyond the schema, which reports parts of the wrong shape. */
function checkInventory(document: YamlDocument, raw: Raw): Diagnostic[] {
  const nodes = itemsOf(raw['nodes']);
  const names = nodes.flatMap((node) => (isMap(node) && typeof node['name'] === 'string' ? [node['name']] : []));
  return [
    ...checkNames(document, nodes),
    ...checkAddresses(document, nodes, raw['ssh']),
    ...entriesOf(raw['groups']).flatMap(([group, members]) => checkGroup(document, group, members, names)),
    ...checkHostKeys(document, raw, nodes),
    ...checkKubectl(document, raw['kubectl']),
  ];
}

function checkNames(document: YamlDocument, nodes: readonly unknown[]): Diagnostic[] {
  const seen = new Map<string, number>();
  return nodes.flatMap((node, index) => {
    const name = isMap(node) ? node['name'] : undefined;
    if (typeof name !== 'string') return [];
    const span = document.at(['nodes', index, 'name']);
    if (Object.hasOwn(ROLE_WORDS, name)) {
      return [problem('reserved', `a node cannot be called \`${name}\`: this word selects nodes by role`, span)];
    }
    const first = seen.get(name);
    if (first === undefined) {
      seen.set(name, index);
      return [];
    }
    const detail = `the first one is in line ${document.at(['nodes', first]).line}`;
    return [problem('duplicate-node', `there are two nodes called \`${name}\``, span, detail)];
  });
}

function checkAddresses(document: YamlDocument, nodes: readonly unknown[], ssh: unknown): Diagnostic[] {
  const seen = new Map<string, string>();
  return nodes.flatMap((node, index) => {
    if (!isMap(node)) return [];
    const { host, name, port, ssh: own } = node;
    const path: Path = ['nodes', index];
    const found: Diagnostic[] = [];
    if (port !== undefined && isMap(own) && own['port'] !== undefined) {
      const span = document.keyAt([...path, 'port']);
      found.push(problem('duplicate-key', '`port` and `ssh.port` are both given', span, 'keep one of the two'));
    }
    if (typeof host !== 'string') return found;
    const address = JSON.stringify([host, port ?? portOf(own) ?? portOf(ssh) ?? 22]);
    const other = seen.get(address);
    if (other === undefined) seen.set(address, String(name));
    else
      found.push(warning('duplicate-host', `\`${other}\` has the same host and port`, document.at([...path, 'host'])));
    return found;
  });
}

function portOf(ssh: unknown): unknown {
  return isMap(ssh) ? ssh['port'] : undefined;
}

function checkGroup(document: YamlDocument, group: string, members: unknown, names: readonly string[]): Diagnostic[] {
  const path = ['groups', group];
  const found: Diagnostic[] = [];
  if (Object.hasOwn(ROLE_WORDS, group)) {
    const summary = `a group cannot be called \`${group}\`: this word selects nodes by role`;
    found.push(problem('reserved', summary, document.keyAt(path)));
  } else if (names.includes(group)) {
    found.push(problem('reserved', `\`${group}\` is the name of a node already`, document.keyAt(path)));
  }
  itemsOf(members).forEach((member, index) => {
    if (typeof member !== 'string' || member === '' || names.includes(member)) return;
    const summary = `group \`${group}\` names \`${member}\`, which is not a node`;
    found.push(problem('unknown-node', summary, document.at([...path, index]), suggest(member, names, 'nodes')));
  });
  return found;
}

function checkHostKeys(document: YamlDocument, raw: Raw, nodes: readonly unknown[]): Diagnostic[] {
  const places: readonly (readonly [unknown, Path])[] = [
    [raw['ssh'], ['ssh']],
    ...nodes.map((node, index) => [isMap(node) ? node['ssh'] : undefined, ['nodes', index, 'ssh']] as const),
  ];
  const summary = 'host keys are not verified: anyone in between can take over the cluster';
  const detail = 'list the keys in known_hosts (ssh-keyscan, verified), or use accept-new';
  return places
    .filter(([ssh]) => isMap(ssh) && ssh['hostKeyChecking'] === 'off')
    .map(([, path]) => warning('host-keys-off', summary, document.at([...path, 'hostKeyChecking']), detail));
}

function checkKubectl(document: YamlDocument, kubectl: unknown): Diagnostic[] {
  if (!isMap(kubectl) || typeof kubectl['kubeconfig'] !== 'string') return [];
  if (kubectl['on'] === 'local' || kubectl['kubeconfig'].startsWith('/') || kubectl['kubeconfig'] === '') return [];
  const span = document.at(['kubectl', 'kubeconfig']);
  return [problem('invalid-value', '`kubeconfig` must be an absolute path on the control planes', span)];
}
