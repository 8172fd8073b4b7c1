import { describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/documents/inventory.ts';
import { targetFor } from '../../src/documents/target.ts';
import { shown } from './fakes.ts';

const head = 'apiVersion: runbook/v1\nkind: Inventory\ncluster: prod\n';
const minimal = `${head}nodes:\n  - { name: a, host: h }\n`;
const problems = (text: string) => shown(loadInventory('/etc/x/inventory.yaml', text).diagnostics);

function load(text: string) {
  const { value, diagnostics } = loadInventory('/etc/x/inventory.yaml', text);
  if (!value) throw new Error(shown(diagnostics).join('\n'));
  return value;
}

function target(text: string, index = 0, env: Record<string, string> = { HOME: '/home/op' }, exists: string[] = []) {
  const inventory = load(text);
  const node = inventory.nodes[index];
  if (!node) throw new Error('no such node');
  return targetFor(node, inventory, env, (path) => exists.includes(path));
}

describe('an inventory', () => {
  test('needs no roles and no settings', () => {
    expect(load(minimal)).toMatchObject({
      cluster: 'prod',
      nodes: [{ name: 'a', host: 'h', role: 'other', vars: {}, ssh: {}, span: { line: 5, column: 5 } }],
      groups: {},
      become: { method: 'none' },
      packages: {},
      kubectl: { on: 'control-plane', kubeconfig: '/etc/kubernetes/admin.conf' },
      remoteDir: '~/.runbook',
    });
  });

  test('with become keeps attempts in a folder of root', () => {
    expect(load(`${minimal}become: { method: sudo }\npackages: { baseUrl: "http://mirror/x/" }\n`)).toMatchObject({
      remoteDir: '/var/lib/runbook',
      packages: { baseUrl: 'http://mirror/x' },
    });
  });

  test.each<[string, string[]]>([
    ['- { name: a, host: h }\n  - { name: a, host: h2 }', ['6:13 duplicate-node there are two nodes called `a`']],
    [
      '- { name: a, host: h }\n  - { name: b, host: h }',
      ['6:22 warning duplicate-host `a` has the same host and port'],
    ],
    ['- { name: a, host: h }\n  - { name: b, host: h, port: 2222 }', []],
    ['- { name: a, host: h, role: master }', ['5:31 invalid-value `role` must be one of control-plane, worker, other']],
    [
      '- { name: workers, host: h }',
      ['5:13 reserved a node cannot be called `workers`: this word selects nodes by role'],
    ],
    ['- { name: a }', ['5:5 missing-key `host` is missing']],
    [
      '- { name: a, host: ops@h }',
      ['5:22 invalid-value `host` must be an address or a name alone; user and port have keys of their own'],
    ],
    [
      '- { name: a/b, host: h }',
      ['5:13 invalid-value `name` must be made of letters, digits, dots, dashes and underscores'],
    ],
    [
      '- { name: ../x, host: h }',
      ['5:13 invalid-value `name` must be made of letters, digits, dots, dashes and underscores'],
    ],
    ['- { name: 1, host: h }', ['5:13 invalid-value `name` must be text: put it in quotes']],
    ['- { name: a, host: "fd00::1" }', []],
    ['- { name: a, host: h, port: 70000 }', ['5:31 invalid-value `port` must be a port from 1 to 65535']],
    [
      '- { name: a, host: h, port: 22, ssh: { port: 23 } }',
      ['5:25 duplicate-key `port` and `ssh.port` are both given'],
    ],
    ['- { name: a, host: h, hots: b }', ['5:25 unknown-key unknown key `hots`']],
    ['- a', ['5:5 invalid-value entry 1 of `nodes` must be a map, not a text']],
  ])('the nodes %j', (nodes, expected) => {
    expect(problems(`${head}nodes:\n  ${nodes}\n`)).toEqual(expected);
  });

  test.each<[string, string[]]>([
    ['groups: { edge: [b] }', ['6:18 unknown-node group `edge` names `b`, which is not a node']],
    ['groups: { all: [a] }', ['6:11 reserved a group cannot be called `all`: this word selects nodes by role']],
    ['groups: { a: [a] }', ['6:11 reserved `a` is the name of a node already']],
    ['become: { method: su }', ['6:19 invalid-value `method` must be one of sudo, none']],
    [
      'become: { method: sudo, passwordFrom: hunter2 }',
      [
        '6:39 invalid-value `passwordFrom` must name the source of the secret: prompt, env:NAME, file:PATH or command:CMD',
      ],
    ],
    ['become: { method: sudo, passwordFrom: "env:SUDO_PW" }', []],
    ['ssh: { passwordFrom: "file:pw", passphraseFrom: "command:pass show x" }', []],
    [
      'ssh: { passwordFrom: "env:1" }',
      [
        '6:22 invalid-value `passwordFrom` must name the source of the secret: prompt, env:NAME, file:PATH or command:CMD',
      ],
    ],
    [
      'ssh: { hostKeyChecking: off }',
      ['6:25 warning host-keys-off host keys are not verified: anyone in between can take over the cluster'],
    ],
    ['ssh: { jump: [u@b:22, "b;x y"] }', ['6:23 invalid-value entry 2 of `jump` must be [user@]host[:port]']],
    ['ssh: { connectTimeout: 5 }', ['6:24 invalid-value `connectTimeout` needs a unit: 5s or 5m']],
    ['ssh: { user: [x] }', ['6:14 invalid-value `user` must be a text, not a list']],
    [
      'kubectl: { kubeconfig: admin.conf }',
      ['6:24 invalid-value `kubeconfig` must be an absolute path on the control planes'],
    ],
    ['kubectl: { on: local, kubeconfig: admin.conf }', []],
    ['packages: { baseUrl: "pkgs.k8s.io" }', ['6:22 invalid-value `baseUrl` must be an http or https address']],
    ['remoteDir: /', ['6:12 invalid-value `remoteDir` must be an absolute path (or ~/...) of plain characters']],
    ['remoteDir: "/x y"', ['6:12 invalid-value `remoteDir` must be an absolute path (or ~/...) of plain characters']],
    ['remoteDir: ~/.rb', []],
  ])('the line `%s`', (line, expected) => {
    expect(problems(`${minimal}${line}\n`)).toEqual(expected);
  });

  test('a runbook in its place is called so', () => {
    expect(problems(minimal.replace('Inventory', 'Runbook'))).toEqual([
      '2:7 wrong-kind this is a Runbook, not an Inventory',
    ]);
    expect(problems(minimal.replace('Inventory', 'inventory'))).toEqual(['2:7 invalid-value `kind` must be Inventory']);
    expect(problems('')).toEqual(['1:1 empty the file is empty']);
    expect(problems('- a\n')).toEqual(['1:1 invalid-value an Inventory must be a map, not a list']);
  });
});

describe('the target of a node', () => {
  test('has every default', () => {
    expect(
      target(minimal, 0, { HOME: '/home/op', SSH_AUTH_SOCK: '/run/agent' }, [
        '/home/op/.ssh/id_rsa',
        '/home/op/.ssh/id_ed25519',
      ]),
    ).toEqual({
      name: 'a',
      host: 'h',
      port: 22,
      user: expect.stringMatching(/./),
      identityFiles: ['/home/op/.ssh/id_ed25519', '/home/op/.ssh/id_rsa'],
      agentSocket: '/run/agent',
      knownHosts: ['/home/op/.ssh/known_hosts', '/etc/ssh/ssh_known_hosts'],
      hostKeyChecking: 'strict',
      jump: [],
      become: { method: 'none' },
      connectTimeout: 10_000,
      keepaliveInterval: 15_000,
    });
  });

  test('takes what the inventory says, the node over all', () => {
    const text = `${head}ssh:
  user: ops
  port: 2200
  identityFile: keys/id
  knownHosts: [~/kh, ./kh]
  agent: false
  jump: bastion
  passwordFrom: file:pw
  passphraseFrom: file:~/pp
  hostKeyChecking: accept-new
  connectTimeout: 3s
  keepalive: 1m
become: { method: sudo, passwordFrom: "file:/abs" }
nodes:
  - { name: a, host: h }
  - { name: b, host: "[fd00::1]", port: 2222, ssh: { user: other, identityFile: [~/k], jump: [x, y] } }
  - { name: c, host: h3, ssh: { user: root } }
`;
    const env = { HOME: '/home/op', SSH_AUTH_SOCK: '/run/agent' };
    const login = {
      user: 'ops',
      identityFiles: ['/etc/x/keys/id'],
      passphrase: 'file:/home/op/pp',
      knownHosts: ['/home/op/kh', '/etc/x/kh'],
      hostKeyChecking: 'accept-new',
      connectTimeout: 3000,
      keepaliveInterval: 60_000,
    };
    expect(target(text, 0, env)).toEqual({
      name: 'a',
      ...login,
      host: 'h',
      port: 2200,
      password: 'file:/etc/x/pw',
      jump: [{ ...login, host: 'bastion', port: 22 }],
      become: { method: 'sudo', password: 'file:/abs' },
    });
    expect(target(text, 1, env)).toMatchObject({
      host: 'fd00::1',
      port: 2222,
      user: 'other',
      identityFiles: ['/home/op/k'],
      jump: [{ host: 'x', user: 'other' }, { host: 'y' }],
    });
    expect(target(text, 2, env).become).toEqual({ method: 'none' });
  });

  test('a jump host takes a login of its own, and never the password of the node', () => {
    const text = `${head}ssh:
  user: ops
  port: 2200
  passwordFrom: file:pw
  identityFile: keys/node
  jump:
    - me@[fd00::2]:2022
    - { host: inner, user: in, identityFile: keys/inner, passwordFrom: file:inner-pw, knownHosts: kh, agent: false }
nodes:
  - { name: a, host: h }
`;
    const { jump } = target(text, 0, { HOME: '/home/op', SSH_AUTH_SOCK: '/run/agent' });
    expect(jump[0]).toMatchObject({ host: 'fd00::2', port: 2022, user: 'me', identityFiles: ['/etc/x/keys/node'] });
    expect(jump[0]).not.toHaveProperty('password');
    expect(jump[1]).toMatchObject({ host: 'inner', port: 22, user: 'in', identityFiles: ['/etc/x/keys/inner'] });
    expect(jump[1]).toMatchObject({ password: 'file:/etc/x/inner-pw', knownHosts: ['/etc/x/kh'] });
    expect(jump[1]).not.toHaveProperty('agentSocket');
  });
});
