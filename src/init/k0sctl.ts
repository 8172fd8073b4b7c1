import type { Source } from '../documents/source.ts';
import type { Path } from '../documents/yaml.ts';
import { Data } from './data.ts';
import { defined, type FoundNode, type Login, NAME_NOTE, type Read, rootLogin } from './found.ts';
import { named, withoutNamesakes } from './names.ts';

const ROLES: Readonly<Record<string, 'control-plane' | 'worker'>> = {
  controller: 'control-plane',
  'controller+worker': 'control-plane',
  single: 'control-plane',
  worker: 'worker',
};

/**
 * k0sctl's configuration (`kind: Cluster`): `spec.hosts`.
 * @see https://github.com/k0sproject/k0sctl#configuration-file
 */
export function readK0sctl(source: Source): Read {
  const data = new Data(source, 'a k0sctl.yaml');
  if (data.failed) return { diagnostics: data.diagnostics };
  if (data.root['apiVersion'] !== undefined && data.text(['apiVersion'])?.startsWith('k0sctl.') !== true)
    data.problem(['apiVersion'], 'this is no configuration of k0sctl (k0sctl.k0sproject.io)');
  const notes = [
    'k0s is not kubeadm: the runbooks that upgrade with kubeadm do not upgrade this cluster (k0sctl apply does). Maintenance of the system, drains and `run:` steps work.',
  ];
  const nodes = data.list(['spec', 'hosts']).flatMap((_, index) => hostAt(data, ['spec', 'hosts', index], notes));
  if (nodes.length === 0 && !data.failed) data.problem([], 'the configuration lists no hosts (`spec.hosts`)');
  if (data.failed) return { diagnostics: data.diagnostics };
  const cluster = data.text(['metadata', 'name']);
  const version = data.text(['spec', 'k0s', 'version'])?.replace(/^v/, '');
  const found = {
    ...defined<{ cluster: string; version: string }>({ cluster, version }),
    nodes: withoutNamesakes(nodes),
    become: { method: 'sudo' as const },
    notes,
  };
  return { found, diagnostics: data.diagnostics };
}

function hostAt(data: Data, at: Path, notes: string[]): FoundNode[] {
  const word = data.text([...at, 'role']);
  const role = word === undefined ? undefined : ROLES[word];
  if (word !== undefined && role === undefined) data.problem([...at, 'role'], `k0sctl has no role \`${word}\``);
  const kinds = data.map(at);
  const kind = ['ssh', 'openSSH'].find((key) => kinds[key] !== undefined);
  if (kind === undefined) {
    notes.push(`Left out: the host of role ${word ?? '?'} that is not reached by SSH (localhost or winRM).`);
    return [];
  }
  const host = data.text([...at, kind, 'address']);
  if (host === undefined) {
    data.problem([...at, kind], 'the host has no `address`');
    return [];
  }
  const hostname = data.text([...at, 'hostname']);
  const { name, note } = named(hostname ?? host);
  return [
    {
      name,
      host,
      ...(role !== undefined && { role }),
      ssh: login(data, [...at, kind]),
      notes: {
        name: hostname === undefined ? "there is no `hostname`: put the Node object's name here" : (note ?? NAME_NOTE),
        ...(word !== undefined &&
          word.startsWith('controller') && { role: `k0s: ${word}; a controller alone has no Node object` }),
      },
    },
  ];
}

function login(data: Data, at: Path): Login {
  const host = data.text([...at, 'bastion', 'address']);
  return rootLogin(keyed(at), host === undefined ? undefined : { host, ...keyed([...at, 'bastion']) });

  function keyed(path: Path) {
    return {
      user: data.text([...path, 'user']),
      port: data.port([...path, 'port']),
      key: data.text([...path, 'keyPath']),
    };
  }
}
