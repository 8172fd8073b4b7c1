import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { askScript, type KubeadmQuestion } from '../../src/facts/lib/ask-kubeadm.ts';
import { parseAnswer } from '../../src/facts/target-kubeadm.ts';
import { prefetchFolder } from '../../src/packages/lib/work.ts';

const SECRET = 'pa55word';
const pod = (flag: string) => `apiVersion: v1
kind: Pod
metadata:
  labels:
    component: kube-apiserver
  name: kube-apiserver
  namespace: kube-system
spec:
  containers:
  - command:
    - kube-apiserver
    - --${flag}
    env:
    - name: TOKEN
      value: ${SECRET}
    image: registry.k8s.io/kube-apiserver:v1.32.9
    name: kube-apiserver
`;
const heading = '[dryrun] Would write file "/etc/kubernetes/manifests/kube-apiserver.yaml" with content:\n';
const objects = `[dryrun] Would perform action UPDATE on resource "configmaps" in API group "core/v1"
[dryrun] Attached object:
\tapiServer: {extraEnvs: [{name: TOKEN, value: ${SECRET}-of-the-object}]}
`;

/** A machine of a few folders, with a package whose kubeadm is a script. */
function machine(body: string) {
  const root = mkdtempSync(join(tmpdir(), 'runbook-ask-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const folders = { cache: join(root, 'cache'), tmp: join(root, 'kubeadm-tmp'), bin: join(root, 'bin') };
  mkdirSync(folders.bin);
  writeFileSync(join(root, 'program'), `#!/bin/sh\ncase $1 in version) echo v1.32.9; exit ;; esac\n${body}\n`);
  const here = (script: string) =>
    script.replaceAll(prefetchFolder, folders.cache).replaceAll('/etc/kubernetes/tmp', folders.tmp);
  return {
    ...folders,
    unpack: `mkdir -p "$work/kubeadm/usr/bin" && cp ${root}/program "$work/kubeadm/usr/bin/kubeadm" && chmod 755 "$work/kubeadm/usr/bin/kubeadm"`,
    start: (question: KubeadmQuestion) =>
      execa('/bin/sh', {
        input: here(askScript(question, 'one')),
        reject: false,
        extendEnv: false,
        env: { PATH: [folders.bin, '/usr/bin', '/bin'].join(delimiter), ROOT: root, TMP: folders.tmp },
      }),
    left: () => (existsSync(folders.cache) ? readdirSync(folders.cache) : []),
  };
}

const dryRun = {
  id: 'dry-run',
  command: 'kubeadm upgrade apply v1.32.9 --dry-run',
  words: 'upgrade apply --dry-run',
} as const;
const commands = new Map([[dryRun.id, dryRun.command]]);
const asking = (unpack: string, limit = 20): KubeadmQuestion => ({
  release: '1.32.9',
  unpack,
  calls: [{ ...dryRun, limit }],
});

describe('asking a kubeadm that is not installed', () => {
  test.each([
    ['of 1.31, with tabs', (text: string) => text.replaceAll(/^(?=.)/gm, '\t')],
    ['of 1.32', (text: string) => text],
  ])('keeps of a dry run %s the manifests alone, and no value of a variable', async (_, form) => {
    const node = machine(`cat <<'END'\n[upgrade] x\n${heading}${form(pod('audit-log-path=/x'))}${objects}END`);
    const { stdout } = await node.start(asking(node.unpack));
    expect(stdout).not.toContain('of-the-object');
    const answer = parseAnswer(stdout, commands);
    expect(answer.manifests?.['kube-apiserver']?.flags).toEqual([{ name: 'audit-log-path', value: '/x' }]);
    expect(answer).toMatchObject({ manifestsBy: 'dry-run', calls: [{ id: 'dry-run', ended: 'done', said: [] }] });
    expect(JSON.stringify(answer)).not.toContain(SECRET);
    expect(existsSync(node.cache)).toBe(false);
  });

  test("takes away what kubeadm's dry run leaves in its own folder, and nothing that was there before", async () => {
    const node = machine(
      'mkdir $TMP/kubeadm-upgrade-dryrun2 $TMP/kubeadm-kubelet-config2 $TMP/kubeadm-kubelet-config3; touch $TMP/kubeadm-kubelet-config3/config.yaml',
    );
    mkdirSync(join(node.tmp, 'kubeadm-upgrade-dryrun1'), { recursive: true });
    mkdirSync(join(node.tmp, 'kubeadm-kubelet-config1'));
    mkdirSync(node.cache);
    await node.start(asking(node.unpack));
    expect(readdirSync(node.tmp).toSorted()).toEqual([
      'kubeadm-kubelet-config1',
      'kubeadm-kubelet-config3',
      'kubeadm-upgrade-dryrun1',
    ]);
    expect(node.left()).toEqual([]);
    expect(existsSync(node.cache)).toBe(true);
  });

  test('ends one that hangs, and says so', async () => {
    const node = machine('exec sleep 1000');
    const { stdout } = await node.start(asking(node.unpack, 1));
    expect(parseAnswer(stdout, commands).calls).toEqual([
      { id: 'dry-run', command: dryRun.command, ended: 'timed-out', said: [] },
    ]);
    expect(node.left()).toEqual([]);
  });

  test.each(['SIGTERM', 'SIGHUP'] as const)('leaves no folder behind when it is ended by %s', async (signal) => {
    const node = machine('echo begun >"$ROOT/begun"; exec sleep 0.2');
    const running = node.start(asking(node.unpack));
    await expect.poll(() => existsSync(join(node.bin, '..', 'begun'))).toBe(true);
    running.kill(signal);
    await running;
    expect(node.left()).toEqual([]);
  });

  test('quotes the errors of one that fails, but not the patch that it prints', async () => {
    const node = machine(
      `cat >&2 <<'END'
error execution phase preflight: [preflight] Some fatal errors occurred:
\t[ERROR CoreDNSUnsupportedPlugins]: start version '1.9' not supported
\t[WARNING Swap]: swap is on
could not apply the following patch to target "kube-apiserver":
[{"op":"add","value":"${SECRET}"}]
[preflight] If you know what you are doing, you can make a check non-fatal
END
exit 2`,
    );
    const { stdout } = await node.start(asking(node.unpack));
    expect(parseAnswer(stdout, commands).calls).toEqual([
      {
        id: 'dry-run',
        command: dryRun.command,
        ended: 'failed',
        said: [
          'error execution phase preflight: [preflight] Some fatal errors occurred:',
          "[ERROR CoreDNSUnsupportedPlugins]: start version '1.9' not supported",
          'could not apply the following patch to target "kube-apiserver":',
        ],
      },
    ]);
  });

  test.each([
    ['has no package', () => ':', 'no package of kubeadm 1.32.9 is there'],
    ['cannot be unpacked', () => 'echo No space left on device >&2; exit 2', 'No space left on device'],
    [
      'may not run from there',
      (unpack: string) => `${unpack}; chmod 644 "$work/kubeadm/usr/bin/kubeadm"`,
      'which may be mounted noexec',
    ],
  ])('says why where it %s', async (_, unpack, why) => {
    const node = machine('exit 1');
    const { stdout, exitCode } = await node.start(asking(unpack(node.unpack)));
    expect(exitCode).toBe(0);
    expect(parseAnswer(stdout, commands).unusable).toContain(why);
    expect(existsSync(node.cache)).toBe(false);
  });

  test('uses the installed one where it is of just that release, and clears away what a killed one left', async () => {
    const node = machine('exit 1');
    writeFileSync(join(node.bin, 'kubeadm'), '#!/bin/sh\n[ "$1" != version ] || echo v1.32.9\n');
    chmodSync(join(node.bin, 'kubeadm'), 0o755);
    mkdirSync(join(node.cache, 'ask.old'), { recursive: true });
    writeFileSync(join(node.cache, 'ask.old', 'pid'), '999999999\n');
    const { stdout } = await node.start(asking('exit 1'));
    expect(parseAnswer(stdout, commands).calls).toMatchObject([{ ended: 'done' }]);
    expect(node.left()).toEqual([]);
  });
});

test('reads images, the new side of a diff, and configurations to convert', () => {
  const diff = `--- /etc/kubernetes/manifests/kube-apiserver.yaml
+++ new manifest
@@ -1,19 +1,19 @@
${pod('x')
  .replaceAll(/^(?=.)/gm, ' ')
  .replace(/^ (.*--)x$/m, '-$1profiling=false\n+$1v=2')}`;
  const plan = `COMPONENT CURRENT TARGET
API GROUP                 CURRENT VERSION   PREFERRED VERSION   MANUAL UPGRADE REQUIRED
kubeproxy.config.k8s.io   v1alpha1          v1alpha1            no
kubelet.config.k8s.io     v1alpha1          v1beta1             yes
`;
  const framed = (id: string, out: string) => `call: ${id} 0\n${out.trimEnd().replaceAll(/^/gm, 'out: ')}\n`;
  const images = 'I1129 remote version is much newer\nregistry.k8s.io/etcd:3.5.24-0\n';
  const answer = parseAnswer(framed('images', images) + framed('plan', plan) + framed('diff', diff), new Map());
  expect(answer).toMatchObject({
    images: ['registry.k8s.io/etcd:3.5.24-0'],
    toConvert: ['kubelet.config.k8s.io'],
    manifestsBy: 'diff',
    manifests: {
      'kube-apiserver': { flags: [{ name: 'v', value: '2' }], image: 'registry.k8s.io/kube-apiserver:v1.32.9' },
    },
  });
  expect(parseAnswer('', new Map()).unusable).toBe('it gave no answer');
});
