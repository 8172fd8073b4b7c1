/** An Ansible inventory as both of its forms have it. */
export class AnsibleModel {
  readonly hosts = new Map<string, Vars>();
  readonly groups = new Map<string, AnsibleGroup>();

  group(name: string): AnsibleGroup {
    const known = this.groups.get(name) ?? { hosts: new Set(), children: new Set(), vars: new Map() };
    this.groups.set(name, known);
    return known;
  }

  addHost(name: string, group: string | undefined, vars: ReadonlyMap<string, string> = new Map()): void {
    this.hosts.set(name, new Map([...(this.hosts.get(name) ?? []), ...vars]));
    if (group !== undefined) this.group(group).hosts.add(name);
  }

  /** Those of a group and of the groups below it, in the order of the file. */
  hostsOf(group: string, seen: Set<string> = new Set()): Set<string> {
    const known = this.groups.get(group);
    if (!known || seen.has(group)) return new Set();
    seen.add(group);
    return new Set([...known.hosts, ...[...known.children].flatMap((child) => [...this.hostsOf(child, seen)])]);
  }

  /** A host's variables: those of deeper groups count before those of the groups above them, its own before all. */
  varsOf(host: string): Vars {
    const groups = [...this.groups.keys()].filter((group) => group !== 'all' && this.hostsOf(group).has(host));
    const ordered = groups.toSorted((a, b) => this.#depth(a) - this.#depth(b) || a.localeCompare(b));
    const layers = ['all', ...ordered].flatMap((group) => [...(this.groups.get(group)?.vars ?? [])]);
    return new Map([...layers, ...(this.hosts.get(host) ?? [])]);
  }

  #depth(group: string, seen: readonly string[] = []): number {
    if (seen.includes(group)) return 0;
    const parents = [...this.groups].filter(([name, { children }]) => name !== 'all' && children.has(group));
    return 1 + Math.max(0, ...parents.map(([name]) => this.#depth(name, [...seen, group])));
  }
}

export type Vars = ReadonlyMap<string, string>;

export interface AnsibleGroup {
  readonly hosts: Set<string>;
  readonly children: Set<string>;
  readonly vars: Map<string, string>;
}
