import { describe, expect, it } from 'vitest';
import { parseRepository } from '../../src/facts/repository.ts';
import { fixture, linesOf } from './fixture.ts';

/** As `grep -n '' FILE /dev/null` prints it. */
const printed = (file: string, text: string) =>
  text
    .split('\n')
    .map((line, index) => `${file}:${index + 1}:${line}`)
    .join('\n');

const list = '/etc/apt/sources.list.d/kubernetes.list';

describe('repository', () => {
  it('reads the list of a real node', () => {
    expect(parseRepository(printed(list, linesOf(fixture('apt.txt'), /^deb /))).sources).toEqual([
      {
        file: list,
        line: 1,
        format: 'list',
        enabled: true,
        url: 'http://pkgs.testbed/core:/stable:/v1.20/deb/',
        baseUrl: 'http://pkgs.testbed',
        channel: 'stable',
        minor: '1.20',
        signedBy: '/etc/apt/keyrings/kubernetes-apt-keyring.gpg',
      },
    ]);
  });

  it('tells commented lines and another minor apart, and leaves other sources out', () => {
    const text = [
      'deb http://deb.debian.org/debian bookworm main',
      '# deb [signed-by=/k.gpg] https://pkgs.k8s.io/core:/stable:/v1.30/deb/ /',
      'deb [arch=amd64 signed-by=/k.gpg] https://mirror.example.com/k8s/core:/prerelease:/v1.31/deb /',
      '# the packages are at https://pkgs.k8s.io/core:/stable:/v1.31/deb/',
    ].join('\n');
    expect(parseRepository(printed(list, text)).sources).toMatchObject([
      { line: 2, enabled: false, minor: '1.30', channel: 'stable' },
      { line: 3, enabled: true, minor: '1.31', channel: 'prerelease', baseUrl: 'https://mirror.example.com/k8s' },
    ]);
  });

  it('reads deb822 stanzas, their Enabled field and keyring', () => {
    const file = '/etc/apt/sources.list.d/kubernetes.sources';
    const text = [
      '# made by hand',
      'Types: deb',
      'URIs: https://pkgs.k8s.io/core:/stable:/v1.31/deb/',
      'Suites: /',
      'Signed-By: /etc/apt/keyrings/k.gpg',
      '',
      'Types: deb',
      'Enabled: no',
      'URIs:',
      ' https://a.example.com/core:/stable:/v1.32/deb/',
      ' https://b.example.com/core:/stable:/v1.32/deb/',
      'Suites: /',
    ].join('\n');
    expect(parseRepository(printed(file, text)).sources).toMatchObject([
      { line: 3, enabled: true, minor: '1.31', signedBy: '/etc/apt/keyrings/k.gpg', format: 'deb822' },
      { line: 9 + 1, enabled: false, minor: '1.32', baseUrl: 'https://a.example.com' },
      { line: 11, enabled: false, minor: '1.32', baseUrl: 'https://b.example.com' },
    ]);
  });

  it('reads sections of dnf by their baseurl alone', () => {
    const file = '/etc/yum.repos.d/kubernetes.repo';
    const section = (name: string, minor: string, enabled: number) =>
      [
        `[${name}]`,
        `baseurl=https://pkgs.k8s.io/core:/stable:/v${minor}/rpm/`,
        `enabled=${enabled}`,
        `gpgkey=https://pkgs.k8s.io/core:/stable:/v${minor}/rpm/repodata/repomd.xml.key`,
      ].join('\n');
    const text = `${section('kubernetes', '1.31', 1)}\n${section('next', '1.32', 0)}`;
    expect(parseRepository(printed(file, text)).sources).toMatchObject([
      { line: 2, enabled: true, minor: '1.31', url: 'https://pkgs.k8s.io/core:/stable:/v1.31/rpm/' },
      { line: 6, enabled: false, minor: '1.32' },
    ]);
  });

  it('finds nothing where nothing is configured', () => {
    expect(parseRepository('\n').sources).toEqual([]);
  });
});
