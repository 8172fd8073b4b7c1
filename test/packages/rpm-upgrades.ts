import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeBase } from './node.ts';
import { AT_131, AT_132, INSTALLED, KINDS, nodeAt131, section } from './rpm-node.ts';
import { startRpmRepositories, type RpmRepositories } from './rpm-repository.ts';
import { AHEAD, apply, startApply, UPGRADE } from './steps.ts';

/** Repositories for the tests of a file, as they were before each. */
export function rpmRepositories(kind: 'dnf' | 'zypper'): () => RpmRepositories {
  let repositories: RpmRepositories;
  beforeAll(async () => {
    makeBase(kind);
    repositories = await startRpmRepositories();
  }, 600_000);
  afterAll(async () => repositories.stop());
  beforeEach(() => {
    repositories.restore();
    repositories.forget();
  });
  return () => repositories;
}

/** What holds with either manager. */
export function rpmUpgrades(kind: 'dnf' | 'zypper', repositories: () => RpmRepositories): void {
  const { folder, locks, locked, prefetched, cutOff } = KINDS[kind];

  test('repository, exact revisions and locks of a minor upgrade; the second run changes nothing', async () => {
    const node = await nodeAt131(kind, repositories());
    expect(await node.sh(locks)).toBe(locked['1.31']);
    const first = await apply(node);
    expect(first.code, first.all).toBe(0);
    expect(await node.sh(INSTALLED)).toBe(AT_132);
    expect(await node.sh(locks)).toBe(locked['1.32']);
    expect(await node.sh(`cat ${folder}/kubernetes.repo; ls ${folder}`)).toBe(
      `${section(kind, repositories().url, '1.32')}kubernetes.repo\nos.repo\n`,
    );
    expect(await node.sh('cd /etc/sysconfig; cat kubelet; ls')).toBe(
      'KUBELET_EXTRA_ARGS=--node-ip=10.0.0.21\nkubelet\nkubelet.rpmnew\n',
    );
    await node.sh('touch /root/mark');
    const second = await apply(node);
    expect(second.code, second.all).toBe(0);
    expect(second.all).toMatch(/3 unchanged/);
    // Reading touches the shared memory of rpm's database.
    expect(await node.sh('find /etc /usr /var/lib/rpm -newer /root/mark ! -name rpmdb.sqlite-shm')).toBe('');
  });

  test(`packages come into the cache of ${kind} while the node stays as it is, and the later install takes them from there`, async () => {
    const node = await nodeAt131(kind, repositories());
    const look = `cat ${folder}/*; ${locks}; ${INSTALLED}; rpm -qa 'gpg-pubkey*'`;
    const before = await node.sh(look);
    const fetched = await apply(node, [AHEAD]);
    expect(fetched.code, fetched.all).toBe(0);
    expect(await node.sh(look)).toBe(before);
    const rpms = () => repositories().asked.filter((path) => path.endsWith('.rpm'));
    expect(rpms().map((path) => path.replace(/.*\//, ''))).toEqual(
      expect.arrayContaining(['kubeadm-1.32.9-150500.2.1.x86_64.rpm', 'kubernetes-cni-1.6.0-150500.1.1.x86_64.rpm']),
    );
    expect(rpms()).toHaveLength(prefetched);
    expect((await apply(node, [AHEAD])).all).toMatch(/1 unchanged/);
    const upgraded = await apply(node);
    expect(upgraded.code, upgraded.all).toBe(0);
    expect(await node.sh(INSTALLED)).toBe(AT_132);
    expect(rpms()).toHaveLength(prefetched);
    expect((await apply(node, [AHEAD])).all).toMatch(/is at 1\.32\.9 already/);
  });

  test('an install that is ended at its time limit leaves every lock on, and the next run finishes it', async () => {
    const node = await nodeAt131(kind, repositories());
    await node.sh('touch /etc/kubelet-post-hangs');
    const steps = UPGRADE.map((step) => step.replace(/(kubelet, kubectl.*)}$/, '$1, timeout: 10s }'));
    const { code, all } = await apply(node, steps);
    expect(code, all).toBe(1);
    expect(all).toContain('time limit');
    await node.sh(`rm /etc/kubelet-post-hangs
for left in $(seq 200); do [ "$(${locks} | wc -l)" -lt 3 ] || exit 0; sleep 0.1; done; exit 1`);
    const again = await apply(node, UPGRADE, '--new');
    expect(again.code, again.all).toBe(0);
    expect(await node.sh(`${INSTALLED}; ${locks}`)).toBe(`${AT_132}${locked['1.32']}`);
  });

  test('an installation that is cut off leaves two versions of a package: the next one removes the older', async () => {
    const node = await nodeAt131(kind, repositories());
    await node.sh('touch /etc/kubelet-post-hangs');
    const running = startApply(node);
    await node.sh(`for left in $(seq 900); do ls /var/tmp/rpm-tmp.* >/dev/null 2>&1 && break; sleep 0.1; done
${cutOff}
rm /etc/kubelet-post-hangs`);
    const { exitCode, all } = await running;
    expect(exitCode, all).toBe(1);
    expect(await node.sh("rpm -q --qf '%{VERSION}\\n' kubelet")).toBe('1.31.9\n1.32.9\n');
    const again = await apply(node, UPGRADE, '--new');
    expect(again.code, again.all).toBe(0);
    expect(again.all).toMatch(/packages are half installed: kubelet/);
    expect(again.all).toContain(
      'an installation was interrupted earlier: removing what it has replaced: kubelet-1.31.9',
    );
    expect(await node.sh(`${INSTALLED}; ${locks}`)).toBe(`${AT_132}${locked['1.32']}`);
  });

  test('a repository that cannot be read, a release that it has not and a downgrade are refused before anything is changed', async () => {
    const node = await nodeAt131(kind, repositories());
    repositories().replace('v1.32/rpm/repodata/repomd.xml', undefined);
    const unreachable = await apply(node);
    expect(unreachable.code).toBe(3);
    expect(unreachable.all).toContain(
      'the package repository of 1.32 cannot be read from w1: curl: (22) The requested URL returned error: 404',
    );
    repositories().restore();
    const refused = await apply(node, [AHEAD.replace('1.32.9', '1.32.7')]);
    expect(refused.code).toBe(3);
    expect(refused.all).toContain('does not offer kubeadm, kubelet, kubectl 1.32.7');
    const older = await apply(node, ["{ uses: install-packages, with: { packages: [kubelet], version: '1.31.8' } }"]);
    expect(older.all).toContain('downgrades are not supported');
    expect(older.code).toBe(3);
    expect(await node.sh(`${INSTALLED}; ${locks}`)).toBe(`${AT_131}${locked['1.31']}`);
  });

  test('updates of the operating system come without Kubernetes and the runtime, and a new kernel asks for a reboot', async () => {
    const node = await nodeAt131(kind, repositories());
    const { code, all } = await apply(node, ['uses: os-upgrade']);
    expect(code, all).toBe(0);
    expect(await node.sh(`rpm -q tzdata containerd.io kernel-core; ${INSTALLED}; ${locks}`)).toBe(
      `tzdata-1.1-1.x86_64\ncontainerd.io-1.0-1.x86_64\nkernel-core-1.1-1.x86_64\n${AT_131}${locked['1.31']}`,
    );
    const second = await apply(node, ['uses: os-upgrade']);
    expect(second.all).toMatch(/1 unchanged.*|no update is pending but of containerd\.io/);
  });
}
