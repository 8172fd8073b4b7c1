import { describe, expect, it } from 'vitest';
import { holdPackageLock, releasePackageLock } from '../../src/lab/package-locks.ts';
import { machineNamed } from '../../src/lab/world.ts';
import { packageFacts, packageStep } from './package-steps.ts';
import { fakeLab } from './rig.ts';

const suse = { controlPlanes: 1, workers: 1, suse: ['worker-1'] };
const UPGRADE = [
  ['package-repo', { version: '1.32.9' }],
  ['install-packages', { packages: ['kubeadm'], version: '1.32.9' }],
  ['install-packages', { packages: ['kubelet', 'kubectl'], version: '1.32.9' }],
] as const;
const FILES = 'cat /etc/zypp/repos.d/*; ls /etc/zypp/repos.d';

async function openLab() {
  const lab = await fakeLab(suse);
  const machine = machineNamed(lab.lab.world, 'worker-1');
  if (!machine) throw new Error('no worker-1');
  return { ...lab, machine };
}

describe('an openSUSE node of the lab', () => {
  it('is read through rpm, zypper and the file of its locks', async () => {
    const { run } = await openLab();
    expect(await packageFacts(run)).toMatchObject({
      os: { id: 'opensuse-leap', packageManager: 'zypper' },
      packages: {
        manager: 'zypper',
        held: ['kubeadm', 'kubectl', 'kubelet'],
        installed: { kubelet: { revision: '1.31.9-150500.1.1', status: 'ii' } },
      },
      repository: {
        sources: [{ file: '/etc/zypp/repos.d/kubernetes.repo', minor: '1.31', section: { id: 'kubernetes' } }],
      },
      offered: {
        '1.32': { revisions: { kubeadm: expect.arrayContaining(['1.32.10-150500.1.1', '1.32.9-150500.1.1']) } },
        '1.40': { error: expect.stringContaining('404') },
      },
      osUpdates: { pending: ['kernel-default', 'libopenssl3'] },
      packageState: { broken: [] },
      reboot: { required: false, reason: 'zypper sees no need' },
    });
    expect((await run('worker-1', 'apt-get update')).code).toBe(127);
    expect((await run('cp-1', 'zypper --version')).code).toBe(127);
  });

  it('gets its repository switched, the release installed in spite of locks, and the locks back', async () => {
    const { run, lab } = await openLab();
    for (const [name, given] of UPGRADE) {
      const now = packageStep(name, given, await packageFacts(run));
      expect(now.unsupported).toBeUndefined();
      expect(now.isDone().done).toBe(false);
      expect(await run('worker-1', now.script())).toMatchObject({ code: 0 });
      expect(packageStep(name, given, await packageFacts(run)).isDone()).toMatchObject({ done: true });
    }
    expect((await run('worker-1', FILES)).stdout).toBe(
      '[kubernetes]\nname=Kubernetes\nbaseurl=https://pkgs.k8s.io/core:/stable:/v1.32/rpm/\nenabled=1\ngpgcheck=1\ngpgkey=https://pkgs.k8s.io/core:/stable:/v1.32/rpm/repodata/repomd.xml.key\nkubernetes.repo\n',
    );
    expect((await run('worker-1', "sed -n 's/^solvable_name: //p' /etc/zypp/locks")).stdout).toBe(
      'kubeadm\nkubectl\nkubelet\n',
    );
    expect((await lab.state()).nodes[1]).toMatchObject({
      repoMinor: '1.32',
      packages: { kubelet: '1.32.9', 'kubernetes-cni': '1.6.0' },
      held: ['kubeadm', 'kubectl', 'kubelet'],
    });
  });

  it('imports the signing key that its section names, and nothing that zypper comes upon', async () => {
    const { run, machine } = await openLab();
    await machine.fs.rm('/var/lib/rpm/lab-keys', { force: true });
    const refused = await run('worker-1', 'zypper --non-interactive refresh kubernetes');
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('Signature verification failed') });
    const { code } = await run('worker-1', packageStep(...UPGRADE[0], await packageFacts(run)).script());
    expect(code).toBe(0);
    const calls = machine.audit.entries.map(({ line }) => line).filter((line) => /^(rpm --import|zypper)/.test(line));
    expect(calls.slice(-2)).toEqual([
      expect.stringMatching(/^rpm --import \/tmp\//),
      'zypper --non-interactive refresh --force kubernetes',
    ]);
  });

  it('keeps its repository where the new one cannot be read', async () => {
    const { run } = await openLab();
    const before = (await run('worker-1', FILES)).stdout;
    const { code, stderr } = await run(
      'worker-1',
      packageStep('package-repo', { version: '1.40.0' }, await packageFacts(run)).script(),
    );
    expect(code).toBe(4);
    expect(stderr).toContain('Valid metadata not found at specified URL');
    expect(stderr).toContain('the old one is put back');
    expect((await run('worker-1', FILES)).stdout).toBe(before);
  });

  it('has its locks back after an install that failed', async () => {
    const { run } = await openLab();
    const machine = await packageFacts(run);
    const { code, stderr } = await run('worker-1', packageStep(...UPGRADE[1], machine).script());
    expect(code).toBe(104);
    expect(stderr).toContain("No provider of 'kubeadm=1.32.9-150500.1.1' found");
    expect((await packageFacts(run)).packages?.held).toEqual(['kubeadm', 'kubectl', 'kubelet']);
  });

  it('names who holds the lock of zypp, and waits for it', async () => {
    const { clock, lab, run, start, machine } = await openLab();
    await clock.run(holdPackageLock(machine, '/usr/libexec/packagekitd'));
    expect(await run('worker-1', 'zypper --non-interactive refresh')).toMatchObject({
      code: 7,
      stderr: expect.stringContaining('System management is locked by the application with pid'),
    });
    const facts = await packageFacts(run);
    expect(facts.packageState?.lock).toMatchObject({ command: '/usr/libexec/packagekitd', file: '/run/zypp.pid' });
    const ran = start('worker-1', packageStep(...UPGRADE[0], facts).script());
    await clock.run(Promise.resolve());
    await clock.run(releasePackageLock(machine));
    expect(await clock.run(ran)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('(/usr/libexec/packagekitd) holds /run/zypp.pid'),
    });
    expect((await lab.state()).nodes[1]?.repoMinor).toBe('1.32');
  });

  it('has packages fetched past the configured repository, which the later install takes', async () => {
    const { run } = await openLab();
    const given = { version: '1.32.9', images: false };
    const { code, stderr } = await run('worker-1', packageStep('prefetch', given, await packageFacts(run)).script());
    expect(code, stderr).toBe(0);
    expect((await run('worker-1', 'ls /var/cache/zypp/packages/kubernetes/x86_64')).stdout).toContain(
      'kubelet-1.32.9-150500.1.1.x86_64.rpm',
    );
    expect((await packageFacts(run)).repository?.sources[0]?.minor).toBe('1.31');
    const known = 'zypper --non-interactive --no-refresh --xmlout search --details --match-exact kubelet';
    expect((await run('worker-1', known)).stdout).not.toContain('1.32.9');
  });

  it('gets the updates of its operating system without those of Kubernetes, and asks for a reboot', async () => {
    const { run, lab } = await openLab();
    await run('worker-1', 'sed -i s/v1.31/v1.32/ /etc/zypp/repos.d/kubernetes.repo');
    const script = packageStep('os-upgrade', {}, await packageFacts(run)).script();
    expect((await run('worker-1', script)).code).toBe(0);
    expect(await packageFacts(run)).toMatchObject({ osUpdates: { pending: [] }, reboot: { required: true } });
    expect((await lab.state()).nodes[1]?.packages['kubelet']).toBe('1.31.9');
  });
});
