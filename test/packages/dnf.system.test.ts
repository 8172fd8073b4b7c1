import { describe, expect, test } from 'vitest';
import { missingFor } from './node.ts';
import { AT_131, AT_132, INSTALLED, KINDS, nodeAt131, section } from './rpm-node.ts';
import { rpmRepositories, rpmUpgrades } from './rpm-upgrades.ts';
import { apply, applyWhileLocked, UPGRADE } from './steps.ts';

const { folder, locks, locked } = KINDS.dnf;

const missing = missingFor('dnf');
describe.skipIf(missing !== '')(`real dnf and rpm${missing}`, () => {
  const repositories = rpmRepositories('dnf');
  rpmUpgrades('dnf', repositories);

  test('a dnf at work is named, waited for, and left alone', async () => {
    const node = await nodeAt131('dnf', repositories());
    await node.sh(`touch /etc/tzdata-post-hangs
setsid dnf -y upgrade tzdata </dev/null >/root/other 2>&1 &
for left in $(seq 300); do [ ! -e /var/lib/dnf/rpmdb_lock.pid ] || exit 0; sleep 0.1; done; cat /root/other >&2; exit 1`);
    const holder =
      /waiting up to 5 minutes: process \d+ \(\S*python3 \S*dnf -y .*\) holds \/var\/lib\/dnf\/rpmdb_lock\.pid/;
    const { seen, code, all } = await applyWhileLocked(node, holder, () => node.sh('rm /etc/tzdata-post-hangs'));
    expect(seen, all).toBe(true);
    expect(code, all).toBe(0);
    expect(await node.sh(`grep Complete /root/other; ${INSTALLED}`)).toBe(`Complete!\n${AT_132}`);
  });

  test("an rpm at work is named by rpm's own lock", async () => {
    const node = await nodeAt131('dnf', repositories());
    await node.put('/root/kubectl.rpm', rpm('1.31', 'kubectl'));
    await node.put('/root/kubelet.rpm', rpm('1.31', 'kubelet'));
    await node.sh(`touch /etc/kubelet-post-hangs
setsid rpm -U --force /root/kubelet.rpm </dev/null >/root/other 2>&1 &
for left in $(seq 300); do ls /var/tmp/rpm-tmp.* >/dev/null 2>&1 && exit 0; sleep 0.1; done; cat /root/other >&2; exit 1`);
    const holder = /process \d+ \(rpm -U .*\) holds \/var\/lib\/rpm\/\.rpm\.lock/;
    const { seen, code, all } = await applyWhileLocked(node, holder, () => node.sh('rm /etc/kubelet-post-hangs'));
    expect(seen, all).toBe(true);
    expect(code, all).toBe(0);
    expect(await node.sh(INSTALLED)).toBe(AT_132);
  });

  test('a lock file whose process id belongs to another program now is named: dnf itself would wait for it', async () => {
    const node = await nodeAt131('dnf', repositories());
    await node.sh(`cat >/root/other <<'END'
echo $$ >/var/lib/dnf/rpmdb_lock.pid
while [ ! -e /root/release ]; do sleep 0.1; done
END
setsid sh /root/other </dev/null >/dev/null 2>&1 &
for left in $(seq 100); do [ ! -s /var/lib/dnf/rpmdb_lock.pid ] || exit 0; sleep 0.1; done; exit 1`);
    const holder = /process \d+ \(sh \/root\/other\) holds \/var\/lib\/dnf\/rpmdb_lock\.pid/;
    const { seen, code, all } = await applyWhileLocked(node, holder, () => node.sh('touch /root/release'));
    expect(seen, all).toBe(true);
    expect(code, all).toBe(0);
  });

  test('a key that did not sign the index: the section stays as it was, and the step says why', async () => {
    const node = await nodeAt131('dnf', repositories());
    repositories().replace('v1.32/rpm/repodata/repomd.xml.key', repositories().keys.other);
    const { code, all } = await apply(node);
    expect(code).toBe(1);
    expect(all).toContain('GPG signature verification error');
    expect(all).toContain('the old one is put back');
    expect(await node.sh(`cat ${folder}/kubernetes.repo; ls ${folder}`)).toBe(
      `${section('dnf', repositories().url, '1.31')}kubernetes.repo\nos.repo\n`,
    );
    repositories().restore();
    const again = await apply(node, UPGRADE, '--new');
    expect(again.code, again.all).toBe(0);
    expect(await node.sh(INSTALLED)).toBe(AT_132);
  });

  test('packages that another key has signed are not installed, and every lock is back', async () => {
    const node = await nodeAt131('dnf', repositories());
    await node.sh(
      `sed -i 's/^repo_gpgcheck=1/repo_gpgcheck=0/' ${folder}/kubernetes.repo; rpm -e gpg-pubkey 2>/dev/null`,
    );
    repositories().replace('v1.32/rpm/repodata/repomd.xml.key', repositories().keys.other);
    const { code, all } = await apply(node);
    expect(code).toBe(1);
    expect(all).toContain('GPG check FAILED');
    expect(await node.sh(`${INSTALLED}; ${locks}`)).toBe(`${AT_131}${locked['1.31']}`);
  });

  test("an expired copy of the key in rpm's database is no obstacle; an expired one at the repository is named", async () => {
    const node = await nodeAt131('dnf', repositories(), { key: repositories().keys.expired });
    repositories().replace('v1.32/rpm/repodata/repomd.xml.key', repositories().keys.expired);
    const { code, all } = await apply(node);
    expect(code).toBe(1);
    expect(all).toMatch(/the signing key http\S+ expired on 20\d\d-/);
    repositories().restore();
    const again = await apply(node, UPGRADE, '--new');
    expect(again.code, again.all).toBe(0);
    expect(await node.sh(INSTALLED)).toBe(AT_132);
  });

  test('a script of a package that fails: told, and the package counts as installed as rpm has it', async () => {
    const node = await nodeAt131('dnf', repositories());
    await node.sh('touch /etc/kubelet-post-fails');
    const { code, all } = await apply(node);
    expect(code, all).toBe(0);
  });

  function rpm(minor: string, name: string): Buffer {
    const found = repositories()
      .rpms(minor)
      .find((file) => file.name.startsWith(`${name}-1.`));
    if (!found) throw new Error(`no ${name} for ${minor}`);
    return found.bytes;
  }
});
