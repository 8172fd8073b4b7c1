import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NodeFacts } from '../../src/facts/facts.ts';
import { packages } from '../../src/facts/packages.ts';
import { repository } from '../../src/facts/repository.ts';
import { reading } from '../../src/packages/zypper/reading.ts';
import { Bench } from './bench.ts';
import { isDone, scriptOf, type Setting } from './cluster.ts';
import { parsed } from '../facts/fixture.ts';

const KUBELET = { packages: ['kubelet'], version: '1.32.9' };
const REVISION = '1.32.9-150500.1.1';
const SEARCH = `zypper --non-interactive --no-refresh --xmlout search --details --match-exact --type package kubelet`;
/** Whether an interrupted transaction left packages twice. */
const TWICE = String.raw`rpm -q --qf %{NAME} %{INSTALLTIME} %{VERSION}-%{RELEASE} %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n kubeadm kubelet kubectl kubernetes-cni cri-tools`;
const KNOWN = `case "$*" in *search*) echo '<solvable status="other-version" name="kubelet" kind="package" edition="${REVISION}" arch="x86_64" repository="Kubernetes"/>' ;; esac`;

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  bench.tool('zypper', KNOWN);
  bench.tool('rpm');
  bench.tool('curl', 'while [ "$1" != -o ]; do shift; done; echo key >"$2"');
});
afterEach(() => {
  bench.remove();
});

const section = (minor: string, enabled = 1) => {
  const url = `https://pkgs.k8s.io/core:/stable:/v${minor}/rpm/`;
  return `[k8s]\nname=Kubernetes\nbaseurl=${url}\nenabled=${enabled}\ngpgcheck=1\ngpgkey=${url}repodata/repomd.xml.key\n`;
};

/** An openSUSE node whose section is in the bench. */
function node(held: readonly string[] = [], text = section('1.31')): Setting {
  const file = bench.write('repos.d/k8s.repo', text);
  const printed = text.split('\n').map((line, index) => `${file}:${index + 1}:${line}`);
  const os = {
    id: 'opensuse-leap',
    idLike: ['suse'],
    versionId: '15.6',
    prettyName: 'openSUSE',
    packageManager: 'zypper',
  };
  return {
    machine: (facts: NodeFacts) => ({
      ...facts,
      os,
      packages: { installed: { kubelet: { revision: '1.31.9-150500.1.1', status: 'ii' } }, held, manager: 'zypper' },
      repository: parsed(repository, printed.join('\n')),
      offered: { '1.32': { url: '', revisions: { kubelet: ['1.32.10-150500.1.1', REVISION] } } },
    }),
  };
}

describe('install-packages by zypper', () => {
  test('takes the locks off, installs just the revision, and locks again', () => {
    const { text, commands } = scriptOf('install-packages', KUBELET, node(['kubelet', 'kubernetes-cni']));
    const { code, calls, stderr } = bench.run(text);
    expect(code, stderr).toBe(0);
    expect(calls).toEqual([
      TWICE,
      SEARCH,
      'zypper --non-interactive removelock kubelet kubernetes-cni',
      `zypper --non-interactive install --allow-vendor-change kubelet=${REVISION}`,
      'zypper --non-interactive addlock kubelet kubernetes-cni',
    ]);
    expect(commands).toEqual(calls.slice(2));
  });

  test('metadata that do not know the revision are refreshed, of that repository alone', () => {
    bench.tool('zypper');
    expect(bench.run(scriptOf('install-packages', KUBELET, node()).text).calls).toEqual([
      TWICE,
      SEARCH,
      'zypper --non-interactive refresh k8s',
      `zypper --non-interactive install --allow-vendor-change kubelet=${REVISION}`,
    ]);
  });

  test('a section that is disabled in its file is used for these calls', () => {
    const { calls } = bench.run(scriptOf('install-packages', KUBELET, node([], section('1.32', 0))).text);
    expect(calls.at(-1)).toBe(
      `zypper --non-interactive --plus-content k8s install --allow-vendor-change kubelet=${REVISION}`,
    );
  });

  test.each([
    [0, 0],
    [102, 0],
    [103, 0],
    [106, 0],
    [4, 4],
    [7, 7],
    [104, 104],
    [107, 107],
  ])('when the install exits with %i the step does with %i, and the locks are back', (exit, wanted) => {
    bench.tool('zypper', `${KNOWN}\ncase "$*" in *install*) exit ${exit} ;; esac`);
    const { code, calls } = bench.run(scriptOf('install-packages', KUBELET, node(['kubelet'])).text);
    expect(code).toBe(wanted);
    expect(calls.at(-1)).toBe('zypper --non-interactive addlock kubelet');
  });

  test('a lock that cannot be put back fails the step and is named', () => {
    bench.tool('zypper', `${KNOWN}\ncase "$*" in *addlock*) exit 4 ;; esac`);
    const { code, stderr } = bench.run(scriptOf('install-packages', KUBELET, node(['kubelet'])).text);
    expect(code).toBe(4);
    expect(stderr).toContain('these are not locked any more: kubelet');
  });

  test('where the repository could not be asked, any revision of the release is taken', () => {
    const setting = node();
    const machine = (facts: NodeFacts) => ({ ...setting.machine?.(facts), offered: {} });
    const { calls } = bench.run(scriptOf('install-packages', KUBELET, { machine }).text);
    expect(calls.at(-1)).toBe('zypper --non-interactive install --allow-vendor-change kubelet=1.32.9');
  });
});

