import { execFile } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { clockBetween } from '../../src/facts/clock.ts';
import { parseDisk } from '../../src/facts/disk.ts';
import type { Probe } from '../../src/facts/fact.ts';
import { parseKernel } from '../../src/facts/kernel.ts';
import { parseKubeletConfig } from '../../src/facts/kubelet-config.ts';
import { parseKubeletSetup } from '../../src/facts/kubelet-setup.ts';
import { parseNodes } from '../../src/facts/nodes.ts';
import { parsePackageState } from '../../src/facts/package-state.ts';
import { readNodeFacts } from '../../src/facts/read.ts';
import { parseRepositoryKeys } from '../../src/facts/repository-keys.ts';
import { fixture, linesOf } from './fixture.ts';

const host = fixture('host.txt');
const GiB = 1024 ** 3;

describe('disk', () => {
  const row = linesOf(host, /^\/dev\/loop1 /).split('\n')[0] ?? '';

  it('reads what a real node says of its room', () => {
    const output = `place: /\nspace: ${row}\ninodes: /dev/loop1 20971520 130512 20841008 1% /\nplace: /var/lib/etcd\nspace: ${row}\netcd: 131204\t/var/lib/etcd\n`;
    expect(parseDisk(output)).toEqual({
      places: [
        {
          path: '/',
          mount: '/',
          size: 41_877_504 * 1024,
          free: 37_647_836 * 1024,
          inodes: 20_971_520,
          freeInodes: 20_841_008,
        },
        { path: '/var/lib/etcd', mount: '/', size: 41_877_504 * 1024, free: 37_647_836 * 1024 },
      ],
      etcdBytes: 131_204 * 1024,
    });
  });

  it('takes devices and mount points with spaces, and file systems that count no inodes', () => {
    const fact = parseDisk(
      'place: /var/lib/etcd\nspace: //nas/my share 1048576 524288 524288 50% /var/lib/etcd data\ninodes: overlay 0 0 0 - /var/lib/etcd data\n',
    );
    expect(fact.places).toEqual([{ path: '/var/lib/etcd', mount: '/var/lib/etcd data', size: GiB, free: GiB / 2 }]);
  });

  it('says nothing where df is not there', () => {
    expect(parseDisk('place: /\nplace: /var\n')).toEqual({ places: [] });
  });
});

describe('the state of the packages', () => {
  const audit = `The following packages are in a mess due to serious problems during
installation.  They must be reinstalled for them (and any packages
that depend on them) to function properly:
 linux-image-6.1.0-27-amd64 Linux 6.1 for 64-bit PCs (signed)

The following packages have been unpacked but not yet configured.
They must be configured using dpkg --configure or the configure
menu option in dselect for them to work:
 kubelet              Node agent for Kubernetes clusters
 libssl3:amd64        Secure Sockets Layer toolkit - shared libraries

`;
  it('names what dpkg --audit complains of, whatever the complaint', () => {
    const output = audit
      .split('\n')
      .map((line) => `audit: ${line}`)
      .join('\n');
    expect(parsePackageState(`${output}\nlock: \n`)).toEqual({
      broken: ['kubelet', 'libssl3:amd64', 'linux-image-6.1.0-27-amd64'],
    });
  });

  it('names who holds the lock', () => {
    const lock = 'lock: 812 (/usr/bin/python3 /usr/bin/unattended-upgrade (daily)) holds /var/lib/dpkg/lock-frontend\n';
    expect(parsePackageState(lock)).toEqual({
      broken: [],
      lock: {
        pid: 812,
        command: '/usr/bin/python3 /usr/bin/unattended-upgrade (daily)',
        file: '/var/lib/dpkg/lock-frontend',
      },
    });
  });
});

