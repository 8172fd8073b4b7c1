import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startRepositories, type Repositories } from './deb-repository.ts';
import { makeBase, missingFor, startNode, type RealNode } from './node.ts';
import { apply, applyWhileLocked, UPGRADE } from './steps.ts';

const LIST = '/etc/apt/sources.list.d/kubernetes.list';
const KEYRING = '/etc/apt/keyrings/kubernetes-apt-keyring.gpg';

const missing = missingFor('debian');
describe.skipIf(missing !== '')(`real Debian nodes${missing}`, () => {
  let repositories: Repositories;

  beforeAll(async () => {
    makeBase('debian');
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
    given?: RealNode,
  ): Promise<RealNode> {
    const node = given ?? (await startNode('debian'));
    for (const { name, bytes } of repositories.debs('1.31')) await node.put(`/root/${name}`, bytes);
    await node.put('/root/key', key);
    await node.put(source?.file ?? LIST, Buffer.from(source?.text ?? line('1.31')));
    await node.sh(`exec 2>&1
tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
gpg --batch --dearmor -o ${KEYRING} </root/key
dpkg --force-unsafe-io -i /root/*.deb && rm /root/*.deb
apt-get -q update || true
echo 'KUBELET_EXTRA_ARGS=--node-ip=10.0.0.21' >/etc/default/kubelet
apt-mark hold kubeadm kubelet kubectl`);
    return node;
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

  test('any other package comes at the newest revision of its version, by lists of its own, and stays on hold', async () => {
    const node = await nodeAt131();
    await node.put(LIST, Buffer.from(line('1.32')));
    await node.sh('apt-mark hold cri-tools; sleep 1; touch /root/mark');
    const steps = (word: string) => [`{ uses: install-packages, with: { packages: ['${word}'] } }`];
    const refused = await apply(node, steps('cri-tools=1.33'));
    expect(refused.code, refused.all).toBe(3);
    expect(refused.all).toContain('no repository of w1 offers cri-tools 1.33');
    expect(await node.sh('find /etc /usr /var/lib/dpkg /var/lib/apt -newer /root/mark')).toBe('');
    const first = await apply(node, steps('cri-tools=1.32'));
    expect(first.code, first.all).toBe(0);
    expect(await node.sh(INSTALLED)).toContain('cri-tools 1.32.0-1.1 hi\n');
    const second = await apply(node, steps('cri-tools'));
    expect(second.code, second.all).toBe(0);
    expect(second.all).toContain('1 unchanged');
  });

  test('a deb822 source keeps its form, its own key and its comments', async () => {
    const armored = repositories.keys.current.toString().trimEnd();
    const indented = armored.replaceAll(/^/gm, ' ').replaceAll(/^ $/gm, ' .');
    const stanza = (minor: string) =>
      `# of the platform team\nTypes: deb\nURIs: ${repositories.url}/core:/stable:/v${minor}/deb/\nSuites: /\nSigned-By:\n${indented}\n`;
    const file = '/etc/apt/sources.list.d/k8s.sources';
    const node = await nodeAt131(repositories.keys.current, { file, text: stanza('1.31') });
    const { code, all } = await apply(node);
    expect(code, all).toBe(0);
    expect(await node.sh(INSTALLED)).toBe(AT_132);
    expect(await node.sh(`cat ${file}; ls /etc/apt/sources.list.d`)).toBe(`${stanza('1.32')}k8s.sources\n`);
  });

  test('a deb822 source whose own key has come to its end gets the one that the repository has now', async () => {
    const stanza = (key: Buffer) =>
      `Types: deb\nURIs: ${repositories.url}/core:/stable:/v1.31/deb/\nSuites: /\nSigned-By:\n${key.toString().trimEnd().replaceAll(/^/gm, ' ').replaceAll(/^ $/gm, ' .')}\n`;
    const file = '/etc/apt/sources.list.d/kubernetes.sources';
    const node = await nodeAt131(repositories.keys.expired, { file, text: stanza(repositories.keys.expired) });
    const { code, all } = await apply(node);
    expect(code, all).toBe(0);
    expect(await node.sh(`cat ${file}`)).toBe(stanza(repositories.keys.current).replace('v1.31', 'v1.32'));
  });

  test('a keyring that has come to its end is replaced by the key that the repository has now', async () => {
    const node = await nodeAt131(repositories.keys.expired);
    await expect(node.sh('apt-get -o APT::Update::Error-Mode=any update 2>&1')).rejects.toThrow();
    const { code, all } = await apply(node);
    expect(code, all).toBe(0);
    expect(await node.sh(INSTALLED)).toBe(AT_132);
  });

  test('a source that is switched already gets a new key where its own has come to its end', async () => {
    const node = await nodeAt131(repositories.keys.current);
    expect((await apply(node)).code).toBe(0);
    await node.put('/root/key', repositories.keys.expired);
    await node.sh(`rm ${KEYRING}; gpg --batch --dearmor -o ${KEYRING} </root/key`);
    const { code, all } = await apply(node);
    expect(code, all).toBe(0);
    expect(all).toMatch(/1 changed, 2 unchanged/);
    expect(await node.sh('apt-get -q -o APT::Update::Error-Mode=any update 2>&1')).not.toContain('EXPKEYSIG');
    expect((await apply(node)).all).toMatch(/3 unchanged/);
  });

  test('an expired key in the repository itself: the key of a newer minor is taken', async () => {
    const node = await nodeAt131(repositories.keys.expired);
    repositories.replace('v1.32/deb/Release.key', repositories.keys.expired);
    repositories.replace('v1.33/deb/Release.key', repositories.keys.current);
    const { code, all } = await apply(node);
    expect(code, all).toBe(0);
    expect(all).toContain('trying the signing key of v1.33');
    expect(await node.sh(INSTALLED)).toBe(AT_132);
  });

  test('a signature that no key verifies: sources and keyring stay as they were, and the step says why', async () => {
    const node = await nodeAt131();
    const before = await node.sh(`cat ${LIST}; sha256sum ${KEYRING}; ls /etc/apt/sources.list.d /etc/apt/keyrings`);
    await node.put('/root/other', repositories.keys.other);
    await node.sh(`rm ${KEYRING}; gpg --batch --dearmor -o ${KEYRING} </root/other`);
    const stranger = await node.sh(`cat ${LIST}; sha256sum ${KEYRING}; ls /etc/apt/sources.list.d /etc/apt/keyrings`);
    repositories.replace('v1.32/deb/Release.key', repositories.keys.other);
    const { code, all } = await apply(node);
    expect(code).toBe(1);
    expect(all).toMatch(/NO_PUBKEY|not signed|Missing key/);
    expect(all).toContain('the old one is put back');
    expect(await node.sh(`cat ${LIST}; sha256sum ${KEYRING}; ls /etc/apt/sources.list.d /etc/apt/keyrings`)).toBe(
      stranger,
    );
    expect(stranger).not.toBe(before);
  });

  test('without gpg and curl a node still gets its key', async () => {
    const node = await nodeAt131(repositories.keys.expired);
    await node.sh('rm /usr/bin/gpg /usr/bin/curl');
    const { code, all } = await apply(node);
    expect(code, all).toBe(0);
    expect(await node.sh(INSTALLED)).toBe(AT_132);
  });

  test('the proxy of apt is the way to the key and the index as well', async () => {
    const url = repositories.url.replace(/127\.0\.0\.1:\d+/, 'packages.invalid');
    const text = line('1.31').replace(repositories.url, url);
    const node = await startNode('debian');
    await node.sh(`echo 'Acquire::http::Proxy "http://127.0.0.1:${repositories.port}/";' >/etc/apt/apt.conf.d/95proxy`);
    const ready = await nodeAt131(repositories.keys.current, { file: LIST, text }, node);
    const { code, all } = await apply(ready);
    expect(code, all).toBe(0);
    expect(await node.sh(`cat ${LIST}`)).toBe(text.replace('v1.31', 'v1.32'));
    expect(repositories.asked).toContain('packages.invalid/mirror/core:/stable:/v1.32/deb/Release.key');
  });

  test("the holder of dpkg's lock is named, waited for, and left alone", async () => {
    const node = await nodeAt131();
    await node.sh(`cat >/root/other-apt <<'END'
use Fcntl; open my $lock, ">>", "/var/lib/dpkg/lock-frontend"; my $how = pack "ssx4qqix4", F_WRLCK, 0, 0, 0, 0; fcntl $lock, F_SETLK, $how or die;
open my $mark, ">", "/root/locked"; close $mark; select undef, undef, undef, 0.1 until -e "/root/release"; open $mark, ">", "/root/unlocked"
END
setsid perl /root/other-apt </dev/null >/dev/null 2>&1 &
for left in $(seq 600); do [ ! -e /root/locked ] || exit 0; sleep 0.1; done; exit 1`);
    const holder =
      /waiting up to 5 minutes: process \d+ \(perl \/root\/other-apt\) holds \/var\/lib\/dpkg\/lock-frontend/;
    const { seen, code, all } = await applyWhileLocked(node, holder, () => node.sh('touch /root/release'));
    expect(seen, all).toBe(true);
    expect(code, all).toBe(0);
    expect(await node.sh(`[ -e /root/unlocked ]; ${INSTALLED}`)).toBe(AT_132);
  });

  test('a package that was left half configured is finished first, with the conffile that was changed by hand', async () => {
    const node = await nodeAt131();
    for (const { name, bytes } of repositories
      .debs('1.32')
      .filter((deb) => /^(kubelet_1.32.9|kubernetes-cni)/.test(deb.name)))
      await node.put(`/root/${name}`, bytes);
    await node.sh(`touch /etc/kubelet-postinst-fails; apt-mark unhold kubelet; dpkg --force-confold -i /root/*.deb >/dev/null 2>&1 || :
rm /etc/kubelet-postinst-fails; apt-mark hold kubelet`);
    expect(await node.sh('dpkg --audit')).toContain('kubelet');
    const { code, all } = await apply(node);
    expect(code, all).toBe(0);
    expect(all).toContain('dpkg was interrupted earlier: finishing that first');
    expect(await node.sh(`dpkg --audit; cat /etc/default/kubelet; ${INSTALLED}`)).toBe(
      `KUBELET_EXTRA_ARGS=--node-ip=10.0.0.21\n${AT_132}`,
    );
  });

  test('a package that cannot be configured fails the step, and every hold is back', async () => {
    const node = await nodeAt131();
    await node.sh('apt-mark hold kubernetes-cni; touch /etc/kubelet-postinst-fails');
    const { code, all } = await apply(node);
    expect(code).toBe(1);
    expect(all).toContain('post-installation script subprocess returned error exit status 7');
    expect(await node.sh('apt-mark showhold')).toBe('kubeadm\nkubectl\nkubelet\nkubernetes-cni\n');
    await node.sh('rm /etc/kubelet-postinst-fails');
    const again = await apply(node, UPGRADE, '--new');
    expect(again.code, again.all).toBe(0);
    expect(await node.sh(INSTALLED)).toBe(AT_132.replace('kubernetes-cni 1.6.0-1.1 ii', 'kubernetes-cni 1.6.0-1.1 hi'));
  });

  test('an install that is ended at its time limit leaves every hold on, and the next run finishes it', async () => {
    const node = await nodeAt131();
    await node.sh('touch /etc/kubelet-postinst-hangs');
    const steps = UPGRADE.map((step) => step.replace(/(kubelet, kubectl.*)}$/, '$1, timeout: 3s }'));
    const { code, all } = await apply(node, steps);
    expect(code, all).toBe(1);
    expect(all).toContain('time limit');
    expect(all).toContain('on hold again as soon as it has ended');
    // The package's own script outlived the limit, so dpkg still works.
    await node.sh(`rm /etc/kubelet-postinst-hangs
for left in $(seq 200); do [ "$(apt-mark showhold | wc -l)" -lt 3 ] || exit 0; sleep 0.1; done; exit 1`);
    const again = await apply(node, UPGRADE, '--new');
    expect(again.code, again.all).toBe(0);
    expect(await node.sh(`dpkg --audit; ${INSTALLED}`)).toBe(AT_132);
  });

  test('a second source and a legacy one are taken out of use', async () => {
    const node = await nodeAt131();
    await node.sh(`cp ${LIST} /etc/apt/sources.list.d/old.list
echo 'deb https://apt.kubernetes.io/ kubernetes-xenial main' >/etc/apt/sources.list.d/legacy.list`);
    const { code, all } = await apply(node);
    expect(code, all).toBe(0);
    expect(await node.sh('cd /etc/apt/sources.list.d; cat *.list')).toBe(
      `${line('1.32')}# deb https://apt.kubernetes.io/ kubernetes-xenial main\n# ${line('1.31')}`,
    );
    expect((await apply(node)).all).toMatch(/3 unchanged/);
  });

  test('a step that asks kubectl is refused before anything is contacted that it cannot ask', async () => {
    const node = await nodeAt131();
    const { code, all } = await apply(node, ['uses: drain']);
    expect(code).toBe(2);
    expect(all).toContain('needs a control plane');
  });
});
