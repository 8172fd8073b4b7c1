import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { askScript, FETCHED, UNPACKED } from '../../src/facts/lib/ask-kubeadm.ts';
import { apt } from '../../src/packages/apt/apt.ts';
import { startRepositories, type Repositories } from './deb-repository.ts';
import { makeBase, missingFor, startNode, type RealNode } from './node.ts';
import { AHEAD, apply } from './steps.ts';

const LIST = '/etc/apt/sources.list.d/kubernetes.list';
const KEYRING = '/etc/apt/keyrings/kubernetes-apt-keyring.gpg';

const missing = missingFor('debian');
describe.skipIf(missing !== '')(`prefetch on real Debian nodes${missing}`, () => {
  let repositories: Repositories;

  beforeAll(async () => {
    makeBase('debian');
    repositories = await startRepositories();
  }, 300_000);
  afterAll(async () => repositories.stop());
  beforeEach(() => repositories.forget());

  async function nodeAt131(key: Buffer): Promise<RealNode> {
    const node = await startNode('debian');
    for (const { name, bytes } of repositories.debs('1.31')) await node.put(`/root/${name}`, bytes);
    await node.put('/root/key', key);
    await node.put(LIST, Buffer.from(`deb [signed-by=${KEYRING}] ${repositories.url}/core:/stable:/v1.31/deb/ /\n`));
    await node.sh(`exec 2>&1
tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
gpg --batch --dearmor -o ${KEYRING} </root/key
dpkg --force-unsafe-io -i /root/*.deb && rm /root/*.deb
apt-get -q update || true
apt-mark hold kubeadm kubelet kubectl`);
    return node;
  }

  /** What a node is configured with and runs. */
  const LOOK = `cat /etc/apt/sources.list.d/*; ls /etc/apt/sources.list.d /etc/apt/keyrings; cksum ${KEYRING}; apt-mark showhold; dpkg-query -W kubeadm kubelet kubectl kubernetes-cni cri-tools; apt-cache policy kubeadm`;
  const debs = () => repositories.asked.filter((path) => path.endsWith('.deb'));

  test('packages come into the cache of apt while the node stays as it is, and the later install takes them from there', async () => {
    const node = await nodeAt131(repositories.keys.current);
    const before = await node.sh(LOOK);
    const fetched = await apply(node, [AHEAD]);
    expect(fetched.code, fetched.all).toBe(0);
    expect(await node.sh(LOOK)).toBe(before);
    expect(await node.sh('ls /var/cache/apt/archives/*.deb /var/cache/runbook')).toMatch(
      /kubeadm_1\.32\.9-2\.1_.*kubectl_1\.32\.9-1\.1_.*kubelet_1\.32\.9-1\.1_.*kubernetes-cni_1\.6\.0-1\.1_/s,
    );
    expect(debs()).toHaveLength(4);
    const again = await apply(node, [AHEAD]);
    expect(again.all).toMatch(/1 unchanged/);
    expect(debs()).toHaveLength(4);

    const upgraded = await apply(node);
    expect(upgraded.code, upgraded.all).toBe(0);
    expect(debs()).toHaveLength(4);
    expect(await node.sh('dpkg-query -W -f="\\${Version} \\${db:Status-Abbrev}" kubelet')).toBe('1.32.9-1.1 hi ');
    expect((await apply(node, [AHEAD])).all).toMatch(/is at 1\.32\.9 already/);
  });

  test('a keyring that has come to its end is left as it is: the key of the repository is used for this once', async () => {
    const node = await nodeAt131(repositories.keys.expired);
    const before = await node.sh(LOOK);
    const fetched = await apply(node, [AHEAD]);
    expect(fetched.code, fetched.all).toBe(0);
    expect(fetched.all).toContain('trying the signing key of v1.32');
    expect(await node.sh(LOOK)).toBe(before);
  });

  test('a release that the repository has not is refused before anything is asked of apt', async () => {
    const node = await nodeAt131(repositories.keys.current);
    const refused = await apply(node, [AHEAD.replace('1.32.9', '1.32.7')]);
    expect(refused.code).toBe(3);
    expect(refused.all).toContain('does not offer kubeadm, kubelet, kubectl 1.32.7');
  });

  test.each([
    ['as it is', 'current'],
    ['that has come to its end', 'expired'],
  ] as const)(
    'a kubeadm is asked from a folder that is gone afterwards, and apt has nothing of it; by a key %s',
    async (_, key) => {
      const node = await nodeAt131(repositories.keys[key]);
      const all = `${LOOK}; cd / && find var/cache var/lib/apt var/lib/dpkg etc root tmp -printf '%p %s\\n' | sort`;
      const before = await node.sh(all);
      const source = apt.planSwitch(
        {
          sources: [
            {
              file: LIST,
              line: 1,
              format: 'list',
              enabled: true,
              url: `${repositories.url}/core:/stable:/v1.31/deb/`,
              baseUrl: repositories.url,
              channel: 'stable',
              minor: '1.31',
              signedBy: KEYRING,
            },
          ],
        },
        '1.32',
        undefined,
      );
      const question = {
        release: '1.32.9',
        fetch: apt.fetchInto(FETCHED, source, { name: 'kubeadm', revision: '1.32.9-2.1' }),
        unpack: `${apt.reading.archivesIn(FETCHED)}\n${apt.reading.unpackKubeadm('1.32.9-2.1', UNPACKED)}`,
        calls: [{ id: 'plan', command: 'kubeadm upgrade plan', words: 'upgrade plan', limit: 20 }],
      } as const;
      const output = await node.sh(askScript(question, 'one'));
      expect(output).toMatch(/^call: plan 0$/m);
      expect(output).toContain('out: v1.32.9');
      expect(await node.sh(all)).toBe(before);

      repositories.replace('v1.32/deb/InRelease', undefined);
      repositories.replace('v1.32/deb/Release', undefined);
      expect(await node.sh(askScript(question, 'two'))).toMatch(/^unusable: .*1\.32\/deb\/ cannot be read/m);
      repositories.restore();
      expect(await node.sh(all)).toBe(before);
    },
  );
});
