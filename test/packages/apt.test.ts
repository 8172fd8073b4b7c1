import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { folder, runbook } from '../commands/cli.ts';
import { makeBase, startNode, withoutNodes, type DebianNode } from './node.ts';
import { startRepositories, type Repositories } from './repository.ts';

const LIST = '/etc/apt/sources.list.d/kubernetes.list';
const KEYRING = '/etc/apt/keyrings/kubernetes-apt-keyring.gpg';

describe.skipIf(withoutNodes !== '')(`real Debian nodes${withoutNodes && ` (not here: ${withoutNodes})`}`, () => {
  let repositories: Repositories;

  beforeAll(async () => {
    makeBase();
    repositories = await startRepositories();
  }, 300_000);
  afterAll(async () => repositories.stop());
  beforeEach(() => {
    repositories.restore();
    repositories.forget();
  });

  const line = (minor: string) => `deb [signed-by=${KEYRING}] ${repositories.url}/core:/stable:/v${minor}/deb/ /\n`;

  /** A node as it was left by an upgrade to 1.31.9: packages on hold, conffile edited. */
  async function nodeAt131(
    key = repositories.keys.current,
    source?: { file: string; text: string },
  ): Promise<DebianNode> {
    const node = await startNode();
    for (const { name, bytes } of repositories.debs('1.31')) await put(node, `/root/${name}`, bytes);
    await put(node, '/root/key', key);
    await put(node, source?.file ?? LIST, Buffer.from(source?.text ?? line('1.31')));
    await node.sh(`exec 2>&1
tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
gpg --batch --dearmor -o ${KEYRING} </root/key
dpkg --force-unsafe-io -i /root/*.deb && rm /root/*.deb
apt-get -q update || true
echo 'KUBELET_EXTRA_ARGS=--node-ip=10.0.0.21' >/etc/default/kubelet
apt-mark hold kubeadm kubelet kubectl`);
    return node;
  }

  function put(node: DebianNode, path: string, bytes: Buffer): Promise<string> {
    return node.sh(`base64 -d >${path} <<'END'\n${bytes.toString('base64')}\nEND\n`);
  }

  const UPGRADE = `
      - uses: package-repo
        with: { version: 1.32.9 }
      - uses: install-packages
        with: { packages: [kubeadm], version: 1.32.9 }
      - uses: install-packages
        with: { packages: [kubelet, kubectl], version: 1.32.9 }`;

  function apply(node: DebianNode, steps = UPGRADE, env: Record<string, string> = {}) {
    const dir = folder();
    const { user, identityFile, knownHosts, port } = node.sshd;
    const inventory = {
      apiVersion: 'runbook/v1',
      kind: 'Inventory',
      cluster: 'packages',
      ssh: { user, identityFile, knownHosts, port },
      become: { method: 'none' },
      nodes: [{ name: 'w1', host: '127.0.0.1', role: 'other' }],
    };
    mkdirSync(join(dir, 'state'));
    writeFileSync(join(dir, 'inventory.yaml'), JSON.stringify(inventory));
    writeFileSync(
      join(dir, 'packages.yaml'),
      `apiVersion: runbook/v1\nkind: Runbook\nname: packages\nphases:\n  - name: one\n    nodes: all\n    steps:${steps}\n`,
    );
    const args = ['-i', join(dir, 'inventory.yaml'), '--state-dir', join(dir, 'state'), '--yes', '--output', 'plain'];
    return runbook(['apply', join(dir, 'packages.yaml'), ...args], { env });
  }

  const INSTALLED = `dpkg-query -W -f='\${Package} \${Version} \${db:Status-Abbrev}\\n' kubeadm kubelet kubectl kubernetes-cni cri-tools | sed 's/ *$//'`;
  const AT_132 =
    'cri-tools 1.31.1-1.1 ii\nkubeadm 1.32.9-2.1 hi\nkubectl 1.32.9-1.1 hi\nkubelet 1.32.9-1.1 hi\nkubernetes-cni 1.6.0-1.1 ii\n';

  test('repository, key, exact revisions and holds of a minor upgrade; the second run changes nothing', async () => {
    const node = await nodeAt131();
    const first = await apply(node);
    expect(first.code, first.all).toBe(0);
    expect(await node.sh(INSTALLED)).toBe(AT_132);
    expect(await node.sh(`cat ${LIST}`)).toBe(line('1.32'));
    expect(await node.sh('apt-mark showhold')).toBe('kubeadm\nkubectl\nkubelet\n');
    expect(await node.sh('cat /etc/default/kubelet')).toBe('KUBELET_EXTRA_ARGS=--node-ip=10.0.0.21\n');
    expect(await node.sh('dpkg --audit')).toBe('');
    const before = await node.sh(
      'find /etc /var/lib/dpkg /usr/bin -newer /etc/default/kubelet | sort; date +%s%N >/root/mark',
    );
    expect(before).toContain(LIST);
    const second = await apply(node);
    expect(second.code, second.all).toBe(0);
    expect(second.all).toMatch(/3 unchanged/);
    expect(await node.sh('find /etc /var/lib/dpkg /usr /var/lib/apt -newer /root/mark')).toBe('');
  });
});
