import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bench } from './bench.ts';
import { actionNamed, contextFor, isDone, scriptOf, type Setting } from './cluster.ts';

const KUBEADM = { packages: ['kubeadm'], version: '1.32.9' };
const INSTALL =
  'apt-get -y -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=7 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  bench.tool('dpkg');
  bench.tool('apt-cache', 'echo "   $2 | 1.32.9-2.1 | https://pkgs.k8s.io Packages"');
  bench.tool('apt-mark');
  bench.tool('apt-get', 'printf "%s %s\\n" "$DEBIAN_FRONTEND" "$NEEDRESTART_SUSPEND" >env');
});
afterEach(() => {
  bench.remove();
});

const changing = (calls: readonly string[]) => calls.filter((call) => !/^(apt-cache|dpkg --audit)/.test(call));

test('it installs the newest offered revision of the release, without questions, and puts the hold back', () => {
  const { text, commands } = scriptOf('install-packages', KUBEADM);
  const { code, calls } = bench.run(text);
  expect(code).toBe(0);
  expect(changing(calls)).toEqual([
    'apt-mark unhold kubeadm',
    `${INSTALL} kubeadm=1.32.9-2.1`,
    'apt-mark hold kubeadm',
  ]);
  expect(bench.read('env')).toBe('noninteractive 1\n');
  expect(commands).toEqual([
    'apt-mark unhold kubeadm',
    'apt-get install -y kubeadm=1.32.9-2.1',
    'apt-mark hold kubeadm',
  ]);
});

test('what was not on hold is neither unheld nor held', () => {
  const machine = { machine: (facts: object) => ({ ...facts, packages: { installed: {}, held: ['kubectl'] } }) };
  const { text } = scriptOf('install-packages', { packages: ['kubelet', 'kubectl'], version: '1.32.9' }, machine);
  const { calls } = bench.run(text);
  expect(changing(calls)).toEqual([
    'apt-mark unhold kubectl',
    `${INSTALL} kubelet=1.32.9-2.1 kubectl=1.32.9-2.1`,
    'apt-mark hold kubectl',
  ]);
});

test('held dependencies that apt may have to raise are unheld and held again', () => {
  const held = { before: { unschedulable: false, held: ['cri-tools', 'kubernetes-cni'] } };
  expect(scriptOf('install-packages', { packages: ['kubelet'], version: '1.31.10' }, held).commands).toContain(
    'apt-mark hold kubelet kubernetes-cni',
  );
  expect(scriptOf('install-packages', { packages: ['kubeadm'], version: '1.31.10' }, held).commands).toContain(
    'apt-mark hold kubeadm cri-tools',
  );
  expect(scriptOf('install-packages', KUBEADM, held).commands).toContain('apt-mark hold kubeadm');
});

test('when apt fails the hold is put back and its exit code is handed on', () => {
  bench.tool('apt-get', 'exit 100');
  const { code, calls } = bench.run(scriptOf('install-packages', KUBEADM).text);
  expect(code).toBe(100);
  expect(calls.at(-1)).toBe('apt-mark hold kubeadm');
});

test('when the hold cannot be taken off, nothing is installed and it is put back', () => {
  bench.tool('apt-mark', '[ "$1" = hold ] || exit 3');
  const { code, calls } = bench.run(scriptOf('install-packages', KUBEADM).text);
  expect(code).toBe(3);
  expect(changing(calls)).toEqual(['apt-mark unhold kubeadm', 'apt-mark hold kubeadm']);
});

test('a hold that cannot be put back fails the step', () => {
  bench.tool('apt-mark', '[ "$1" = unhold ] || exit 4');
  expect(bench.run(scriptOf('install-packages', KUBEADM).text).code).toBe(4);
});

test('an interrupted dpkg is finished first, keeping conffiles', () => {
  bench.tool('dpkg', 'if [ "$1" = --audit ]; then echo "kubelet is only half configured"; fi');
  const { calls } = bench.run(scriptOf('install-packages', KUBEADM).text);
  expect(calls.slice(0, 2)).toEqual(['dpkg --audit', 'dpkg --force-confdef --force-confold --configure -a']);
});

test('lists that do not know the revision are refreshed, and a failure of that is left to the install', () => {
  bench.tool('apt-cache', 'echo "   kubeadm | 1.32.8-1.1 | https://pkgs.k8s.io Packages"');
  bench.tool('apt-get', 'case "$*" in *update*) exit 100 ;; esac');
  const { code, calls } = bench.run(scriptOf('install-packages', KUBEADM).text);
  expect(code).toBe(0);
  expect(changing(calls)[0]).toMatch(/^apt-get .* update$/);
  expect(changing(calls)[2]).toBe(`${INSTALL} kubeadm=1.32.9-2.1`);
});

