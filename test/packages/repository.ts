import { execFileSync, type ExecFileSyncOptions } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** When the expired copy of the key was made; it lasted a year. */
const LONG_AGO = '20200101T000000';

/** Package repositories in the layout of the community's, one per minor, behind an HTTP server on loopback. */
export interface Repositories {
  /** What stands before `/core:`; `http://127.0.0.1:PORT/mirror`. */
  readonly url: string;
  readonly port: number;
  /** Addresses asked for since the last `forget`, with the host that a proxy was asked for. */
  readonly asked: readonly string[];
  forget(): void;
  /** Other bytes for one path below `core:/stable:/`, e.g. `v1.32/deb/Release.key`; undefined: 404. */
  replace(path: string, bytes: Buffer | undefined): void;
  /** As they were made. */
  restore(): void;
  /** Armored copies of the signing key: as it is, as it was while it ended in 2021, and one that never signed anything. */
  readonly keys: { readonly current: Buffer; readonly expired: Buffer; readonly other: Buffer };
  /** The packages of a minor as files, to be installed before the first step. */
  debs(minor: string): readonly { readonly name: string; readonly bytes: Buffer }[];
  stop(): Promise<void>;
}

interface DummyPackage {
  readonly name: string;
  readonly revision: string;
  readonly depends?: string;
}

const MINORS: Readonly<Record<string, readonly DummyPackage[]>> = {
  '1.31': [
    { name: 'kubeadm', revision: '1.31.9-1.1', depends: 'cri-tools (>= 1.30.0)' },
    { name: 'kubelet', revision: '1.31.9-1.1', depends: 'kubernetes-cni (>= 1.5.0)' },
    { name: 'kubectl', revision: '1.31.9-1.1' },
    { name: 'cri-tools', revision: '1.31.1-1.1' },
    { name: 'kubernetes-cni', revision: '1.5.1-1.1' },
  ],
  '1.32': [
    { name: 'kubeadm', revision: '1.32.9-1.1' },
    { name: 'kubeadm', revision: '1.32.9-2.1' },
    { name: 'kubeadm', revision: '1.32.10-1.1' },
    { name: 'kubelet', revision: '1.32.9-1.1', depends: 'kubernetes-cni (>= 1.6.0)' },
    { name: 'kubelet', revision: '1.32.10-1.1', depends: 'kubernetes-cni (>= 1.6.0)' },
    { name: 'kubectl', revision: '1.32.9-1.1' },
    { name: 'kubectl', revision: '1.32.10-1.1' },
    { name: 'cri-tools', revision: '1.32.0-1.1' },
    { name: 'kubernetes-cni', revision: '1.6.0-1.1' },
  ],
};

export async function startRepositories(): Promise<Repositories> {
  const folder = mkdtempSync(join(tmpdir(), 'runbook-repo-'));
  const keys = makeKeys(join(folder, 'gnupg'));
  for (const [minor, packages] of Object.entries(MINORS)) makeRepository(folder, minor, packages, keys.current);
  endAgent(join(folder, 'gnupg'));
  const replaced = new Map<string, Buffer | undefined>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.headers.host}${pathOf(request)}`);
    const path = /\/core:\/stable:\/(.*)$/.exec(pathOf(request))?.[1] ?? '';
    const bytes = replaced.has(path) ? replaced.get(path) : fileOf(join(folder, path));
    response.writeHead(bytes ? 200 : 404, { 'content-length': bytes?.length ?? 0 }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/mirror`,
    port: address.port,
    asked,
    forget: () => void asked.splice(0),
    replace: (path, bytes) => void replaced.set(path, bytes),
    restore: () => replaced.clear(),
    keys,
    debs: (minor) =>
      (MINORS[minor] ?? []).map((dummy) => ({
        name: fileName(dummy),
        bytes: readFileSync(join(folder, `v${minor}`, 'deb', 'amd64', fileName(dummy))),
      })),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}

/** A proxy is asked for whole addresses. */
function pathOf(request: IncomingMessage): string {
  return decodeURIComponent((request.url ?? '').replace(/^http:\/\/[^/]*/, ''));
}

function fileOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function fileName({ name, revision }: DummyPackage): string {
  return `${name}_${revision}_amd64.deb`;
}

function run(command: string, args: readonly string[], options: ExecFileSyncOptions = {}): Buffer {
  return Buffer.from(execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options }));
}

