import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { loadInventory } from '../../src/documents/inventory.ts';
import type { LabOptions } from '../../src/lab/lab.ts';
import { folder, runbook as cli } from './cli.ts';
import { runbook } from './in-process.ts';
import { openLab } from './open-lab.ts';

/** Nodes on loopback, each behind a port of its own, and what a login needs. */
async function lab(options: LabOptions = {}) {
  const { lab, inventory } = await openLab({ timeScale: 50, ...options });
  const [key, known] = ['id', 'known_hosts'].map((name) => join(dirname(inventory), name)) as [string, string];
  return { lab, key, known };
}
type Lab = Awaited<ReturnType<typeof lab>>;

const role = (name: string) => (name.startsWith('cp-') ? 'kube_control_plane' : 'kube_node');

const kubespray = ({ lab, key, known }: Lab): string => `[all]
${lab.nodes.map(({ name, host, port }) => `${name} ansible_host=${host} ansible_port=${port}`).join('\n')}

[all:vars]
ansible_user=ops
ansible_become=yes
ansible_ssh_private_key_file=${key}
ansible_ssh_common_args='-o UserKnownHostsFile=${known}'

${['kube_control_plane', 'kube_node']
  .map((group) => `[${group}]\n${lab.nodes.flatMap(({ name }) => (role(name) === group ? [name] : [])).join('\n')}\n`)
  .join('\n')}
[etcd:children]
kube_control_plane

[k8s_cluster:children]
kube_control_plane
kube_node
`;

const kubeone = ({ lab, key }: Lab): string => {
  const hosts = (group: string) =>
    lab.nodes
      .filter(({ name }) => role(name) === group)
      .map(({ name, host, port }) => ({
        publicAddress: host,
        hostname: name,
        sshPort: port,
        sshUsername: 'ops',
        sshPrivateKeyFile: key,
      }));
  return JSON.stringify({
    apiVersion: 'kubeone.k8c.io/v1beta2',
    kind: 'KubeOneCluster',
    name: 'lab',
    versions: { kubernetes: '1.31.9' },
    controlPlane: { hosts: hosts('kube_control_plane') },
    staticWorkers: { hosts: hosts('kube_node') },
  });
};

test('a lab described by kubespray, by KubeOne and by an ssh_config gives inventories that validate and plan take unchanged', async () => {
  const there = await lab({ controlPlanes: 1, workers: 1 });
  const dir = folder();
  const sources = [
    ['ansible', 'inventory.ini', kubespray(there)],
    ['kubeone', 'kubeone.yaml', kubeone(there)],
    ['ssh-config', 'ssh_config', there.lab.sshConfig(there.key, there.known)],
  ] as const;
  for (const [format, name, text] of sources) {
    const [source, out] = [join(dir, name), join(dir, `made-${format}.yaml`)];
    writeFileSync(source, text);
    const made = await runbook(['init', '--from', format, source, '--known-hosts', there.known, '-o', out]);
    expect(made, made.all).toMatchObject({ code: 0, stdout: '' });
    const valid = await runbook(['validate', out]);
    expect(valid.code, valid.all).toBe(0);
    const planned = await runbook([
      'plan',
      'upgrade.yaml',
      '--set',
      'version=1.32.9',
      '-i',
      out,
      '--state-dir',
      folder(),
    ]);
    expect(planned.code, `${format}: ${planned.all.slice(-2000)}`).toBe(0);
    expect(planned.stdout).toContain('steps on 2 nodes');
    if (format === 'kubeone') expect(made.stderr).toContain('runbook plan upgrade-1.32.yaml');
  }
});

describe('init --host', () => {
  test('asks a control plane: names, roles and addresses are those of the API, the login is the one that worked', async () => {
    const { lab: running, key, known } = await lab();
    const [first] = running.nodes;
    if (!first) throw new Error('the lab has no node');
    const out = join(folder(), 'inventory.yaml');
    const args = ['init', '--host', `ops@127.0.0.1:${first.port}`, '--identity-file', key, '-o', out];
    const unknown = await runbook(args);
    expect(unknown.code, unknown.all).toBe(5);
    expect(unknown.stderr).toContain('host key is not known');
    expect(existsSync(out)).toBe(false);

    const made = await runbook([...args, '--known-hosts', known]);
    expect(made, made.all).toMatchObject({ code: 0, stdout: '' });
    expect(made.stderr).toContain('runbook plan upgrade-1.32.yaml');
    const text = readFileSync(out, 'utf8');
    const { value, diagnostics } = loadInventory(out, text);
    expect(diagnostics).toEqual([]);
    expect(value?.become.method).toBe('sudo');
    expect(value?.nodes.map(({ name, host, role, ssh }) => [name, host, role, ssh.user, ssh.port])).toEqual([
      ['cp-1', '127.0.0.1', 'control-plane', 'ops', first.port],
      ['cp-2', '10.10.0.12', 'control-plane', 'ops', undefined],
      ['cp-3', '10.10.0.13', 'control-plane', 'ops', undefined],
      ['worker-1', '10.10.0.101', 'worker', 'ops', undefined],
      ['worker-2', '10.10.0.102', 'worker', 'ops', undefined],
    ]);
    expect(text).toContain('The API does not know the address 127.0.0.1');
    expect(text).toContain("host: 10.10.0.12 # the API's address; no login was tried");
  });

  test('of a machine that is no control plane says so, with 5', async () => {
    const { lab: running, key, known } = await lab();
    const worker = running.nodes.find(({ name }) => name === 'worker-1');
    const login = ['--identity-file', key, '--known-hosts', known, '-o', '-'];
    const asked = await runbook(['init', '--host', `ops@127.0.0.1:${worker?.port}`, ...login]);
    expect(asked, asked.all).toMatchObject({ code: 5, stdout: '' });
    expect(asked.stderr).toContain('127.0.0.1 does not say which nodes the cluster has');
    expect(asked.stderr).not.toContain('bug');
  });
});

