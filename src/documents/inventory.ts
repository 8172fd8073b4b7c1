import { dirname } from 'node:path';
import type { Diagnostic } from '../diagnostic.ts';
import { parseDuration } from './duration.ts';
import { asList, given } from './fields.ts';
import { inventorySchema, type RawInventory, type RawSsh } from './inventory-schema.ts';
import { issueDiagnostics } from './issues.ts';
import { entriesOf, isMap, itemsOf, load } from './loaded.ts';
import type { Inventory, Loaded, SshSettings } from './model.ts';
import { suggest } from './nearest.ts';
import { jsonSchemaOf } from './schema.ts';
import { ROLE_WORDS } from './selectors.ts';
import { problem, warning } from './source.ts';
import type { Path, YamlDocument } from './yaml.ts';

const schema = jsonSchemaOf(inventorySchema);

/** Reads an inventory. Never throws: all problems at once, each with its place, are in `diagnostics`. */
export function loadInventory(file: string, text: string): Loaded<Inventory> {
  return load(file, text, 'Inventory', (document, value) => {
    const parsed = inventorySchema.safeParse(value);
    const issues = parsed.success ? [] : parsed.error.issues;
    const judged = { document, base: [], value, schema, called: 'the inventory' };
    return {
      diagnostics: [...issueDiagnostics(issues, judged), ...checkInventory(document, value)],
      build: () => (parsed.success ? build(parsed.data, document, dirname(file)) : undefined),
    };
  });
}

const DEFAULT_KUBECONFIG = '/etc/kubernetes/admin.conf';

function build(raw: RawInventory, document: YamlDocument, folder: string): Inventory {
  const become = raw.become ?? { method: 'none' };
  return {
    cluster: raw.cluster,
    folder,
    nodes: raw.nodes.map((node, index) => ({
      name: node.name,
      host: node.host.replace(/^\[(.*)\]$/, '$1'),
      role: node.role ?? 'other',
      vars: node.vars ?? {},
      ssh: {
        ...sshSettings(raw.ssh),
        ...sshSettings(node.ssh),
        ...given({ port: node.port ?? node.ssh?.port ?? raw.ssh?.port }),
      },
      span: document.at(['nodes', index]),
    })),
    groups: raw.groups ?? {},
    become: { method: become.method, ...given({ passwordFrom: become.passwordFrom }) },
    packages: given({ baseUrl: raw.packages?.baseUrl?.replace(/\/+$/, '') }),
    kubectl: { on: raw.kubectl?.on ?? 'control-plane', kubeconfig: raw.kubectl?.kubeconfig ?? DEFAULT_KUBECONFIG },
    remoteDir: raw.remoteDir ?? (become.method === 'none' ? '~/.runbook' : '/var/lib/runbook'),
  };
}

function sshSettings(raw: RawSsh | undefined): SshSettings {
  if (!raw) return {};
  const { identityFile, knownHosts, jump, connectTimeout, keepalive, ...rest } = raw;
  return given({
    ...rest,
    identityFile: identityFile === undefined ? undefined : asList(identityFile),
    knownHosts: knownHosts === undefined ? undefined : asList(knownHosts),
    jump: jump === undefined ? undefined : asList(jump),
    connectTimeout: connectTimeout === undefined ? undefined : parseDuration(connectTimeout),
    keepalive: keepalive === undefined ? undefined : parseDuration(keepalive),
  });
}

type Raw = Readonly<Record<string, unknown>>;

/** What a schema cannot say; parts of the wrong shape are left to it. */
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
      found.push(
        problem(
          'duplicate-key',
          '`port` and `ssh.port` say the same',
          document.keyAt([...path, 'port']),
          'keep one of the two',
        ),
      );
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
    found.push(
      problem(
        'reserved',
        `a group cannot be called \`${group}\`: this word selects nodes by role`,
        document.keyAt(path),
      ),
    );
  } else if (names.includes(group)) {
    found.push(problem('reserved', `\`${group}\` is the name of a node already`, document.keyAt(path)));
  }
  itemsOf(members).forEach((member, index) => {
    if (typeof member !== 'string' || member === '' || names.includes(member)) return;
    const span = document.at([...path, index]);
    found.push(
      problem(
        'unknown-node',
        `group \`${group}\` names \`${member}\`, which is no node`,
        span,
        suggest(member, names, 'nodes'),
      ),
    );
  });
  return found;
}

function checkHostKeys(document: YamlDocument, raw: Raw, nodes: readonly unknown[]): Diagnostic[] {
  const places: readonly (readonly [unknown, Path])[] = [
    [raw['ssh'], ['ssh']],
    ...nodes.map((node, index) => [isMap(node) ? node['ssh'] : undefined, ['nodes', index, 'ssh']] as const),
  ];
  return places
    .filter(([ssh]) => isMap(ssh) && ssh['hostKeyChecking'] === 'off')
    .map(([, path]) =>
      warning(
        'host-keys-off',
        'host keys are not verified: anyone in between can take over the cluster',
        document.at([...path, 'hostKeyChecking']),
        'list the keys in known_hosts (ssh-keyscan, verified), or use accept-new',
      ),
    );
}

function checkKubectl(document: YamlDocument, kubectl: unknown): Diagnostic[] {
  if (!isMap(kubectl) || typeof kubectl['kubeconfig'] !== 'string') return [];
  if (kubectl['on'] === 'local' || kubectl['kubeconfig'].startsWith('/') || kubectl['kubeconfig'] === '') return [];
  const span = document.at(['kubectl', 'kubeconfig']);
  return [problem('invalid-value', '`kubeconfig` must be an absolute path on the control planes', span)];
}