describe('package-repo by zypper', () => {
  const WITH = { version: '1.32.9' };

  test('address and key of the section move; its key is imported, and none that the repository brings', () => {
    const setting = node();
    const { code, calls, stderr } = bench.run(scriptOf('package-repo', WITH, setting).text);
    expect(code, stderr).toBe(0);
    expect(bench.read('repos.d/k8s.repo')).toBe(section('1.32'));
    expect(calls.map((call) => call.replaceAll(/\/tmp\/\S+/g, 'FILE'))).toEqual([
      'rpm -qa gpg-pubkey*',
      'curl -fsSL --connect-timeout 8 --max-time 20 -o FILE https://pkgs.k8s.io/core:/stable:/v1.32/rpm/repodata/repomd.xml.key',
      'rpm --import FILE',
      'zypper --non-interactive refresh --force k8s',
    ]);
    expect(isDone('package-repo', WITH, node([], section('1.32'))).done).toBe(true);
  });

  test('a key that cannot be fetched is no failure where the repository can be read by those that are there', () => {
    bench.tool('curl', 'exit 22');
    const { code, stderr } = bench.run(scriptOf('package-repo', WITH, node()).text);
    expect(code).toBe(0);
    expect(stderr).toContain('could not be imported');
  });

  test('when the new metadata cannot be read, all is as it was', () => {
    bench.tool('zypper', 'exit 4');
    const { code, stderr } = bench.run(scriptOf('package-repo', WITH, node()).text);
    expect(code).toBe(4);
    expect(stderr).toContain('the old one is put back');
    expect(bench.read('repos.d/k8s.repo')).toBe(section('1.31'));
    expect(bench.files('repos.d')).toEqual(['./k8s.repo']);
  });

  test('where there is no source, the documented section is written', () => {
    const none = { machine: (facts: NodeFacts) => ({ ...node().machine?.(facts), repository: { sources: [] } }) };
    const text = scriptOf('package-repo', WITH, none).text.replaceAll('/etc/zypp/repos.d', bench.path('repos.d'));
    const { code, calls } = bench.run(text);
    expect(code).toBe(0);
    expect(bench.read('repos.d/kubernetes.repo')).toBe(section('1.32').replace('[k8s]', '[kubernetes]'));
    expect(calls.at(-1)).toBe('zypper --non-interactive refresh --force kubernetes');
  });
});

test('an update of zypper itself is followed by a second one, with Kubernetes packages locked meanwhile', () => {
  bench.tool('zypper', 'case "$*" in *"update "*) [ -e again ] || { : >again; exit 103; } ;; esac');
  const { code, calls } = bench.run(scriptOf('os-upgrade', {}, node()).text);
  const update = 'zypper --non-interactive update --with-interactive --auto-agree-with-licenses';
  expect(code).toBe(0);
  expect(calls).toEqual([
    'zypper --non-interactive refresh',
    'zypper --non-interactive addlock kubelet',
    update,
    update,
    'zypper --non-interactive removelock kubelet',
  ]);
});

test('locks are read from the file of locks(5); those of some versions or of one repository hold nothing', () => {
  const stanza = (name: string, more = '') =>
    `\ntype: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: ${name}\n${more}`;
  const file = bench.write(
    'locks',
    `${stanza('kubelet')}${stanza('kubeadm', 'version: > 1.32\n')}${stanza('kubectl', 'repo: kubernetes\n')}\ntype: patch\nsolvable_name: cri-tools\n${stanza('kubernetes-cni')}`,
  );
  const { stderr } = bench.run(`exec >&2\n${reading.installed.replaceAll('/etc/zypp/locks', file)}`);
  expect(parsed(packages, stderr).held).toEqual(['kubelet', 'kubernetes-cni']);
});

test('updates are read from the XML of list-updates; a repository that was skipped is named', () => {
  const xml = `<?xml version='1.0'?><stream><update-status version="0.6"><update-list><update kind="package" name="libopenssl3" edition="2" arch="x86_64" edition-old="1"><summary>a &gt; b</summary></update><update name="git" kind="package" edition="2"/></update-list><blocked-update-list><update kind="package" name="kubelet"/></blocked-update-list></update-status></stream>`;
  bench.tool('zypper', `cat <<'END'\n${xml}\nEND\nexit 106`);
  expect(bench.run(`exec >&2\n${reading.updates}`).stderr).toBe(
    'pending: libopenssl3\npending: git\nfailed: zypper list-updates: a repository could not be refreshed\n',
  );
});