describe('keys of package repositories', () => {
  const real = linesOf(fixture('apt.txt'), /^(pub|uid):/);

  it('reads a key that never ends, as on a real node', () => {
    const output = `now: 1795225800\nkeyring: /etc/apt/keyrings/kubernetes-apt-keyring.gpg\n${real}\n`;
    expect(parseRepositoryKeys(output)).toEqual({
      now: 1_795_225_800,
      keyrings: [{ file: '/etc/apt/keyrings/kubernetes-apt-keyring.gpg', keys: [{ id: '8B5CAA7B8170797B' }] }],
    });
  });

  it('reads ends in seconds and in ISO 8601, of several keyrings', () => {
    const output =
      'now: 1\nkeyring: /a.gpg\npub:-:2048:1:234654DA9A296436:1661447000:1798502400::-:::scSC::::::23::0:\nkeyring: /b.asc\npub:e:2048:1:B:20220825T000000:20261229T000000::-:::sc::::::23::0:\n';
    expect(parseRepositoryKeys(output).keyrings.map(({ keys }) => keys[0]?.expires)).toEqual([
      1_798_502_400, 1_798_502_400,
    ]);
  });

  it('knows none where gpg is not there', () => {
    expect(parseRepositoryKeys('now: 1795225800\n').keyrings).toEqual([]);
  });
});

