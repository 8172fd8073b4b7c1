import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadInventory } from '../../src/documents/inventory.ts';
import { Source } from '../../src/documents/source.ts';
import { readAnsible } from '../../src/init/ansible.ts';
import type { Read } from '../../src/init/found.ts';
import { readK0sctl } from '../../src/init/k0sctl.ts';
import { readKubeone } from '../../src/init/kubeone.ts';
import { readSshConfig } from '../../src/init/ssh-config.ts';
import { writeInventory } from '../../src/init/write.ts';

const FIXTURES = new URL('../fixtures/init/', import.meta.url);

const READERS = {
  ansible: readAnsible,
  kubeone: readKubeone,
  k0sctl: readK0sctl,
  'ssh-config': readSshConfig,
} as const;
type Format = keyof typeof READERS;

function read(format: Format, text: string, file = 'source'): Read {
  return READERS[format](new Source(file, text));
}

test.each([
  ['ansible', 'kubespray.ini'],
  ['ansible', 'kubespray-old.ini'],
  ['ansible', 'hosts.yaml'],
  ['ansible', 'plain.ini'],
  ['kubeone', 'kubeone.yaml'],
  ['k0sctl', 'k0sctl.yaml'],
  ['ssh-config', 'ssh_config'],
] as const)(
  '--from %s %s makes a valid inventory, with a comment wherever the source does not say it',
  async (format, name) => {
    const text = readFileSync(new URL(name, FIXTURES), 'utf8');
    const { found, diagnostics } = read(format, text, name);
    expect(diagnostics).toEqual([]);
    if (!found) throw new Error('nothing was found');
    const written = writeInventory(found, { ssh: {}, command: `runbook init --from ${format} ${name}` });
    const shown = written.unknown.map((line) => `# shown: ${line}\n`).join('');
    await expect(`${written.text}${shown}`).toMatchFileSnapshot(`snapshots/${name}.snap`);
    expect(
      loadInventory('inventory.yaml', written.text).diagnostics.filter(({ severity }) => severity === 'error'),
    ).toEqual([]);
    expect(written.text).not.toMatch(/planted|ANSIBLE_VAULT/);
  },
);

test.each<[Format, string, string, string?]>([
  ['ansible', '[all]\nnode1 ansible_host', '2:1 `ansible_host` is no variable of the form key=value'],
  ['ansible', '[all]\n  node1 a="b', '2:3 a quote is never closed'],
  ['ansible', 'a\n[kube_node', '2:1 this is no section'],
  ['ansible', '[x:vars]\nnovalue', '2:1 this is no variable of the form key=value'],
  ['ansible', 'n[3:1]', '1:1 n[3:1] '],
  ['ansible', '[a]\n[b]', '1:1 the inventory lists no hosts that could be nodes'],
  ['ansible', '#!/bin/sh\necho', '1:1 this is a program (a dynamic inventory)'],
  ['ansible', 'all:\n  host:\n    a:', '2:3 a group has `hosts`, `vars` and `children`, no `host`'],
  ['ansible', 'all:\n  hosts: [a]', '2:10 `hosts` must be a map'],
  ['ansible', 'all:\n\thosts:', '2:1 a tab is used as indentation'],
  ['kubeone', 'controlPlane:\n  hosts: x', '2:10 `hosts` must be a list'],
  [
    'kubeone',
    'controlPlane:\n  hosts:\n    - sshPort: 0\n      publicAddress: a',
    '3:16 `sshPort` must be a port from 1 to 65535',
  ],
  [
    'kubeone',
    'controlPlane:\n  hosts:\n    - sshPort: 22',
    '3:7 the host has neither `publicAddress` nor `privateAddress`',
  ],
  ['kubeone', 'kind: Cluster', '1:7 `kind` is not KubeOneCluster'],
  ['kubeone', '- a', '1:1 a kubeone.yaml is a map of keys and values'],
  ['kubeone', 'name: a', '1:1 the manifest lists no hosts'],
  ['k0sctl', 'spec:\n  hosts:\n    - role: boss\n      ssh: { address: a }', '3:13 k0sctl has no role `boss`'],
  ['k0sctl', 'spec:\n  hosts:\n    - ssh: { user: a }', '3:12 the host has no `address`'],
  ['k0sctl', 'apiVersion: v1\nspec: {}', '1:13 this is no configuration of k0sctl'],
  ['k0sctl', 'spec: [', '1:8 '],
  ['ssh-config', 'Host a\n  User "x\nPort 3', '2:1 not readable as ssh_config'],
  ['ssh-config', 'Match', '1:1 not readable as ssh_config: a keyword has no value'],
  ['ssh-config', 'Host *\n  User x', '1:1 no host is named in the file'],
])('a broken %s file is refused at its place: %j', (format, text, expected) => {
  const { found, diagnostics } = read(format, text);
  expect(found).toBeUndefined();
  const [first] = diagnostics;
  const place = `${first?.span?.line}:${first?.span?.column} ${first?.summary}`;
  expect(place.slice(0, expected.length), JSON.stringify(diagnostics)).toBe(expected);
});

