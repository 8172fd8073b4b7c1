import type { Source } from '../documents/source.ts';
import type { Path } from '../documents/yaml.ts';
import { Data } from './data.ts';
import { defined, type FoundNode, type Login, NAME_NOTE, type Read, rootLogin } from './found.ts';
import { named, withoutNamesakes } from './names.ts';

/**
 * KubeOne's manifest (KubeOneCluster): `controlPlane.hosts`, `staticWorkers.hosts`. Workers of machine deployments are
 * not in it.
 * @see https://docs.kubermatic.com/kubeone/main/references/
 */
export function readKubeone(source: Source): Read {
  const data = new Data(source, 'a kubeone.yaml');
  if (data.failed) return { diagnostics: data.diagnostics };
  if (data.root['kind'] !== undefined && data.text(['kind']) !== 'KubeOneCluster')
    data.problem(['kind'], '`kind` is not KubeOneCluster: this is no manifest of KubeOne');
  const nodes = [
    ...hosts(data, ['controlPlane', 'hosts'], 'control-plane'),
    ...hosts(data, ['staticWorkers', 'hosts'], 'worker'),
  ];
  if (nodes.length === 0 && !data.failed) {
    const detail =
      'With Terraform they are in its output: start from the cluster instead, --from kubeconfig or --host.';
    data.problem([], 'the manifest lists no hosts (`controlPlane.hosts`)', detail);
  }
  if (data.failed) return { diagnostics: data.diagnostics };
  const machines = data.list(['dynamicWorkers']).length > 0 || isOn(data, ['machineController', 'deploy']);
  const found = {
    ...defined<{ cluster: string; version: string }>({
      cluster: data.text(['name']),
      version: data.text(['versions', 'kubernetes'])?.replace(/^v/, ''),
    }),
    nodes: withoutNamesakes(nodes),
    become: { method: 'sudo' as const },
    notes: machines
      ? [
          'Workers of machine deployments (dynamicWorkers) are not in the manifest, and machine-controller replaces them.',
        ]
      : [],
  };
  return { found, diagnostics: data.diagnostics };
}

function isOn(data: Data, path: Path): boolean {
  return data.map(path.slice(0, -1))[String(path.at(-1))] === true;
}

function hosts(data: Data, path: Path, role: 'control-plane' | 'worker'): FoundNode[] {
  return data.list(path).flatMap((_, index) => {
    const at = [...path, index];
    const text = (key: string) => data.text([...at, key]);
    const host = text('publicAddress') ?? text('privateAddress');
    if (host === undefined) {
      data.problem(at, 'the host has neither `publicAddress` nor `privateAddress`');
      return [];
    }
    const hostname = text('hostname');
    const { name, note } = named(hostname ?? host);
    const nameNote =
      hostname === undefined ? "the manifest has no `hostname`: put the Node object's name here" : (note ?? undefined);
    return [
      {
        name,
        host,
        role,
        ssh: login(data, at),
        notes: {
          name: nameNote ?? NAME_NOTE,
          ...(text('publicAddress') === undefined && { host: 'the private address; there is no public one' }),
        },
      },
    ];
  });
}

function login(data: Data, at: Path): Login {
  const text = (key: string) => data.text([...at, key]);
  const host = text('bastion');
  const bastion =
    host === undefined ? undefined : { host, ...keyed('bastionUser', 'bastionPort', 'bastionPrivateKeyFile') };
  return rootLogin(keyed('sshUsername', 'sshPort', 'sshPrivateKeyFile'), bastion);

  function keyed(user: string, port: string, key: string) {
    return { user: text(user), port: data.port([...at, port]), key: text(key) };
  }
}
