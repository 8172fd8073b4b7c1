import { describe, expect, it } from 'vitest';
import { packageFacts as facts, packageStep as step } from './package-steps.ts';
import { fakeLab } from './rig.ts';

const rocky = { controlPlanes: 1, workers: 1, rocky: ['worker-1'] };

describe('a Rocky Linux node of the lab', () => {
  it('is read through rpm and dnf', async () => {
    const { run } = await fakeLab(rocky);
    expect(await facts(run)).toMatchObject({
      os: { id: 'rocky', packageManager: 'dnf' },
      packages: {
        manager: 'dnf',
        held: ['kubeadm', 'kubectl', 'kubelet'],
        installed: { kubelet: { revision: '1.31.9-150500.1.1', status: 'ii' } },
      },
      repository: { sources: [{ format: 'repo', minor: '1.31', section: { id: 'kubernetes', first: 1 } }] },
      offered: {
        '1.32': {
          revisions: { kubeadm: ['1.32.10-150500.1.1', '1.32.9-150500.1.1', '1.32.4-150500.1.1', '1.32.0-150500.1.1'] },
        },
        '1.40': { error: expect.stringContaining('404') },
      },
      binaries: { kubelet: '1.31.9' },
    });
    expect((await run('worker-1', 'apt-get update')).code).toBe(127);
    expect((await run('cp-1', 'dnf --version')).code).toBe(127);
  });

  it('gets its repository switched, the release installed in spite of excludes, and its version locks back', async () => {
    const { run, lab } = await fakeLab(rocky);
    for (const [name, given] of [
      ['package-repo', { version: '1.32.9' }],
      ['install-packages', { packages: ['kubeadm'], version: '1.32.9' }],
      ['install-packages', { packages: ['kubelet', 'kubectl'], version: '1.32.9' }],
    ] as const) {
      const now = step(name, given, await facts(run));
      expect(now.unsupported).toBeUndefined();
      expect(now.isDone().done).toBe(false);
      expect(await run('worker-1', now.script())).toMatchObject({ code: 0 });
      expect(step(name, given, await facts(run)).isDone()).toMatchObject({ done: true });
    }
    const file = (await run('worker-1', 'cat /etc/yum.repos.d/*; ls /etc/yum.repos.d')).stdout;
    expect(file).toBe(
      '[kubernetes]\nname=Kubernetes\nbaseurl=https://pkgs.k8s.io/core:/stable:/v1.32/rpm/\nenabled=1\ngpgcheck=1\ngpgkey=https://pkgs.k8s.io/core:/stable:/v1.32/rpm/repodata/repomd.xml.key\nexclude=kubelet kubeadm kubectl cri-tools kubernetes-cni\nkubernetes.repo\n',
    );
    expect((await run('worker-1', 'dnf -q versionlock list')).stdout).toBe(
      'kubeadm-0:1.32.9-150500.1.1.*\nkubectl-0:1.32.9-150500.1.1.*\nkubelet-0:1.32.9-150500.1.1.*\n',
    );
    expect((await lab.state()).nodes[1]).toMatchObject({
      repoMinor: '1.32',
      packages: { kubelet: '1.32.9', 'kubernetes-cni': '1.6.0' },
      held: ['kubeadm', 'kubectl', 'kubelet'],
    });
  });

  it('keeps its repository where the new one cannot be read', async () => {
    const { run } = await fakeLab(rocky);
    const before = (await run('worker-1', 'cat /etc/yum.repos.d/*; ls /etc/yum.repos.d')).stdout;
    const { code, stderr } = await run(
      'worker-1',
      step('package-repo', { version: '1.40.0' }, await facts(run)).script(),
    );
    expect(code).toBe(1);
    expect(stderr).toContain("Failed to download metadata for repo 'kubernetes'");
    expect(stderr).toContain('the old one is put back');
    expect((await run('worker-1', 'cat /etc/yum.repos.d/*; ls /etc/yum.repos.d')).stdout).toBe(before);
  });

  it('has its locks back after an install that failed', async () => {
    const { run } = await fakeLab(rocky);
    const machine = await facts(run);
    const { code, stderr } = await run(
      'worker-1',
      step('install-packages', { packages: ['kubeadm'], version: '1.32.9' }, machine).script(),
    );
    expect(code).toBe(1);
    expect(stderr).toContain('Unable to find a match: kubeadm-1.32.9-150500.1.1');
    expect((await facts(run)).packages?.held).toEqual(['kubeadm', 'kubectl', 'kubelet']);
  });

  it('removes what it has fetched after the next transaction, but for what was fetched to be kept', async () => {
    const { run } = await fakeLab(rocky);
    const fetch = 'dnf -y --disableexcludes=kubernetes --disableplugin=versionlock install --downloadonly';
    const archives = async () => (await run('worker-1', 'ls /var/cache/dnf/*/packages')).stdout.match(/kube\w+-1/g);
    await run('worker-1', 'sed -i s/v1.31/v1.32/ /etc/yum.repos.d/kubernetes.repo');
    await run('worker-1', `${fetch} kubectl-1.32.9; ${fetch} --setopt=keepcache=1 kubelet-1.32.9 kubeadm-1.32.9`);
    expect(await archives()).toEqual(['kubeadm-1', 'kubectl-1', 'kubelet-1']);
    const install = 'dnf -y --disableexcludes=kubernetes --disableplugin=versionlock install kubeadm-1.32.9';
    expect((await run('worker-1', install)).code).toBe(0);
    expect(await archives()).toEqual(['kubelet-1']);
  });

  it('keeps excluded and locked packages from a general update', async () => {
    const { run, lab } = await fakeLab(rocky);
    await run('worker-1', 'sed -i s/v1.31/v1.32/ /etc/yum.repos.d/kubernetes.repo; dnf -y update');
    expect((await run('worker-1', 'dnf -y install kubelet-1.32.9')).stderr).toContain(
      'filtered out by exclude filtering',
    );
    expect((await run('worker-1', 'dnf -y --disableexcludes=kubernetes install kubelet-1.32.9')).code).toBe(1);
    expect((await lab.state()).nodes[1]?.packages['kubelet']).toBe('1.31.9');
  });
});
