import { describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/documents/inventory.ts';
import { selectNodes } from '../../src/documents/selectors.ts';
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

describe('the transport of a node', () => {
  const of = (text: string) => load(text).nodes.map(({ ssh }) => ssh.transport);
  const nodes = 'nodes:\n  - { name: a, host: h }\n  - { name: b, host: i, transport: ssh2 }\n';

  test('is set for all, for a group or for one node, the nearest first', () => {
    expect(of(`${head}${nodes}`)).toEqual([undefined, 'ssh2']);
    expect(of(`${head}transport: openssh\n${nodes}`)).toEqual(['openssh', 'ssh2']);
    expect(of(`${head}${nodes}groups: { g: { nodes: [a, b], ssh: { transport: openssh } } }\n`)).toEqual([
      'openssh',
      'ssh2',
    ]);
  });

  test('is set once in each place', () => {
    const twice = `${head}transport: openssh\nssh: { transport: ssh2 }\n${nodes}`;
    expect(problems(twice)).toEqual(['4:1 duplicate-key `transport` and `ssh.transport` are both given']);
  });

  test('reaches the login, as `agent: only` does', () => {
    const text = `${head}ssh: { transport: openssh, agent: only }\n${nodes}`;
    expect(target(text, 0)).toMatchObject({ transport: 'openssh', agentOnly: true, identityFiles: [] });
  });
});

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
    [
      '- { name: a, host: "h:2222" }',
      ['5:22 invalid-value `host` must be an address or a name alone; the port has a key of its own: `port: 2222`'],
    ],
    [
      '- { name: a, host: "[fd00::1]:22" }',
      ['5:22 invalid-value `host` must be an address or a name alone; the port has a key of its own: `port: 22`'],
    ],
    ['- { name: a, host: "fe80::1%eth0" }', []],
    ['- { name: a, host: node_1.example.com. }', []],
    [
      '- { name: a, host: 10.0.0.300 }',
      ['5:22 invalid-value `host` is not an IPv4 address: four numbers from 0 to 255'],
    ],
    ['- { name: a, host: 1.2.3 }', ['5:22 invalid-value `host` is not an IPv4 address: four numbers from 0 to 255']],
    ['- { name: a, host: "fd00::g" }', ['5:22 invalid-value `host` is not an IPv6 address']],
    ['- { name: a, host: a..b }', ['5:22 invalid-value `host` has an empty part between its dots']],
    [
      '- { name: a, host: "$(id)" }',
      ['5:22 invalid-value `host` must be an address or a name alone; user and port have keys of their own'],
    ],
    [
      '- { name: a, host: 10.0.0.300, ssh: { jump: [x, "u@10.0.0.301"] } }',
      [
        '5:22 invalid-value `host` is not an IPv4 address: four numbers from 0 to 255',
        '5:51 invalid-value entry 2 of `jump` is not an IPv4 address: four numbers from 0 to 255',
      ],
    ],
    [
      '- { name: a, host: h, role: worker }\n  - { name: b, host: h2 }',
      ['6:5 warning no-role `b` has no role: it counts as `other`, no node of the cluster'],
    ],
    ['- { name: a, host: h, role: worker }\n  - { name: b, host: h2, role: other }', []],
    ['- { name: a, host: h, hots: b }', ['5:25 unknown-key unknown key `hots`']],
    ['- a', ['5:5 invalid-value entry 1 of `nodes` must be a map, not a text']],
  ])('the nodes %j', (nodes, expected) => {
    expect(problems(`${head}nodes:\n  ${nodes}\n`)).toEqual(expected);
  });

  test.each<[string, string[]]>([
    ['groups: { edge: [b] }', ['6:18 unknown-node group `edge` names `b`, which is neither a node nor a group']],
    ['groups: { all: [a] }', ['6:11 reserved a group cannot be called `all`: this word selects nodes by role']],
    ['groups: { a: [a] }', ['6:11 reserved `a` is the name of a node already']],
    ['become: { method: pbrun }', ['6:19 invalid-value `method` must be one of sudo, doas, su, none']],
    ['become: { method: su, user: deploy, passwordFrom: "env:SU_PW", timeout: 1m }', []],
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
    [
      'packages: { baseUrl: "https://mirror.example.com/core:/stable:/" }',
      ['6:22 invalid-value `baseUrl` must end before core:/stable:/vX.Y/, which is added to it'],
    ],
    ['remoteDir: /', ['6:12 invalid-value `remoteDir` must be an absolute path (or ~/...) of plain characters']],
    ['remoteDir: "/x y"', ['6:12 invalid-value `remoteDir` must be an absolute path (or ~/...) of plain characters']],
    ['remoteDir: ~/.rb', []],
  ])('the line `%s`', (line, expected) => {
    expect(problems(`${minimal}${line}\n`)).toEqual(expected);
  });

  test.each<[string, string[]]>([
    ['- { name: "w-[01:20]", host: "w-[01:20].x" }', []],
    ['- { name: "w-[1:3]", host: h }', ['5:13 range `name` stands for 3, `host` for 1']],
    ['- { name: "w-[1:3]", host: "10.0.0.[1:4]" }', ['5:30 range `name` stands for 3, `host` for 4']],
    ['- { name: w, host: "10.0.0.[1:2]" }', ['5:22 range `name` stands for 1, `host` for 2']],
    [
      '- { name: "w-[3:1]", host: "h[3:1]" }',
      [
        '5:13 invalid-value `name` has a range that ends before it starts: [3:1]',
        '5:30 invalid-value `host` has a range that ends before it starts: [3:1]',
      ],
    ],
    [
      '- { name: "w-[1-3]", host: h }',
      [
        '5:13 invalid-value `name` must be made of letters, digits, dots, dashes and underscores; a range is [01:20] or [a:f]',
      ],
    ],
    [
      '- { name: "w-[1:2]", host: "10.0.0.[255:256]" }',
      ['5:30 invalid-value `host` is not an IPv4 address: four numbers from 0 to 255 (10.0.0.256)'],
    ],
    [
      '- { name: w-2, host: h }\n  - { name: "w-[1:3]", host: "h[1:3]" }',
      ['6:13 duplicate-node there are two nodes called `w-2`'],
    ],
    [
      '- { name: "w-[1:9000]", host: "h[1:9000]" }\n  - { name: "x-[1:9000]", host: "i[1:9000]" }',
      ['5:3 too-large these are 18000 nodes; an inventory has at most 10000'],
    ],
  ])('the ranges %j', (nodes, expected) => {
    expect(problems(`${head}nodes:\n  ${nodes}\n`)).toEqual(expected);
  });

  test.each<[string, string[]]>([
    ['groups: { e: [f], f: { nodes: [a] } }', []],
    ['groups: { e: [f], f: [g], g: { nodes: [e] } }', ['6:11 group-cycle group `e` contains itself: e > f > g > e']],
    ['groups: { e: [e] }', ['6:11 group-cycle group `e` contains itself: e > e']],
    [
      'groups: { e: { nodes: ["w-[1:2]", a] } }',
      ['6:24 unknown-node group `e` names `w-1`, which is neither a node nor a group'],
    ],
    [
      'groups: { e: { nodes: ["w-[01:100]"] } }',
      ['6:24 range `w-[01:100]` has a range with leading zeros whose ends are not of the same length: [01:100]'],
    ],
    ['groups: { e: { vars: {} } }', ['6:14 missing-key `nodes` is missing']],
    ['groups: { e: { nodes: [a], shs: {} } }', ['6:28 unknown-key unknown key `shs`']],
    ['groups: { e: a }', ['6:14 invalid-value `e` must be a list of names, or a map with `nodes`']],
    [
      'groups: { e: { nodes: [a], ssh: { hostKeyChecking: off } } }',
      ['6:52 warning host-keys-off host keys are not verified: anyone in between can take over the cluster'],
    ],
    [
      'groups: { e: { nodes: [a], become: { passwordFrom: "env:X" } } }',
      ['5:5 missing-key the `become` of `a` has no `method`'],
    ],
    ['x-anything: { a: [1] }', []],
    ['x: 1', ['6:1 unknown-key unknown key `x`']],
  ])('the groups `%s`', (line, expected) => {
    expect(problems(`${minimal}${line}\n`)).toEqual(expected);
  });

  test('a range stands for its nodes, each with the address of its place', () => {
    const text = `${head}nodes:
  - { name: 'w-[08:11]', host: '10.0.0.[108:111]', role: worker, port: 2222, vars: { rack: a } }
  - name: db-[a:c]
    host: db-[a:c].x
`;
    const { nodes } = load(text);
    expect(nodes.map(({ name, host }) => `${name} ${host}`)).toEqual([
      'w-08 10.0.0.108',
      'w-09 10.0.0.109',
      'w-10 10.0.0.110',
      'w-11 10.0.0.111',
      'db-a db-a.x',
      'db-b db-b.x',
      'db-c db-c.x',
    ]);
    expect(nodes[3]).toMatchObject({ role: 'worker', ssh: { port: 2222 }, vars: { rack: 'a' }, span: { line: 5 } });
    expect(nodes[4]).toMatchObject({ span: { line: 6 } });
  });

  test('settings that are nearer to a node win: all, outer groups, inner groups, the node', () => {
    const text = `${head}x-keys: &keys { identityFile: k, port: 2200 }
ssh: { <<: *keys, user: ops }
become: { method: sudo, passwordFrom: prompt }
vars: { a: all, b: all, c: all, d: all, e: all }
nodes:
  - { name: 'w-[1:3]', host: 'h[1:3]', vars: { e: node }, become: { passwordFrom: "env:W" } }
  - { name: bare, host: h, ssh: { user: root }, become: { method: none } }
groups:
  inner: { nodes: ['w-[2:3]'], vars: { d: inner }, ssh: { user: inner } }
  outer: { nodes: [inner, bare], vars: { c: outer, d: outer }, ssh: { user: outer, port: 2201 } }
  later: { nodes: [inner, bare], vars: { b: later, c: later } }
  plain: [later, w-1]
`;
    const { nodes, groups, remoteDir } = load(text);
    const vars = { a: 'all', b: 'later', c: 'later', d: 'inner', e: 'node' };
    expect(nodes[1]).toMatchObject({
      name: 'w-2',
      vars,
      ssh: { user: 'inner', port: 2201, identityFile: ['k'] },
      become: { method: 'sudo', passwordFrom: 'env:W' },
    });
    expect(nodes[0]).toMatchObject({ ssh: { user: 'ops', port: 2200 }, vars: { a: 'all', d: 'all', e: 'node' } });
    expect(nodes[3]?.become).toEqual({ method: 'none' });
    expect(nodes[3]).toMatchObject({ ssh: { user: 'root', port: 2201 }, vars: { d: 'outer' } });
    expect(groups['plain']).toEqual(['w-2', 'w-3', 'bare', 'w-1']);
    expect(remoteDir).toBe('/var/lib/runbook');
    expect(selectNodes('outer,!inner', { nodes, groups }).nodes.map(({ name }) => name)).toEqual(['bare']);
  });

  test('a thousand groups, each in the next, are read at once', () => {
    const chain = Array.from({ length: 999 }, (_, at) => `  g${at}: [g${at + 1}]\n`).join('');
    const { nodes, groups } = load(`${minimal}groups:\n${chain}  g999: [a]\n`);
    expect(selectNodes('g0', { nodes, groups }).nodes).toHaveLength(1);
    expect(problems(`${minimal}groups:\n${chain}  g999: [a]\n  g1000: [a]\n`)).toEqual([
      '6:1 too-large these are 1001 groups; an inventory has at most 1000',
    ]);
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
