import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubeletEnvironment, MINORS, programOf, type DummyPackage } from './dummies.ts';
import { startMirror, type Mirror } from './mirror.ts';
import { endAgent, makeKeys, run, signingOptions, type SigningKeys } from './signing-keys.ts';

/** Package repositories for dnf and zypper in the layout of the community's, and one of an operating system. */
export interface RpmRepositories extends Mirror {
  readonly keys: SigningKeys;
  /** The packages of a minor (`1.31`) or of the operating system before its updates (`os`) as files. */
  rpms(of: string): readonly { readonly name: string; readonly bytes: Buffer }[];
}

/** What every node has: the names that the real packages of Kubernetes need, and that of the distribution. */
const BASE = {
  name: 'base',
  revision: '1-1',
  provides: ['/bin/sh', 'util-linux', 'iptables', 'system-release = 9', 'openSUSE-release = 15.6'],
};
/**
 * At their first version on a node, and offered at the second one: a library, a runtime, two distributions' kernels.
 */
const OS = ['tzdata', 'containerd.io', 'kernel-core', 'kernel-default'];

export async function startRpmRepositories(): Promise<RpmRepositories> {
  const folder = mkdtempSync(join(tmpdir(), 'runbook-rpms-'));
  const home = join(folder, 'gnupg');
  const keys = makeKeys(home);
  for (const [minor, packages] of Object.entries(MINORS)) {
    const target = join(folder, `v${minor}`, 'rpm');
    build(folder, target, `obs://build.opensuse.org/isv:kubernetes:core:stable:v${minor}`, packages.map(specOf));
    publish(target, home, keys.current);
  }
  const installed = [BASE, ...OS.map((name) => ({ name, revision: '1.0-1' }))];
  build(folder, join(folder, 'installed'), 'distribution', installed.map(specOf));
  build(
    folder,
    join(folder, 'os'),
    'distribution',
    OS.map((name) => specOf({ name, revision: '1.1-1' })),
  );
  publish(join(folder, 'os'), home, keys.current);
  endAgent(home);
  const mirror = await startMirror(folder);
  return {
    ...mirror,
    keys,
    rpms: (of) => {
      const from = join(folder, of === 'os' ? 'installed' : `v${of}/rpm`, 'x86_64');
      return readdirSync(from).map((name) => ({ name, bytes: readFileSync(join(from, name)) }));
    },
    stop: async () => {
      await mirror.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Builds all of them into `x86_64/` below the target; those of Kubernetes are there as sources, too. */
function build(folder: string, target: string, vendor: string, specs: readonly string[]): void {
  const top = join(folder, 'build');
  mkdirSync(top);
  const files = specs.map((spec, index) => {
    const file = join(top, `${index}.spec`);
    writeFileSync(file, spec);
    return file;
  });
  const defines = {
    _topdir: top,
    _rpmdir: target,
    _srcrpmdir: join(target, 'src'),
    vendor,
    // The machine's own habits: Debian has no debuginfo, and zstd takes its time.
    debug_package: '%{nil}',
    _build_id_links: 'none',
    _binary_payload: 'w1.gzdio',
    __os_install_post: '%{nil}',
  };
  const options = Object.entries(defines).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
  run('rpmbuild', ['-ba', '--quiet', '--target', 'x86_64', ...options, ...files], {
    env: { ...process.env, HOME: top },
  });
  rmSync(top, { recursive: true });
}

/** Signs the packages, then the index, and puts the key beside it. */
function publish(target: string, home: string, key: Buffer): void {
  const rpms = run('find', [target, '-name', '*.rpm']).toString().trim().split('\n');
  // Debian's rpm asks for a program named gpg2.
  const signer = ['__gpg /usr/bin/gpg', '_gpg_name packages', `_gpg_path ${home}`].flatMap((define) => [
    '--define',
    define,
  ]);
  run('rpmsign', ['--addsign', ...signer, ...rpms], { env: { ...process.env, GNUPGHOME: home } });
  run('createrepo_c', ['--quiet', target]);
  const index = join(target, 'repodata', 'repomd.xml');
  run('gpg', [...signingOptions(home), '--detach-sign', '--output', `${index}.asc`, index]);
  writeFileSync(`${index}.key`, key);
}

interface Spec extends DummyPackage {
  readonly provides?: readonly string[];
}

/** As the packages of Kubernetes are built: kubernetes/release, cmd/krel/templates/latest. */
function specOf(dummy: Spec): string {
  const { name, revision, needs, provides = [] } = dummy;
  const [version, release] = revision.split('-');
  const kubernetes = /^(kube|cri-tools)/.test(name);
  const script = `cat >%{buildroot}/usr/bin/${name} <<'END'\n${programOf(dummy)}END\nchmod 755 %{buildroot}/usr/bin/${name}`;
  const kubelet = name === 'kubelet';
  return [
    `Name: ${name}\nVersion: ${version}\nRelease: ${kubernetes ? `150500.${release}` : release}`,
    `Summary: ${name}\nLicense: Apache-2.0\nAutoReqProv: no`,
    ...(needs ? [`Requires: ${needs[0]} >= ${needs[1]}`] : []),
    ...(kubelet ? ['Requires: util-linux\nRecommends: iptables >= 1.8.4'] : []),
    ...provides.map((provided) => `Provides: ${provided}`),
    `\n%description\n${name}.\n\n%install\nmkdir -p %{buildroot}/usr/bin\n${script}`,
    ...(kubelet
      ? [
          `mkdir -p %{buildroot}/etc/sysconfig\ncat >%{buildroot}/etc/sysconfig/kubelet <<'END'\n${kubeletEnvironment(dummy)}END`,
        ]
      : []),
    `\n%files\n/usr/bin/${name}`,
    ...(kubelet ? ['%config(noreplace) /etc/sysconfig/kubelet'] : []),
    ...(SLOW.includes(name) ? [`\n%post\n${POST.replaceAll('NAME', name)}`] : []),
    '',
  ].join('\n');
}

/** Packages whose scripts fail and hang at will. */
const SLOW = ['kubelet', 'tzdata'];
const POST = `[ ! -e /etc/NAME-post-fails ] || exit 7
while [ -e /etc/NAME-post-hangs ]; do sleep 0.1; done`;