test('it is done when every package is whole at the release and on hold as it was', () => {
  const at = (status: string, held: readonly string[]) => ({
    version: '1.32.9',
    machine: (facts: object) => ({
      ...facts,
      packages: { installed: { kubeadm: { revision: '1.32.9-1.1', status } }, held },
    }),
    before: { unschedulable: false, held: ['kubeadm'] },
  });
  expect(isDone('install-packages', KUBEADM, at('hi ', ['kubeadm']))).toEqual({
    done: true,
    reason: 'installed: kubeadm 1.32.9-1.1, on hold',
  });
  expect(isDone('install-packages', KUBEADM, at('iU ', ['kubeadm'])).reason).toBe(
    'kubeadm 1.32.9-1.1 is not whole (dpkg says iU)',
  );
  expect(isDone('install-packages', KUBEADM, at('ii ', [])).reason).toBe('kubeadm was on hold and is not any more');
  expect(isDone('install-packages', KUBEADM).reason).toBe('kubeadm is at 1.31.9-1.1, not 1.32.9');
});

test('a new kubelet package leaves the running kubelet older than its binary', () => {
  const context = contextFor('install-packages', { packages: ['kubelet'], version: '1.32.9' });
  const facts = actionNamed('install-packages').project(context);
  const restart = actionNamed('restart-kubelet');
  expect(restart.isDone({ ...context, with: {}, facts }).reason).toContain('the running kubelet is 1.31.9, not 1.32.9');
});

test.each(['package-repo', 'install-packages'])(
  '%s refuses clearly where there is no package manager that it knows',
  (name) => {
    const values = name === 'package-repo' ? { version: '1.32.9' } : KUBEADM;
    const alpine = {
      machine: (facts: object) => ({
        ...facts,
        os: { id: 'alpine', idLike: [], versionId: '3.22', prettyName: 'Alpine 3.22', packageManager: 'unknown' },
      }),
    };
    const context = contextFor(name, values, alpine);
    expect(actionNamed(name).unsupported?.(context)).toMatch(
      /^w-1 \(Alpine 3\.22\) has none of apt, zypper, dnf, dnf 5, yum/,
    );
    const { code, stderr, calls } = bench.run(scriptOf(name, values, alpine).text);
    expect({ code, calls }).toEqual({ code: 1, calls: [] });
    expect(stderr).toContain('has none of apt');
  },
);

test.each([
  ['has done its work', { ends: true }, true],
  ['reloads', { active: 'reloading', sub: 'reload' }, true],
  ['has failed', { active: 'failed', sub: 'failed', ends: true }, false],
  ['does not run', {}, false],
])('a service that %s: %j', (_, unit, done) => {
  const web = { load: 'loaded', active: 'inactive', sub: 'dead', file: 'static', reloads: false, ends: false, ...unit };
  const software = { web: { installed: { revision: '1.2', status: 'ii' } } };
  const machine = { machine: (facts: object) => ({ ...facts, software, units: { web } }) };
  expect(isDone('install-packages', { packages: ['web'], services: ['web'] }, machine).done).toBe(done);
});

test('a container runtime that is installed and restarted is what a later step waits for', () => {
  const software = { 'containerd.io': { installed: { revision: '1.7.27-1', status: 'ii' }, offered: ['2.0.5-1'] } };
  const setting: Setting = {
    machine: (facts) => ({ ...facts, software, runtime: { name: 'containerd', version: '1.7.27' } }),
    object: (object) => ({ ...object, ready: true, containerRuntime: 'containerd://1.7.27' }),
  };
  const installed = (services: readonly string[]) => {
    const context = contextFor('install-packages', { packages: ['containerd.io'], services }, setting);
    const facts = actionNamed('install-packages').project(context);
    return actionNamed('verify-runtime').isDone({ ...contextFor('verify-runtime', {}, setting), facts }).reason;
  };
  expect(installed(['containerd'])).toContain('is Ready with containerd://2.0.5');
  expect(installed([])).toContain('is Ready with containerd://1.7.27');
});

test('an empty list of packages is nothing to do, whatever its step may be given besides', () => {
  for (const packages of [[], ''])
    expect(isDone('install-packages', { packages, version: '2.1', services: ['web'] })).toEqual({
      done: true,
      reason: 'it names no package',
    });
  expect(scriptOf('install-packages', { packages: [] }).text).not.toBe('');
});