describe('how the kubelet is started', () => {
  const unit = fixture('kubelet-unit.txt');
  const framed = (file: string, lines: string) =>
    `file: ${file}\n${lines
      .split('\n')
      .map((line) => `| ${line}`)
      .join('\n')}\n`;

  it('reads the files of a real node', () => {
    const output = [
      framed('/var/lib/kubelet/kubeadm-flags.env', linesOf(unit, /^KUBELET_KUBEADM_ARGS=/)),
      framed('/etc/default/kubelet', linesOf(unit, /^KUBELET_EXTRA_ARGS=/)),
      framed(
        '/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf',
        linesOf(unit, /^(Environment=|ExecStart=).*--/),
      ),
      `config:\n${unit.slice(unit.indexOf('apiVersion: kubelet'), unit.indexOf('    server:'))}`,
    ].join('');
    const fact = parseKubeletSetup(output);
    expect(fact.flags.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`))).toEqual([
      'container-runtime=remote',
      'container-runtime-endpoint=/run/containerd/containerd.sock',
      'node-ip',
      'bootstrap-kubeconfig',
      'kubeconfig',
      'config',
    ]);
    expect(fact).toMatchObject({ shadowing: [], ownUnits: [], config: { featureGates: {} } });
  });

  it('takes flags in quotes, with their value after a space or an equals sign, and keeps no other value', () => {
    const line = `Environment="KUBELET_EXTRA_ARGS=--v 2 --feature-gates='A=true,B=false' --fail-swap-on=false --token=secret --x"`;
    const { flags } = parseKubeletSetup(framed('/etc/x.conf', line));
    expect(flags.map(({ name }) => name)).toEqual(['v', 'feature-gates', 'fail-swap-on', 'token', 'x']);
    expect(flags[1]?.value).toBe('A=true,B=false');
    expect(flags[2]?.value).toBe('false');
    expect(JSON.stringify(flags)).not.toContain('secret');
  });

  it('tells what overrides the package from what merely stands in its place', () => {
    const fact = parseKubeletSetup(
      'shadows: /etc/systemd/system/kubelet.service.d/10-kubeadm.conf\nalone: /etc/systemd/system/kubelet.service\nsame: /etc/x\nconfig:\nfailSwapOn: false\nfeatureGates:\n  NodeSwap: true\n',
    );
    expect(fact).toEqual({
      flags: [],
      shadowing: ['/etc/systemd/system/kubelet.service.d/10-kubeadm.conf'],
      ownUnits: ['/etc/systemd/system/kubelet.service'],
      config: { failSwapOn: false, featureGates: { NodeSwap: true } },
    });
  });

  it('knows no configuration where there is no file, or no YAML in it', () => {
    expect(parseKubeletSetup('config:\n').config).toBeUndefined();
    expect(parseKubeletSetup('config:\n{{{\n').config).toBeUndefined();
  });

  it('reads the configuration of the cluster, and takes a missing ConfigMap for an empty one', () => {
    expect(parseKubeletConfig(fixture('kubelet-config.txt'))).toEqual({ featureGates: {} });
    expect(
      parseKubeletConfig(JSON.stringify({ data: { kubelet: 'failCgroupV1: false\nfailSwapOn: false\n' } })),
    ).toEqual({ featureGates: {}, failCgroupV1: false, failSwapOn: false });
    expect(parseKubeletConfig('')).toEqual({ missing: true, featureGates: {} });
  });
});

describe('kernel', () => {
  it('reads the cgroups of a real node', () => {
    expect(parseKernel(`cgroup: ${linesOf(host, /^tmpfs$/)}\n`)).toEqual({ cgroup: 'v1', swaps: [], sockets: [] });
  });

  it('reads swap in every form, and sockets', () => {
    const output =
      'cgroup: cgroup2fs\nswap: /dev/zram0                              partition\t4026364\t\t0\t\t100\nswap: /swap\\040file file 1048576 0 -2\nsocket: /run/containerd/containerd.sock\n';
    expect(parseKernel(output)).toEqual({
      cgroup: 'v2',
      swaps: [
        { name: '/dev/zram0', bytes: 4_026_364 * 1024 },
        { name: String.raw`/swap\040file`, bytes: GiB },
      ],
      sockets: ['/run/containerd/containerd.sock'],
    });
  });

  it('says nothing of cgroups that it does not know', () => {
    expect(parseKernel('cgroup: \n').cgroup).toBeUndefined();
    expect(parseKernel('cgroup: UNKNOWN\n').cgroup).toBeUndefined();
  });

  it('reads the container runtime of real Node objects', () => {
    expect(new Set(parseNodes(fixture('nodes.json')).map((node) => node.containerRuntime))).toEqual(
      new Set(['containerd://1.6.20']),
    );
  });
});

describe('clock', () => {
  it('leaves open what the way there and back took, whatever the other facts took', () => {
    const fact = clockBetween({ first: '110.020000000\n', last: '119.020000000\n', sent: 100, received: 109.05 });
    expect(fact.least).toBeCloseTo(9.969, 6);
    expect(fact.most).toBeCloseTo(10.02, 6);
  });

  it('counts a clock without fractions for any moment of its second', () => {
    for (const [first, last] of [
      ['110\n', '110\n'],
      ['110.%N\n', '110.\n'],
    ] as const)
      expect(clockBetween({ first, last, sent: 110.5, received: 110.6 })).toEqual({ least: -0.601, most: 0.5 });
  });

  it('knows nothing without an answer', () => {
    expect(clockBetween({ first: '', last: '1', sent: 0, received: 1 })).toEqual({});
  });
});

describe.each([
  ['the shell here', 'sh', []],
  ['busybox', 'busybox', ['sh']],
  [
    'a shell that finds no program',
    'sh',
    ['-c', 'PATH=/nonexistent; eval "$(/bin/sed "s/^PATH=.*/PATH=\\/nonexistent; export PATH/")"'],
  ],
] as const)('in %s', (_, program, args) => {
  const probe: Probe = (script) =>
    new Promise((resolve) => {
      const child = execFile(program, [...args], (error, stdout, stderr) => {
        resolve({ code: error ? 1 : 0, stdout, stderr });
      });
      child.stdin?.end(script);
    });

  it('every fact of a machine can be read', async () => {
    const facts = await readNodeFacts(
      probe,
      ['disk', 'packageState', 'repositoryKeys', 'kubeletSetup', 'kernel', 'clock'],
      { kubeconfig: '' },
    );
    expect(facts.packageState?.broken).toBeInstanceOf(Array);
    const place = facts.disk?.places[0];
    if (place) expect(place).toMatchObject({ path: '/', mount: '/' });
    if (facts.clock?.least !== undefined) expect(Math.abs(facts.clock.least)).toBeLessThan(30);
  });
});