/** A folder with a kubectl that answers as the API of a small cluster does, or fails. */
function fakeKubectl(body: string): string {
  const bin = join(folder(), 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'kubectl'), `#!/bin/sh\n${body}\n`);
  chmodSync(join(bin, 'kubectl'), 0o755);
  return bin;
}

const nodeObject = (name: string, address: string, labels: Record<string, string>, version: string) => ({
  metadata: { name, labels, annotations: {} },
  spec: {},
  status: {
    addresses: [
      { type: 'Hostname', address: name },
      { type: 'InternalIP', address },
    ],
    nodeInfo: { kubeletVersion: version },
  },
});

const ANSWERS = {
  nodes: {
    items: [
      nodeObject('w-1', '10.0.0.9', {}, 'v1.30.4'),
      nodeObject('cp-1', '10.0.0.1', { 'node-role.kubernetes.io/control-plane': '' }, 'v1.31.2'),
    ],
  },
  version: { serverVersion: { gitVersion: 'v1.31.2' } },
  view: { contexts: [{ name: 'a', context: { cluster: 'prod-eu1', user: 'admin' } }] },
};

describe('init --from kubeconfig', () => {
  test('asks the API by kubectl of this machine', async () => {
    const say = (value: unknown) => `printf '%s' '${JSON.stringify(value)}'`;
    const bin = fakeKubectl(`case "$*" in
*'get nodes'*) ${say(ANSWERS.nodes)} ;;
*' version '*) ${say(ANSWERS.version)} ;;
*'config view --minify'*) ${say(ANSWERS.view)} ;;
*) exit 9 ;;
esac`);
    const made = await cli(['init', '--from', 'kubeconfig', '/some/kubeconfig', '--user', 'ops', '-o', '-'], {
      env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    });
    expect(made.code, made.all).toBe(0);
    const { value } = loadInventory('inventory.yaml', made.stdout);
    expect(value).toMatchObject({
      cluster: 'prod-eu1',
      nodes: [
        { name: 'cp-1', host: '10.0.0.1', role: 'control-plane', ssh: { user: 'ops' } },
        { name: 'w-1', host: '10.0.0.9', role: 'worker', ssh: { user: 'ops' } },
      ],
    });
    expect(made.stderr).toContain('several releases: 1.30.4, 1.31.2');
    expect(made.stderr).toContain('runbook plan upgrade-1.32.yaml');
  });

  test('without kubectl, or where the API does not answer, says so with 5 and writes nothing', async () => {
    const cwd = folder();
    const failing = fakeKubectl('echo "Unable to connect to the server: dial tcp" >&2; exit 1');
    for (const [path, words] of [
      [folder(), 'there is no kubectl on this machine'],
      [`${failing}:/usr/bin:/bin`, 'Unable to connect to the server'],
    ] as const) {
      const asked = await cli(['init', '--from', 'kubeconfig', 'config'], { cwd, env: { PATH: path } });
      expect(asked, asked.all).toMatchObject({ code: 5, stdout: '' });
      expect(asked.stderr).toContain(words);
    }
    expect(existsSync(join(cwd, 'inventory.yaml'))).toBe(false);
  });
});

test('nothing is overwritten, and wrong usage or a broken file ends with 2 and its place', async () => {
  const dir = folder();
  const at = (name: string) => join(dir, name);
  writeFileSync(at('mine.yaml'), 'mine');
  writeFileSync(at('hosts.ini'), 'cp-1 ansible_host=10.0.0.1\n');
  writeFileSync(at('broken.ini'), '[kube_node\n');
  writeFileSync(at('odd.ini'), 'cp-1 ansible_host=10.0.0.999\n');
  vi.stubEnv('HOME', dir);
  vi.stubEnv('KUBECONFIG', '');
  onTestFinished(() => void vi.unstubAllEnvs());
  const ansible = (name: string) => ['--from', 'ansible', at(name)];
  const cases: readonly (readonly [args: readonly string[], words: string, out?: string])[] = [
    [ansible('hosts.ini'), 'mine.yaml exists', 'mine.yaml'],
    [[], 'runbook init --host ADDRESS'],
    [['--from', 'ansible'], '--from ansible needs a file'],
    [[at('hosts.ini')], 'which kind of file is'],
    [['--host', 'a', ...ansible('hosts.ini')], 'not both'],
    [['--host', 'a@b@c'], 'not of the form [user@]host[:port]'],
    [ansible('broken.ini'), 'broken.ini:1:1'],
    [ansible('odd.ini'), 'is not an IPv4 address'],
    [ansible('no-such.ini'), 'there is no such file'],
    [ansible('hosts.ini'), 'cannot write', 'no/such/folder.yaml'],
  ];
  for (const [args, words, out = 'new.yaml'] of cases) {
    const { code, stdout, stderr } = await runbook(['init', ...args, '-o', at(out)]);
    expect({ args, code, stdout }, stderr).toEqual({ args, code: 2, stdout: '' });
    expect(stderr).toContain(words);
    expect(stderr).not.toContain('bug');
  }
  expect(existsSync(at('new.yaml'))).toBe(false);
  expect(readFileSync(at('mine.yaml'), 'utf8')).toBe('mine');
});
