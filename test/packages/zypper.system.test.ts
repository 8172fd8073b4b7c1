import { describe, expect, test } from 'vitest';
import { missingFor } from './node.ts';
import { AT_132, INSTALLED, KINDS, nodeAt131, section } from './rpm-node.ts';
import { rpmRepositories, rpmUpgrades } from './rpm-upgrades.ts';
import { apply, applyWhileLocked, UPGRADE } from './steps.ts';

const { folder, locks, locked } = KINDS.zypper;

const missing = missingFor('zypper');
describe.skipIf(missing !== '')(`real zypper and rpm${missing}`, () => {
  const repositories = rpmRepositories('zypper');
  rpmUpgrades('zypper', repositories);

  test('a zypper at work is named, waited for, and left alone', async () => {
    const node = await nodeAt131('zypper', repositories());
    await node.sh(`touch /etc/tzdata-post-hangs
setsid zypper --non-interactive install --force tzdata </dev/null >/root/other 2>&1 &
for left in $(seq 300); do ls /var/tmp/rpm-tmp.* >/dev/null 2>&1 && exit 0; sleep 0.1; done; cat /root/other >&2; exit 1`);
    const holder = /waiting up to 5 minutes: process \d+ \(zypper .*\) holds \/run\/zypp\.pid/;
    const { seen, code, all } = await applyWhileLocked(node, holder, () => node.sh('rm /etc/tzdata-post-hangs'));
    expect(seen, all).toBe(true);
    expect(code, all).toBe(0);
    expect(await node.sh(`grep -c done /root/other >/dev/null; ${INSTALLED}`)).toBe(AT_132);
  });

  test('an index that no known key has signed: the section stays as it was, and no key is left', async () => {
    const node = await nodeAt131('zypper', repositories());
    await node.sh('rpm -e gpg-pubkey 2>/dev/null');
    repositories().replace('v1.32/rpm/repodata/repomd.xml.key', repositories().keys.other);
    const { code, all } = await apply(node);
    expect(code).toBe(1);
    expect(all).toContain('is signed with an unknown key');
    expect(all).toContain('the old one is put back');
    expect(await node.sh(`cat ${folder}/kubernetes.repo; ls ${folder}; rpm -qa 'gpg-pubkey*'`)).toBe(
      `${section('zypper', repositories().url, '1.31')}kubernetes.repo\nos.repo\n`,
    );
    repositories().restore();
    const again = await apply(node, UPGRADE, '--new');
    expect(again.code, again.all).toBe(0);
    expect(await node.sh(INSTALLED)).toBe(AT_132);
  });

  test('a key that has come to its end is no obstacle: rpm and libzypp take it', async () => {
    const node = await nodeAt131('zypper', repositories(), { key: repositories().keys.expired });
    repositories().replace('v1.32/rpm/repodata/repomd.xml.key', repositories().keys.expired);
    const { code, all } = await apply(node);
    expect(code, all).toBe(0);
    expect(await node.sh(INSTALLED)).toBe(AT_132);
  });

  test("a package's script that fails fails the step, and every lock is back", async () => {
    const node = await nodeAt131('zypper', repositories());
    await node.sh('touch /etc/kubelet-post-fails');
    const { code, all } = await apply(node);
    expect(code).toBe(1);
    expect(all).toContain('%post(kubelet-1.32.9-150500.1.1.x86_64) scriptlet failed, exit status 7');
    expect(await node.sh(`${INSTALLED}; ${locks}`)).toBe(`${AT_132}${locked['1.32']}`);
  });
});