test('variables of deeper groups count before those above them, and a host has the last word', () => {
  const text = `
[top:children]
inner
[inner]
a
b ansible_port=3
[inner:vars]
ansible_port=2
ansible_user=inner
[top:vars]
ansible_port=1
ansible_user=top
[all:vars]
ansible_ssh_private_key_file=/k
[other]
c
`;
  const { found } = read('ansible', text);
  expect(Object.fromEntries(found?.nodes.map(({ name, ssh }) => [name, ssh]) ?? [])).toEqual({
    a: { port: 2, user: 'inner', identityFile: ['/k'] },
    b: { port: 3, user: 'inner', identityFile: ['/k'] },
    c: { identityFile: ['/k'] },
  });
});

test('what an ssh_config would run is not run', () => {
  const { found } = read('ssh-config', 'Host a\nMatch exec "exit 1" canonical\n  Port 3\nCanonicalizeHostname yes');
  expect(found?.notes.join('\n')).toContain('Not read: Match exec');
  expect(found?.nodes).toMatchObject([{ name: 'a', host: 'a', ssh: {} }]);
});

test('a name that an inventory does not take is changed, and the comment has the old one', () => {
  const { found } = read('ansible', 'all ansible_host=a\nweb_1 ansible_host=b\n_x ansible_host=c\nx ansible_host=d');
  expect(found?.nodes.map(({ name, notes }) => [name, notes.name])).toEqual([
    ['all-1', 'was `all`'],
    ['web_1', expect.stringContaining('kubectl get nodes')],
    ['x', 'was `_x`'],
    ['x-2', expect.stringContaining('there is another x')],
  ]);
});

test('nothing of a source can begin a line of the inventory', () => {
  const name = 'x\\ninjected: true\\e[31m';
  const { found } = read(
    'ansible',
    `all: { hosts: { a: , "${name}": { ansible_connection: "local\\ninjected: 1" } } }`,
    'a.yaml',
  );
  if (!found) throw new Error('nothing was found');
  const { text, unknown } = writeInventory(found, { ssh: {}, command: 'runbook init --from ansible a\ninjected: 2' });
  expect(text).not.toMatch(/^injected/m);
  expect(`${text}${unknown.join('')}`).not.toContain('\u001b');
  expect(loadInventory('inventory.yaml', text).diagnostics).toEqual([]);
});

test('how to become root is carried over, where an inventory has the same', () => {
  const becomeOf = (vars: string) => read('ansible', `a\n[all:vars]\nansible_become=true\n${vars}`).found;
  expect(becomeOf('ansible_become_method=doas')?.become).toEqual({ method: 'doas' });
  expect(becomeOf('ansible_become_method=su\nansible_become_user=adm\nansible_become_pass=x')?.become).toMatchObject({
    method: 'su',
    user: 'adm',
    passwordFrom: 'prompt',
  });
  const other = becomeOf('ansible_become_method=pbrun');
  expect(other?.become).toEqual({ method: 'sudo' });
  expect(other?.notes).toEqual(['Not carried over: ansible_become_method=pbrun; the inventory says sudo.']);
});
