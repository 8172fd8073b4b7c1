import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubeletEnvironment, MINORS, programOf, type DummyPackage } from './dummies.ts';
import { startMirror, type Mirror } from './mirror.ts';
import { endAgent, makeKeys, run, signingOptions, type SigningKeys } from './signing-keys.ts';

/** Package repositories for apt in the layout of the community's, one per minor. */
export interface Repositories extends Mirror {
  readonly keys: SigningKeys;
  /** The packages of a minor as files, to be installed before the first step. */
  debs(minor: string): readonly { readonly name: string; readonly bytes: Buffer }[];
}

export async function startRepositories(): Promise<Repositories> {
  const folder = mkdtempSync(join(tmpdir(), 'runbook-repo-'));
  const keys = makeKeys(join(folder, 'gnupg'));
  for (const [minor, packages] of Object.entries(MINORS)) makeRepository(folder, minor, packages, keys.current);
  endAgent(join(folder, 'gnupg'));
  const mirror = await startMirror(folder);
  return {
    ...mirror,
    keys,
    debs: (minor) =>
      (MINORS[minor] ?? []).map((dummy) => ({
        name: fileName(dummy),
        bytes: readFileSync(join(folder, `v${minor}`, 'deb', 'amd64', fileName(dummy))),
      })),
    stop: async () => {
      await mirror.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

function fileName({ name, revision }: DummyPackage): string {
  return `${name}_${revision}_amd64.deb`;
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
  const sign = signingOptions(join(folder, 'gnupg'));
  run('gpg', [...sign, '--clearsign', '--output', join(deb, 'InRelease'), join(deb, 'Release')]);
  run('gpg', [...sign, '--detach-sign', '--output', join(deb, 'Release.gpg'), join(deb, 'Release')]);
  writeFileSync(join(deb, 'Release.key'), key);
}

/** The kubelet says when it is configured. */
function makePackage(build: string, target: string, dummy: DummyPackage): void {
  const { name, revision, needs } = dummy;
  const put = (path: string, text: string, mode = 0o644): void => {
    mkdirSync(join(build, path, '..'), { recursive: true });
    writeFileSync(join(build, path), text, { mode });
  };
  const control = {
    Package: name,
    Version: revision,
    Architecture: 'amd64',
    Maintainer: 'Test <test@localhost>',
    Description: name,
  };
  put(
    'DEBIAN/control',
    Object.entries({ ...control, ...(needs && { Depends: `${needs[0]} (>= ${needs[1]})` }) })
      .map(([key, value]) => `${key}: ${value}\n`)
      .join(''),
  );
  put(`usr/bin/${name}`, programOf(dummy), 0o755);
  if (name === 'kubelet') {
    put('etc/default/kubelet', kubeletEnvironment(dummy));
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
