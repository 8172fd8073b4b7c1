import type { InventoryDocument } from './inventory-schema.ts';
import { expandRanges } from './ranges.ts';

type Ssh = NonNullable<InventoryDocument['ssh']>;
type Become = InventoryDocument['become'];

/** What may be said of all nodes, of a group and of one node. */
interface Settings {
  readonly ssh?: Ssh | undefined;
  readonly become?: Partial<Become> | undefined;
  readonly vars: Readonly<Record<string, unknown>>;
}

/** A node with all that the inventory says of it, from the settings of all, of its groups and its own. */
export interface ResolvedNode {
  readonly name: string;
  readonly host: string;
  readonly role: InventoryDocument['nodes'][number]['role'];
  readonly ssh: Ssh;
  readonly become: Become;
  readonly vars: Readonly<Record<string, unknown>>;
}

/**
 * The nodes one by one, and each group as the names of its nodes, those of the groups within it too. What is nearer
 * to a node wins, setting by setting: all < groups, outer before inner and then in the order of the file < the node.
 * For an inventory without problems; `entries` are the places of the nodes in its list.
 */
export function resolveInventory(document: InventoryDocument) {
  const {
    apiVersion: _version,
    kind: _kind,
    ssh,
    transport,
    vars,
    become,
    remoteDir,
    nodes,
    groups,
    ...rest
  } = document;
  const members = membersOf(Object.fromEntries(Object.entries(groups).map(([name, group]) => [name, group.nodes])));
  const outerFirst = byDepth(groups).map(([name, group]) => ({ names: new Set(members[name]), group }));
  const entries: number[] = [];
  const resolved = nodes.flatMap(({ name: names, host: hosts, port, transport: ofNode, ...own }, entry) => {
    const addresses = namesOf(hosts);
    return namesOf(names).map((name, index): ResolvedNode => {
      entries.push(entry);
      const nearer: readonly Settings[] = [
        ...outerFirst.filter((one) => one.names.has(name)).map(({ group }) => group),
        own,
      ];
      return {
        name,
        host: addresses[index] ?? hosts,
        role: own.role,
        ssh: [ssh, ...nearer.map((one) => one.ssh), short({ port, transport: ofNode })].reduce<Ssh>(
          sshOf,
          short({ transport }),
        ),
        become: nearer.reduce((outer, one) => becomeOf(outer, one.become), become),
        vars: Object.assign({}, vars, ...nearer.map((one) => one.vars)),
      };
    });
  });
  const elevated = [become, ...resolved.map((node) => node.become)].map(({ method }) => method !== 'none');
  const isRoots = elevated[0] === true || elevated.slice(1).every(Boolean);
  return {
    ...rest,
    become,
    nodes: resolved,
    groups: members,
    entries,
    remoteDir: remoteDir ?? (isRoots ? '/var/lib/runbook' : '~/.runbook'),
  };
}

/** Keys beside `ssh` that are short for keys in it, where they are given. */
function short(keys: { readonly port?: number | undefined; readonly transport?: Ssh['transport'] | undefined }): Ssh {
  const { port, transport } = keys;
  return { ...(port === undefined ? {} : { port }), ...(transport === undefined ? {} : { transport }) };
}

/** One way to a node replaces another: what is nearer decides between jump hosts and a command. */
function sshOf(outer: Ssh, inner: Settings['ssh']): Ssh {
  const { jump, proxyCommand, ...others } = outer;
  const way = { ...(jump && { jump }), ...(proxyCommand !== undefined && { proxyCommand }) };
  const replaced = inner?.jump !== undefined || inner?.proxyCommand !== undefined;
  return { ...others, ...(replaced ? {} : way), ...inner };
}

/** Another method starts over: a password of one is not for another. */
function becomeOf(outer: Become, inner: Settings['become']): Become {
  const { method = outer.method, ...others } = inner ?? {};
  return method === outer.method ? { ...outer, ...others } : { method, ...others };
}

/** The names of the nodes of each group, in the order of its members. A cycle ends where it closes. */
export function membersOf(groups: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  const done = new Map<string, ReadonlySet<string>>();
  const visit = (name: string, above: readonly string[]): ReadonlySet<string> => {
    const known = done.get(name);
    if (known) return known;
    const names = (groups[name] ?? []).flatMap((member) => {
      if (!Object.hasOwn(groups, member)) return namesOf(member);
      return above.includes(member) ? [] : [...visit(member, [...above, member])];
    });
    const found = new Set(names);
    done.set(name, found);
    return found;
  };
  return Object.fromEntries(Object.keys(groups).map((name) => [name, [...visit(name, [name])]]));
}

/** The groups within a group, as a chain that returns to its start; undefined where there is none. */
export function cycleFrom(start: string, groups: Readonly<Record<string, readonly string[]>>): string[] | undefined {
  const seen = new Set<string>();
  const visit = (name: string): string[] | undefined => {
    for (const member of groups[name] ?? []) {
      if (member === start) return [name, start];
      if (!Object.hasOwn(groups, member) || seen.has(member)) continue;
      seen.add(member);
      const rest = visit(member);
      if (rest) return [name, ...rest];
    }
    return undefined;
  };
  return visit(start);
}

/** Outer groups first; those of one depth stay in the order of the file. */
function byDepth(groups: InventoryDocument['groups']): [string, InventoryDocument['groups'][string]][] {
  const depths = new Map<string, number>();
  const depthOf = (name: string): number => {
    const known = depths.get(name);
    if (known !== undefined) return known;
    const around = Object.keys(groups).filter((outer) => groups[outer]?.nodes.includes(name));
    const depth = Math.max(0, ...around.map((outer) => depthOf(outer) + 1));
    depths.set(name, depth);
    return depth;
  };
  return Object.entries(groups).sort(([a], [b]) => depthOf(a) - depthOf(b));
}

function namesOf(text: string): readonly string[] {
  const expanded = expandRanges(text);
  return expanded.ok ? expanded.names : [text];
}
