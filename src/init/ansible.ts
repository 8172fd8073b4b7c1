import { problem, type Source } from '../documents/source.ts';
import { readAnsibleIni } from './ansible-ini.ts';
import type { AnsibleModel, Vars } from './ansible-model.ts';
import { readAnsibleYaml } from './ansible-yaml.ts';
import {
  defined,
  type Found,
  type FoundNode,
  type Jump,
  type Login,
  NAME_NOTE,
  type NodeNotes,
  type Read,
} from './found.ts';
import { named, roleByName, withoutNamesakes } from './names.ts';
import { readSshArguments } from './ssh-words.ts';

/** Kubespray's groups, with the names that they had before; a dash and an underscore are the same there. */
const CONTROL_PLANE = ['kube_control_plane', 'kube_controlplane', 'kube_master'];
const WORKER = ['kube_node'];
const ETCD = ['etcd'];
const CLUSTER = ['k8s_cluster', 'kube_cluster', 'calico_rr', 'all', 'ungrouped'];
const BASTION = ['bastion'];

/** Variables that hold a secret: their values are never read further. */
const LOGIN_PASSWORDS = ['ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password'];
const BECOME_PASSWORDS = ['ansible_become_password', 'ansible_become_pass', 'ansible_sudo_pass'];

/** An Ansible inventory, INI or YAML by its content; kubespray's groups give the roles. */
export function readAnsible(source: Source): Read {
  if (source.text.startsWith('#!')) {
    const detail =
      'Save what it says: ansible-inventory -i FILE --list --yaml > hosts.yaml, then --from ansible hosts.yaml';
    return { diagnostics: [problem('ansible', 'this is a program (a dynamic inventory)', source.span(0), detail)] };
  }
  const isYaml =
    /\.ya?ml$/.test(source.file) || /^(?:---|[\w-]+:\s*(?:#.*)?$)/m.test(source.text.replace(/^\s*[#;].*\n/gm, ''));
  const { model, diagnostics } = isYaml ? readAnsibleYaml(source) : readAnsibleIni(source);
  if (diagnostics.length > 0) return { diagnostics };
  const reader = new Reader(model);
  const found = reader.read();
  if (found.nodes.length > 0) return { found, diagnostics };
  return { diagnostics: [problem('ansible', 'the inventory lists no hosts that could be nodes', source.span(0))] };
}

class Reader {
  readonly #model: AnsibleModel;
  readonly #notes: string[] = [];
  readonly #controlPlanes: ReadonlySet<string>;
  readonly #workers: ReadonlySet<string>;
  readonly #etcd: ReadonlySet<string>;
  readonly #bastions: ReadonlySet<string>;

  constructor(model: AnsibleModel) {
    this.#model = model;
    this.#controlPlanes = this.#hostsOf(CONTROL_PLANE);
    this.#workers = this.#hostsOf(WORKER);
    this.#etcd = this.#hostsOf(ETCD);
    this.#bastions = this.#hostsOf(BASTION);
  }

  read(): Found {
    const hosts = [...this.#model.hosts.keys()].filter((host) => this.#isNode(host));
    const nodes = hosts.map((host) => this.#node(host));
    const order = ['control-plane', 'worker', 'other', undefined];
    const sorted = nodes.toSorted((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
    const vars = hosts.map((host) => this.#model.varsOf(host));
    const version = vars.map((one) => plain(one.get('kube_version'))).find((one) => one !== undefined);
    return {
      ...(version !== undefined && { version: version.replace(/^v/, '') }),
      nodes: withoutNamesakes(sorted),
      groups: this.#groups(hosts),
      become: becomeOf(vars, this.#notes),
      notes: [...new Set(this.#notes)],
    };
  }

  #hostsOf(names: readonly string[]): Set<string> {
    const groups = [...this.#model.groups.keys()].filter((name) => names.includes(kubespray(name)));
    return new Set(groups.flatMap((group) => [...this.#model.hostsOf(group)]));
  }

  /** In an inventory with kubespray's groups, what is in none of them is no node. */
  #isNode(host: string): boolean {
    if (this.#bastions.has(host)) return false;
    const connection = this.#model.varsOf(host).get('ansible_connection');
    if (connection !== undefined && !['ssh', 'smart', 'paramiko', 'paramiko_ssh', 'openssh'].includes(connection)) {
      this.#notes.push(`Left out: ${host}, which Ansible does not reach by SSH (ansible_connection=${connection}).`);
      return false;
    }
    const known = [this.#controlPlanes, this.#workers, this.#etcd];
    if (this.#controlPlanes.size === 0 || known.some((one) => one.has(host))) return true;
    this.#notes.push(`Left out: ${host}, which is in none of the groups kube_control_plane, kube_node and etcd.`);
    return false;
  }

  #node(host: string): FoundNode {
    const vars = this.#model.varsOf(host);
    const { name, note } = named(host);
    const address = plain(vars.get('ansible_host') ?? vars.get('ansible_ssh_host'));
    const { ssh, notes: sshNotes } = this.#login(host, vars);
    const role = this.#role(host);
    const notes: NodeNotes = {
      name: note ?? NAME_NOTE,
      ...(sshNotes.length > 0 && { ssh: sshNotes.join('; ') }),
      ...(role.note !== undefined && { role: role.note }),
      ...(address === undefined &&
        vars.has('ansible_host') && { host: 'ansible_host is a template: put the address here' }),
    };
    return { name, host: address ?? host, ...(role.role && { role: role.role }), ssh, notes };
  }

  #role(host: string): { readonly role?: FoundNode['role'] & string; readonly note?: string } {
    if (this.#controlPlanes.has(host)) return { role: 'control-plane' };
    if (this.#workers.has(host)) return { role: 'worker' };
    if (this.#etcd.has(host)) return { role: 'other', note: 'only in the group etcd' };
    for (const [group] of this.#model.groups) {
      const guess = CLUSTER.includes(kubespray(group)) ? undefined : roleByName(group);
      if (guess && this.#model.hostsOf(group).has(host))
        return { role: guess.role, note: `guessed from its group ${group}` };
    }
    const guess = roleByName(host);
    return guess ? { role: guess.role, note: 'guessed from its name' } : {};
  }

  #login(host: string, vars: Vars): { readonly ssh: Login; readonly notes: readonly string[] } {
    const notes: string[] = [];
    const value = (...names: string[]) => {
      const name = names.find((one) => vars.has(one));
      const text = name === undefined ? undefined : plain(vars.get(name));
      if (name !== undefined && text === undefined) notes.push(`not carried over, a template: ${name}`);
      return text;
    };
    const args = ['ansible_ssh_common_args', 'ansible_ssh_extra_args'].map((name) =>
      readSshArguments(value(name) ?? ''),
    );
    notes.push(...args.flatMap((one) => one.notes));
    const port = Number(value('ansible_port', 'ansible_ssh_port') ?? '');
    const key = value('ansible_ssh_private_key_file', 'ansible_private_key_file');
    const hasPassword = LOGIN_PASSWORDS.some((name) => vars.has(name));
    if (hasPassword) notes.push('its password is not carried over: passwordFrom says where it comes from');
    const own = defined<Login>({
      user: value('ansible_user', 'ansible_ssh_user'),
      port: port > 0 ? port : undefined,
      identityFile: key === undefined ? undefined : [key],
      passwordFrom: hasPassword ? 'prompt' : undefined,
    });
    const ssh = { ...args[1]?.login, ...args[0]?.login, ...own };
    const jump = ssh.jump ?? this.#bastionFor(host);
    return { ssh: { ...ssh, ...(jump && { jump }) }, notes };
  }

  /** Kubespray goes to every node through the host in the group `bastion`. */
  #bastionFor(host: string): readonly Jump[] | undefined {
    const [bastion] = this.#bastions;
    if (bastion === undefined || bastion === host) return undefined;
    const vars = this.#model.varsOf(bastion);
    const key = plain(vars.get('ansible_ssh_private_key_file'));
    const port = Number(plain(vars.get('ansible_port')) ?? '');
    return [
      defined<Jump>({
        host: plain(vars.get('ansible_host')) ?? bastion,
        user: plain(vars.get('ansible_user')),
        port: port > 0 ? port : undefined,
        identityFile: key === undefined ? undefined : [key],
      }),
    ];
  }

  /** Groups of people's own; those that say roles are known by `control-plane` and `workers`. */
  #groups(hosts: readonly string[]): Record<string, readonly string[]> {
    const roles = [...CONTROL_PLANE, ...WORKER, ...ETCD, ...CLUSTER, ...BASTION];
    const nodes = new Map(hosts.map((host) => [host, named(host).name] as const));
    const own = [...this.#model.groups.keys()].filter((group) => !roles.includes(kubespray(group)));
    return Object.fromEntries(
      own.flatMap((group) => {
        const members = [...this.#model.hostsOf(group)].flatMap((host) => nodes.get(host) ?? []);
        const isFree = named(group).name === group && ![...nodes.values()].includes(group);
        return members.length > 0 && isFree ? [[group, members] as const] : [];
      }),
    );
  }
}

function kubespray(group: string): string {
  return group.replaceAll('-', '_');
}

/** Undefined for what Ansible would compute. */
function plain(value: string | undefined): string | undefined {
  const known = value === undefined || value === '' || /\{\{|\{%|^\$ANSIBLE_VAULT/.test(value) ? undefined : value;
  return known;
}

function becomeOf(hosts: readonly Vars[], notes: string[]): NonNullable<Found['become']> {
  const any = (name: string) => hosts.map((vars) => vars.get(name)).find((value) => value !== undefined);
  const wanted = any('ansible_become_method') ?? 'sudo';
  const method = (['sudo', 'doas', 'su'] as const).find((one) => one === wanted);
  if (!method) notes.push(`Not carried over: ansible_become_method=${wanted}; the inventory says sudo.`);
  const user = plain(any('ansible_become_user'));
  const hasPassword = BECOME_PASSWORDS.some((name) => any(name) !== undefined);
  const isAsked = any('ansible_become') ?? any('ansible_sudo');
  const note = hasPassword
    ? 'its password is not carried over: passwordFrom says where it comes from'
    : isAsked === undefined
      ? `not known: without a password, ${method ?? 'sudo'} must not ask for one`
      : /^(?:true|yes|on|1|y|t)$/i.test(isAsked)
        ? undefined
        : `ansible_become is ${isAsked} there, but steps need root`;
  return {
    method: method ?? 'sudo',
    ...(user !== undefined && user !== 'root' && { user }),
    ...(hasPassword && { passwordFrom: 'prompt' }),
    ...(note !== undefined && { note }),
  };
}
