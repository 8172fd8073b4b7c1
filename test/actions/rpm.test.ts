import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NodeFacts } from '../../src/facts/facts.ts';
import type { PackagesFact } from '../../src/facts/packages.ts';
import { packages } from '../../src/facts/packages.ts';
import { repository } from '../../src/facts/repository.ts';
import { Bench } from './bench.ts';
import { actionNamed, contextFor, isDone, scriptOf, type Setting } from './cluster.ts';
import { parsed } from '../facts/fixture.ts';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/rpm/${name}.txt`, import.meta.url), 'utf8');

const MIRROR = 'http://127.0.0.1:9/mirror';
const KUBELET = { packages: ['kubelet'], version: '1.32.9' };
const REVISION = '1.32.9-150500.1.1';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  const list = `case "$*" in *list*showduplicates*) cat <<'END'\n${fixture('list-showduplicates')}END\n;; esac`;
  bench.tool('dnf', list);
  bench.tool('yum', list);
});
afterEach(() => {
  bench.remove();
});

const section = (id: string, minor: string, more = 'enabled=1\n') =>
  `[${id}]\nname=Kubernetes\nbaseurl=${MIRROR}/core:/stable:/v${minor}/rpm/\n${more}gpgcheck=1\ngpgkey=${MIRROR}/core:/stable:/v${minor}/rpm/repodata/repomd.xml.key\nexclude=kubelet kubeadm kubectl cri-tools kubernetes-cni\n`;

/** Facts as they are read from the bench's files. */
function node(
  manager: NonNullable<PackagesFact['manager']>,
  held: readonly string[] = [],
  files = ['yum/k8s.repo'],
): Setting {
  const printed = files.flatMap((file) =>
    bench
      .read(file)
      .trimEnd()
      .split('\n')
      .map((line, index) => `${bench.path(file)}:${index + 1}:${line}`),
  );
  const installed = { kubelet: { revision: '1.31.9-150500.1.1', status: 'ii' } };
  const os = {
    id: 'rocky',
    idLike: ['rhel'],
    versionId: '9',
    prettyName: 'Rocky Linux 9',
    packageManager: 'dnf',
  } as const;
  const machine = (facts: NodeFacts): NodeFacts => ({
    ...facts,
    os,
    packages: { installed, held, manager },
    repository: parsed(repository, printed.join('\n')),
    offered: { '1.32': { url: '', revisions: { kubelet: ['1.32.10-150500.1.1', REVISION] } } },
  });
  return { machine };
}

describe('install-packages', () => {
  beforeEach(() => {
    bench.write('yum/k8s.repo', section('k8s', '1.32'));
  });

  test.each([
    ['dnf', 'dnf', '--disableexcludes=k8s'],
    ['dnf5', 'dnf', '--setopt=disable_excludes=k8s'],
  ] as const)(
    '%s passes over the excludes of the repository, and locks the new version again',
    (manager, program, option) => {
      const { text, commands } = scriptOf('install-packages', KUBELET, node(manager, ['kubelet', 'kubernetes-cni']));
      const { code, calls } = bench.run(text);
      expect(code).toBe(0);
      expect(calls).toEqual([
        `${program} -y -q --enablerepo=k8s ${option} list --showduplicates kubelet`,
        `${program} -q --disablerepo=* versionlock delete kubelet kubernetes-cni`,
        `${program} -y --enablerepo=k8s ${option} install kubelet-${REVISION}`,
        `${program} -q --disablerepo=* versionlock add kubelet kubernetes-cni`,
      ]);
      expect(commands).toEqual([
        `${program} -q --disablerepo='*' versionlock delete kubelet kubernetes-cni`,
        `${program} install -y ${option} kubelet-${REVISION}`,
        `${program} -q --disablerepo='*' versionlock add kubelet kubernetes-cni`,
      ]);
    },
  );

  test('yum names a lock by the whole package', () => {
    const { calls } = bench.run(scriptOf('install-packages', KUBELET, node('yum', ['kubelet'])).text);
    expect(calls.slice(1)).toEqual([
      'yum -y -q versionlock delete 0:kubelet-*',
      `yum -y --enablerepo=k8s --disableexcludes=k8s install kubelet-${REVISION}`,
      'yum -y -q versionlock add kubelet',
    ]);
  });

  test('metadata that does not know the revision is refreshed, of that repository alone', () => {
    bench.tool('dnf');
    const { calls } = bench.run(scriptOf('install-packages', KUBELET, node('dnf')).text);
    expect(calls.slice(1)).toEqual([
      'dnf -y -q --disablerepo=* --enablerepo=k8s --setopt=k8s.skip_if_unavailable=0 --refresh makecache',
      `dnf -y --enablerepo=k8s --disableexcludes=k8s install kubelet-${REVISION}`,
    ]);
  });

  test('of a package that an interrupted transaction left twice, the older one is removed first', () => {
    bench.tool(
      'rpm',
      `[ "$1" != -q ] || printf '%s\\n' 'kubelet 200 1.32.9-150500.1.1 kubelet-1.32.9-150500.1.1.x86_64' 'package kubeadm is not installed' 'kubelet 100 1.31.9-150500.1.1 kubelet-1.31.9-150500.1.1.x86_64'`,
    );
    const { code, calls, stderr } = bench.run(scriptOf('install-packages', KUBELET, node('dnf')).text);
    expect(code, stderr).toBe(0);
    expect(calls[1]).toBe('rpm -e kubelet-1.31.9-150500.1.1.x86_64');
    expect(calls.at(-1)).toContain('dnf -y');
    expect(stderr).toContain('an installation was interrupted earlier: removing what it has replaced: kubelet-1.31.9');
    bench.tool(
      'rpm',
      `[ "$1" != -e ] || exit 1; printf '%s\\n' 'kubelet 1 1-1 kubelet-1-1.x' 'kubelet 2 2-1 kubelet-2-1.x'`,
    );
    const failed = bench.run(scriptOf('install-packages', KUBELET, node('dnf')).text);
    expect(failed.code).toBe(1);
    expect(failed.calls.at(-1)).toBe('rpm -e kubelet-1-1.x');
  });

  test('when the install fails the locks are put back, and its exit code is handed on', () => {
    bench.tool('dnf', 'case "$*" in *install*) exit 1 ;; esac');
    const { code, calls } = bench.run(scriptOf('install-packages', KUBELET, node('dnf', ['kubelet'])).text);
    expect(code).toBe(1);
    expect(calls.at(-1)).toBe('dnf -q --disablerepo=* versionlock add kubelet');
  });

  test('a lock that cannot be put back fails the step and is named', () => {
    bench.tool('dnf', 'case "$*" in *"versionlock add"*) exit 4 ;; esac');
    const { code, stderr } = bench.run(scriptOf('install-packages', KUBELET, node('dnf', ['kubelet'])).text);
    expect(code).toBe(4);
    expect(stderr).toContain('these are not locked any more: kubelet');
  });

  test('excludes of the main section are passed over as well', () => {
    bench.write('dnf.conf', '[main]\nexclude=kube*\n');
    const text = scriptOf('install-packages', KUBELET, node('dnf5')).text.replace(
      '/etc/dnf/dnf.conf',
      bench.path('dnf.conf'),
    );
    expect(bench.run(text).calls.at(-1)).toBe(
      `dnf -y --enablerepo=k8s --setopt=disable_excludes=k8s --setopt=disable_excludes=main,k8s install kubelet-${REVISION}`,
    );
  });

  test('another dnf that works is named by process and command, and waited for', async () => {
    bench.tool('dnf-automatic', 'while [ -e working ]; do sleep 0.05; done');
    bench.write('working', '');
    const other = spawn(bench.path('bin', 'dnf-automatic'), { stdio: 'ignore' });
    bench.write('rpmdb_lock.pid', `${other.pid}\n`);
    // No process has that id: it is above the kernel's limit.
    bench.write('stale.pid', '99999999\n');
    // The pause between two looks is the moment at which the other one ends.
    bench.tool('sleep', '[ -z "$HELD" ] || rm -f working');
    const text = scriptOf('install-packages', KUBELET, node('dnf'))
      .text.replace('/var/lib/dnf/rpmdb_lock.pid', bench.path('rpmdb_lock.pid'))
      .replace('/var/run/yum.pid', bench.path('stale.pid'));
    const gone = new Promise((resolve) => other.once('exit', resolve));
    const { code, stderr } = await bench.start(text, { HELD: 'yes' });
    await gone;
    expect(code).toBe(0);
    expect(stderr.split('\n')[0]).toBe(
      `waiting up to 5 minutes: process ${other.pid} (/bin/sh ${bench.path('bin', 'dnf-automatic')}) holds ${bench.path('rpmdb_lock.pid')}`,
    );
  });

  test.each([
    ['versionlock-dnf4', ['kernel', 'kubeadm', 'kubelet', 'kubelet-exporter']],
    ['versionlock-dnf5', ['iftop', 'kubeadm', 'kubelet']],
    ['versionlock-yum', ['kernel', 'kubeadm', 'kubelet']],
  ])('%s tells what is locked', (name, held) => {
    const printed = fixture(name).replaceAll(/^/gm, 'locked: ');
    expect(parsed(packages, `manager: dnf5\nkubelet 1.31.9-150500.1.1 ii\n${printed}`)).toEqual({
      installed: { kubelet: { revision: '1.31.9-150500.1.1', status: 'ii' } },
      held,
      manager: 'dnf5',
    });
  });
});

describe('package-repo', () => {
  const WITH = { version: '1.32.9' };
  const METADATA = '--setopt=k8s.skip_if_unavailable=0 --refresh makecache';

  test('baseurl and key of the section move, and nothing else', () => {
    const other = '[epel]\nbaseurl=https://epel.example/core:/x\nenabled=1\n';
    bench.write('yum/k8s.repo', `${other}# v1.31\n${section('k8s', '1.31')}`);
    const { code, calls } = bench.run(scriptOf('package-repo', WITH, node('dnf')).text);
    expect(code).toBe(0);
    expect(bench.read('yum/k8s.repo')).toBe(`${other}# v1.31\n${section('k8s', '1.32')}`);
    expect(bench.files('yum')).toEqual(['./k8s.repo']);
    expect(calls).toEqual([`dnf -y -q --disablerepo=* --enablerepo=k8s ${METADATA}`]);
    expect(isDone('package-repo', WITH, node('dnf')).done).toBe(true);
  });

  test('a key that is fetched from elsewhere moves with its minor', () => {
    const text = (minor: string, base: string) =>
      section('k8s', minor)
        .replace(/gpgkey=.*\/core:/, 'gpgkey=https://keys.example/core:')
        .replace(`baseurl=${MIRROR}`, `baseurl=${base}`);
    bench.write('yum/k8s.repo', text('1.31', MIRROR));
    const setting = { ...node('dnf'), settings: { packagesBaseUrl: 'https://new.example/k8s/' } };
    expect(bench.run(scriptOf('package-repo', WITH, setting).text).code).toBe(0);
    expect(bench.read('yum/k8s.repo')).toBe(text('1.32', 'https://new.example/k8s'));
  });

  test('a section that is used by --enablerepo alone stays disabled', () => {
    bench.write('yum/k8s.repo', section('k8s', '1.31', 'enabled=0\n'));
    expect(bench.run(scriptOf('package-repo', WITH, node('dnf')).text).code).toBe(0);
    expect(bench.read('yum/k8s.repo')).toBe(section('k8s', '1.32', 'enabled=0\n'));
    expect(isDone('package-repo', WITH, node('dnf')).done).toBe(true);
  });

  test('a second and a legacy section are disabled', () => {
    bench.write('yum/k8s.repo', section('k8s', '1.31'));
    bench.write('yum/old.repo', section('old', '1.30'));
    bench.write(
      'yum/legacy.repo',
      '[kubernetes]\nbaseurl=https://packages.cloud.google.com/yum/repos/kubernetes-el7-x86_64\nenabled=1\n',
    );
    const files = ['yum/k8s.repo', 'yum/old.repo', 'yum/legacy.repo'];
    expect(bench.run(scriptOf('package-repo', WITH, node('dnf', [], files)).text).code).toBe(0);
    expect(bench.read('yum/old.repo')).toBe(section('old', '1.30', '').replace(']', ']\nenabled=0'));
    expect(bench.read('yum/legacy.repo')).toBe(
      '[kubernetes]\nenabled=0\nbaseurl=https://packages.cloud.google.com/yum/repos/kubernetes-el7-x86_64\n',
    );
    expect(isDone('package-repo', WITH, node('dnf', [], files)).done).toBe(true);
  });

  test('when the new metadata cannot be read, all is as it was', () => {
    bench.write('yum/k8s.repo', section('k8s', '1.31'));
    bench.tool('dnf', 'echo "Status code: 404" >&2; exit 1');
    const { code, stderr } = bench.run(scriptOf('package-repo', WITH, node('dnf')).text);
    expect(code).toBe(1);
    expect(stderr).toContain('the old one is put back');
    expect(bench.read('yum/k8s.repo')).toBe(section('k8s', '1.31'));
    expect(bench.files('yum')).toEqual(['./k8s.repo']);
  });

  test('where there is no source, the documented section is written', () => {
    bench.write('yum/k8s.repo', '');
    const text = scriptOf('package-repo', WITH, node('dnf')).text.replaceAll(
      '/etc/yum.repos.d/kubernetes.repo',
      bench.path('yum/new.repo'),
    );
    expect(bench.run(text).code).toBe(0);
    expect(bench.read('yum/new.repo')).toBe(section('kubernetes', '1.32').replaceAll(MIRROR, 'https://pkgs.k8s.io'));
  });

  test('the facts after it are those of the switched section', () => {
    bench.write('yum/k8s.repo', section('k8s', '1.31'));
    const action = actionNamed('package-repo');
    const context = contextFor('package-repo', WITH, node('dnf'));
    expect(action.isDone(context).done).toBe(false);
    expect(action.isDone({ ...context, facts: action.project(context) }).done).toBe(true);
  });
});
