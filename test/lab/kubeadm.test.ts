import { describe, expect, it } from 'vitest';
import type { Run } from './rig.ts';
import { fakeLab } from './rig.ts';

function install(run: Run, node: string, version: string, packages = 'kubeadm') {
  const minor = version.split('.').slice(0, 2).join('.');
  const wanted = packages.split(' ').map((name) => `${name}=${version}-1.1`);
  return run(
    node,
    `sed -i 's#/v1\\.[0-9]*/#/v${minor}/#' /etc/apt/sources.list.d/kubernetes.list; apt-get update -qq; apt-mark unhold ${packages};
     apt-get -y -qq --allow-downgrades -o Dpkg::Options::=--force-confold install ${wanted.join(' ')} && apt-mark hold ${packages}`,
  );
}

describe('kubeadm in the lab', () => {
  it('lists images by a ClusterConfiguration, and takes no other flag beside it', async () => {
    const { run } = await fakeLab({ workers: 0 });
    const parts = ['dns: { imageRepository: my.repo/dns }', 'etcd: { local: { imageTag: 3.5.26-0 } }'];
    const file = ['kubernetesVersion: v1.31.9', 'imageRepository: my.repo:5000/k8s', ...parts].join('\n');
    const list = `printf '${file}\n' >/tmp/c.yaml; kubeadm config images list --config=/tmp/c.yaml`;
    const { stdout } = await run('cp-1', list);
    expect(stdout).toContain('my.repo:5000/k8s/kube-proxy:v1.31.9\n');
    expect(stdout).toContain('my.repo/dns/coredns:v1.11.3\n');
    expect(stdout).toContain('my.repo:5000/k8s/etcd:3.5.26-0\n');
    const mixed = await run('cp-1', `${list} --image-repository=x`);
    expect(mixed).toMatchObject({ code: 1 });
    expect(mixed.stderr).toContain("can not mix '--config' with arguments [image-repository]");
  });

  it('shows by a diff and by a dry run the flags of the ClusterConfiguration, as it would write them', async () => {
    const { run, lab } = await fakeLab({ controlPlanes: 1, workers: 0 });
    lab.world.cluster.extras.extraArgs = { 'kube-scheduler': { profiling: 'false' } };
    await install(run, 'cp-1', '1.32.9');
    const diff = await run('cp-1', 'kubeadm upgrade diff v1.32.9');
    expect(diff.stdout).toContain('+    - --profiling=false\n');
    const dry = await run('cp-1', 'kubeadm upgrade apply -y v1.32.9 --dry-run');
    expect(dry.stdout).toContain('    - --profiling=false\n');
    await run('cp-1', 'kubeadm upgrade apply -y v1.32.9');
    expect((await run('cp-1', 'cat /etc/kubernetes/manifests/kube-scheduler.yaml')).stdout).toContain(
      '--profiling=false',
    );
  });

  it('shows by a diff and by a dry run what it would write, changes nothing, and is struck only by a fault for dry runs', async () => {
    const { run, lab } = await fakeLab({ controlPlanes: 1, workers: 0 });
    await install(run, 'cp-1', '1.32.9');
    const before = await run('cp-1', 'cat /etc/kubernetes/manifests/*; ls /etc/kubernetes/tmp');
    const diff = await run('cp-1', 'kubeadm upgrade diff v1.32.9 --context-lines=0');
    expect(diff.stdout).toContain(`--- /etc/kubernetes/manifests/kube-scheduler.yaml
+++ new manifest
@@ -17 +17 @@
-    image: registry.k8s.io/kube-scheduler:v1.31.9
+    image: registry.k8s.io/kube-scheduler:v1.32.9
`);
    lab.addFault('cp-1', { on: /^kubeadm upgrade apply/, effect: { kind: 'exit', code: 1 }, times: 1 });
    const dry = 'KUBEADM_UPGRADE_DRYRUN_DIR=/tmp/dry kubeadm upgrade apply -y v1.32.9 --dry-run';
    const tried = await run('cp-1', dry);
    expect(tried).toMatchObject({ code: 0 });
    expect(tried.stdout).toMatch(
      /^\[dryrun\] Would write file "\/etc\/kubernetes\/manifests\/kube-apiserver\.yaml" with content:\napiVersion: v1$/m,
    );
    expect(await run('cp-1', 'cat /etc/kubernetes/manifests/*; ls /etc/kubernetes/tmp')).toEqual(before);
    lab.addFault('cp-1', { on: /--dry-run/, effect: { kind: 'exit', code: 3 }, times: 1 });
    expect(await run('cp-1', dry)).toMatchObject({ code: 3 });
    expect(await run('cp-1', 'kubeadm upgrade apply -y v1.32.9')).toMatchObject({ code: 1 });
  });

  it('before 1.28 upgrades the addons with the first control plane, and before 1.24 names the kubelet ConfigMap by its minor', async () => {
    const { run, lab } = await fakeLab({ controlPlanes: 2, workers: 0, kubernetes: '1.20.15' });
    // No repository has these any more.
    Object.assign(lab.world, { releases: new Set(['1.21.14']) });
    for (const machine of lab.world.machines)
      machine.install('kubeadm', { revision: '1.21.14-1.1', state: 'i', held: true });
    const applied = await run('cp-1', 'kubeadm upgrade apply -y v1.21.14');
    expect(applied).toMatchObject({ code: 0 });
    expect(applied.stdout).toContain(
      'Creating a ConfigMap "kubelet-config-1.21" in namespace kube-system with the configuration for the kubelets in the cluster',
    );
    expect(applied.stdout).toContain('[addons] Applied essential addon: kube-proxy');
    expect(applied.stdout).not.toContain('Skipping upgrade of addons');
    const { cluster, nodes } = await lab.state();
    expect([cluster.version, cluster.kubeProxy]).toEqual(['1.21.14', '1.21.14']);
    expect(nodes.map((node) => node.staticPods['kube-apiserver'])).toEqual(['1.21.14', '1.20.15']);
    const second = await run('cp-2', 'kubeadm upgrade node');
    expect(second).toMatchObject({ code: 0 });
    expect(second.stdout).not.toContain('addon');
  });

  it('upgrades the static pods of one control plane only, and the addons with the last one', async () => {
    const { run, lab } = await fakeLab({ controlPlanes: 2, workers: 0 });
    await install(run, 'cp-1', '1.32.9');
    const applied = await run('cp-1', 'kubeadm upgrade apply -y v1.32.9');
    expect(applied).toMatchObject({ code: 0 });
    expect(applied.stdout).toContain('SUCCESS! A control plane node of your cluster was upgraded to "v1.32.9"');
    const half = await lab.state();
    expect(half.nodes.map((node) => node.staticPods['kube-apiserver'])).toEqual(['1.32.9', '1.31.9']);
    expect([half.cluster.version, half.cluster.kubeProxy]).toEqual(['1.32.9', '1.31.9']);
    await install(run, 'cp-2', '1.32.9');
    expect(await run('cp-2', 'kubeadm upgrade node')).toMatchObject({ code: 0 });
    const whole = await lab.state();
    expect(whole.nodes.map((node) => node.staticPods['kube-scheduler'])).toEqual(['1.32.9', '1.32.9']);
    expect(whole.cluster.kubeProxy).toBe('1.32.9');
    const manifest = await run('cp-2', 'grep image: /etc/kubernetes/manifests/kube-apiserver.yaml');
    expect(manifest.stdout.trim()).toBe('image: registry.k8s.io/kube-apiserver:v1.32.9');
  });

  it.each([
    ['a skipped minor', '1.33.4', 'v1.33.4', /is too high; kubeadm can upgrade only 1 minor version at a time/],
    ['a target newer than itself', '1.32.4', 'v1.32.9', /is higher than the kubeadm version "v1\.32\.4"/],
    [
      'a target of a newer minor than its own',
      '1.31.9',
      'v1.32.9',
      /at least one minor release higher than the kubeadm minor release \(32 > 31\)/,
    ],
    ['a downgrade', '1.30.4', 'v1.30.4', /can't downgrade/],
  ])('refuses %s', async (_, own, target, message) => {
    const { run, lab } = await fakeLab({ controlPlanes: 1, workers: 1 });
    await install(run, 'cp-1', own);
    const refused = await run('cp-1', `kubeadm upgrade apply -y ${target}`);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(message);
    expect((await lab.state()).nodes[0]?.staticPods['kube-apiserver']).toBe('1.31.9');
  });

  it.each([
    [
      'kube-apiserver.yaml.bak',
      1,
      '1.31.9',
      /hash for component kube-apiserver on Node cp-1 did not change after 5m0s/,
    ],
    ['kube-apiserver-old.yaml', 0, '1.32.9', /^$/],
    ['.kube-apiserver.yaml.swp', 0, '1.32.9', /^$/],
  ])('waits for a pod that the kubelet runs, not for its manifest: beside %s', async (copy, code, version, message) => {
    const { run, lab } = await fakeLab({ controlPlanes: 1, workers: 0 });
    await run('cp-1', `cd /etc/kubernetes/manifests && cp kube-apiserver.yaml ${copy}`);
    await install(run, 'cp-1', '1.32.9');
    const applied = await run('cp-1', 'kubeadm upgrade apply -y v1.32.9');
    expect(applied.code, applied.stderr).toBe(code);
    expect(applied.stderr).toMatch(message);
    expect((await lab.state()).nodes[0]?.staticPods['kube-apiserver']).toBe(version);
  });

  it('runs the copy of another release once the kubelet sees it', async () => {
    const { run, lab, clock } = await fakeLab({ controlPlanes: 1, workers: 0 });
    await run(
      'cp-1',
      "cd /etc/kubernetes/manifests && sed 's/v1.31.9/v1.31.4/' kube-scheduler.yaml >kube-scheduler.yaml.old",
    );
    await clock.run(clock.sleep(5000));
    expect((await lab.state()).nodes[0]?.staticPods['kube-scheduler']).toBe('1.31.4');
  });

  it('needs an answer without -y, a kubeconfig, and root', async () => {
    const { run } = await fakeLab({ controlPlanes: 1, workers: 1 });
    expect((await run('cp-1', 'kubeadm upgrade apply v1.31.9')).stderr).toContain("the user didn't answer (Y|y)");
    expect((await run('worker-1', 'kubeadm upgrade apply -y v1.31.9')).stderr).toContain(
      'admin.conf: no such file or directory',
    );
    expect((await run('cp-1', 'kubeadm upgrade plan v1.31.9', 1000)).stderr).toContain('permission denied');
  });

  it('does not upgrade a node that is older than the cluster with an older kubeadm', async () => {
    const { run } = await fakeLab({ controlPlanes: 1, workers: 1 });
    await install(run, 'cp-1', '1.32.9');
    await run('cp-1', 'kubeadm upgrade apply -y v1.32.9');
    expect((await run('worker-1', 'kubeadm upgrade node')).code).toBe(1);
  });
});

describe('the kubelet in the lab', () => {
  it('runs the old version until it is restarted, then is NotReady, then Ready with the new one', async () => {
    const { run, lab, clock } = await fakeLab({ controlPlanes: 1, workers: 0 });
    await install(run, 'cp-1', '1.32.9');
    await run('cp-1', 'kubeadm upgrade apply -y v1.32.9');
    await install(run, 'cp-1', '1.32.9', 'kubelet kubectl');
    const seen = async () => (await run('cp-1', "kubectl get nodes --no-headers | awk '{print $2, $5}'")).stdout.trim();
    expect((await lab.state()).nodes[0]?.kubeletRunning).toBe('1.31.9');
    expect(await seen()).toBe('Ready v1.31.9');
    await run('cp-1', 'systemctl daemon-reload; systemctl restart kubelet');
    await clock.advance(1200);
    expect(await seen()).toBe('NotReady v1.32.9');
    await clock.advance(1000);
    expect(await seen()).toBe('Ready v1.32.9');
  });

  it('cannot start pods when it is newer than an API server', async () => {
    const { run, clock } = await fakeLab({ controlPlanes: 1, workers: 1 });
    await install(run, 'worker-1', '1.32.9', 'kubelet');
    await run('worker-1', 'systemctl restart kubelet');
    await clock.advance(5000);
    expect((await run('cp-1', 'kubectl get node worker-1 --no-headers')).stdout).toContain('NotReady');
  });

  it('goes unknown when it is stopped for long, its Lease not renewed', async () => {
    const { run, clock } = await fakeLab({ controlPlanes: 1, workers: 1 });
    await run('worker-1', 'systemctl stop kubelet');
    const lease = "kubectl -n kube-node-lease get lease worker-1 -o jsonpath='{.spec.renewTime}'";
    const before = (await run('cp-1', lease)).stdout;
    expect((await run('cp-1', 'kubectl get node worker-1 --no-headers')).stdout).toContain(' Ready');
    await clock.advance(60_000);
    expect((await run('cp-1', 'kubectl get node worker-1 --no-headers')).stdout).toContain('NotReady');
    expect((await run('cp-1', lease)).stdout).toBe(before);
  });
});