/** One key whose end was moved after it had come, as the community's was, and a stranger. */
function makeKeys(home: string): Repositories['keys'] {
  mkdirSync(home, { mode: 0o700 });
  const gpg = (...args: string[]): Buffer =>
    run('gpg', ['--homedir', home, '--batch', '--pinentry-mode', 'loopback', '--passphrase', '', ...args]);
  gpg(
    '--faked-system-time',
    LONG_AGO,
    '--quick-generate-key',
    'packages <packages@localhost>',
    'rsa2048',
    'sign',
    '1y',
  );
  const expired = gpg('--armor', '--export', 'packages');
  const id = /^fpr:::::::::([0-9A-F]+):/m.exec(gpg('--with-colons', '--list-keys', 'packages').toString())?.[1] ?? '';
  gpg('--quick-set-expire', id, '20y');
  const current = gpg('--armor', '--export', 'packages');
  gpg('--quick-generate-key', 'other <other@localhost>', 'rsa2048', 'sign', 'never');
  return { current, expired, other: gpg('--armor', '--export', 'other') };
}

function makeRepository(folder: string, minor: string, packages: readonly DummyPackage[], key: Buffer): void {
  const deb = join(folder, `v${minor}`, 'deb');
  mkdirSync(join(deb, 'amd64'), { recursive: true });
  for (const dummy of packages) makePackage(join(folder, 'build'), join(deb, 'amd64', fileName(dummy)), dummy);
  writeFileSync(join(deb, 'Packages'), run('apt-ftparchive', ['packages', 'amd64'], { cwd: deb }));
  const label = `isv:kubernetes:core:stable:v${minor}`;
  const fields = { Origin: `obs://build/${label}/deb`, Label: label, Architectures: 'all amd64' };
  const options = Object.entries(fields).flatMap(([name, value]) => [
    '-o',
    `APT::FTPArchive::Release::${name}=${value}`,
  ]);
  writeFileSync(join(deb, 'Release'), run('apt-ftparchive', [...options, 'release', '.'], { cwd: deb }));
  const sign = ['--homedir', join(folder, 'gnupg'), '--batch', '--yes', '--local-user', 'packages', '--armor'];
  run('gpg', [...sign, '--clearsign', '--output', join(deb, 'InRelease'), join(deb, 'Release')]);
  run('gpg', [...sign, '--detach-sign', '--output', join(deb, 'Release.gpg'), join(deb, 'Release')]);
  writeFileSync(join(deb, 'Release.key'), key);
}

/** Programs that say their version; the kubelet's conffile is another one from 1.32 on, and it says when it is configured. */
function makePackage(build: string, target: string, { name, revision, depends }: DummyPackage): void {
  const put = (path: string, text: string, mode = 0o644): void => {
    mkdirSync(join(build, path, '..'), { recursive: true });
    writeFileSync(join(build, path), text, { mode });
  };
  const version = `v${revision.replace(/-.*/, '')}`;
  const control = {
    Package: name,
    Version: revision,
    Architecture: 'amd64',
    Maintainer: 'Test <test@localhost>',
    Description: name,
  };
  put(
    'DEBIAN/control',
    Object.entries({ ...control, ...(depends && { Depends: depends }) })
      .map(([key, value]) => `${key}: ${value}\n`)
      .join(''),
  );
  put(`usr/bin/${name}`, PROGRAM[name]?.(version) ?? '#!/bin/sh\n', 0o755);
  if (name === 'kubelet') {
    const hint = version.startsWith('v1.31.') ? '' : '# Extra arguments of the kubelet\n';
    put('etc/default/kubelet', `${hint}KUBELET_EXTRA_ARGS=\n`);
    put('DEBIAN/conffiles', '/etc/default/kubelet\n');
    put(
      'DEBIAN/postinst',
      '#!/bin/sh\nset -e\n[ ! -e /etc/kubelet-postinst-fails ] || exit 7\nwhile [ -e /etc/kubelet-postinst-hangs ]; do sleep 0.1; done\necho "configured $2" >>/var/log/kubelet-postinst\n',
      0o755,
    );
  }
  run('dpkg-deb', ['--root-owner-group', '-Znone', '--build', build, target]);
  rmSync(build, { recursive: true });
}

const PROGRAM: Readonly<Record<string, (version: string) => string>> = {
  kubeadm: (version) => `#!/bin/sh\necho ${version}\n`,
  kubelet: (version) => `#!/bin/sh\necho Kubernetes ${version}\n`,
  kubectl: (version) => `#!/bin/sh\nprintf '{\\n  "clientVersion": {\\n    "gitVersion": "${version}"\\n  }\\n}\\n'\n`,
};

function endAgent(home: string): void {
  run('gpgconf', ['--homedir', home, '--kill', 'all']);
}
