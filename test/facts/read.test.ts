import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FactError, type Probe } from '../../src/facts/fact.ts';
import { frameScript, pathWord, unframe } from '../../src/facts/lib/frame.ts';
import { quote } from '../../src/transport/quote.ts';
import { readClusterFacts, readNodeFacts } from '../../src/facts/read.ts';
import { podLines } from './fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'facts-'));
writeFileSync(join(folder, 'pods.txt'), podLines());
afterAll(() => rmSync(folder, { recursive: true }));

let probes = 0;
/** The real shell of this machine, with programs of the test's own in front. */
const probe: Probe = (script) =>
  new Promise((resolve) => {
    probes += 1;
    const env = {
      ...process.env,
      PATH: `${folder}:${process.env['PATH'] ?? ''}`,
      PODS: join(folder, 'pods.txt'),
      FIXTURES: new URL('../fixtures/cluster-1.20.2-ha', import.meta.url).pathname,
    };
    execFile('sh', ['-c', script], { maxBuffer: 1e8, env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });

function program(name: string, text: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, name), 0o755);
}

const options = { host: 'cp-1', kubeconfig: '/etc/kubernetes/admin.conf' };

it('leaves out what a machine beside a cluster does not have, which is an error on a node', async () => {
  for (const name of ['kubeadm', 'kubelet', 'kubectl']) program(name, 'exit 127');
  await expect(readNodeFacts(probe, ['machine', 'binaries'], options)).rejects.toThrow(/kubeadm says no version/);
  const facts = await readNodeFacts(probe, ['machine', 'binaries'], { ...options, asFarAsThere: true });
  expect(Object.keys(facts)).toEqual(['machine']);
  for (const name of ['kubeadm', 'kubelet', 'kubectl']) rmSync(join(folder, name));
});

describe('framed scripts', () => {
  it('keep outputs apart, with or without a last newline, and each one’s status', async () => {
    const parts = [
      { id: 'a', script: "printf 'no newline'" },
      { id: 'b', script: 'exit 3' },
      { id: 'c', script: "echo '  text'; echo oops >&2; false", filter: "sed 's/^ *//'" },
      { id: 'd', script: 'cat; echo end' },
    ];
    const { stdout, stderr } = await probe(frameScript('mark', parts));
    expect(unframe('mark', ['a', 'b', 'c', 'd', 'e'], stdout, stderr)).toEqual([
      { id: 'a', code: 0, stdout: 'no newline', stderr: '' },
      { id: 'b', code: 3, stdout: '', stderr: '' },
      { id: 'c', code: 1, stdout: 'text\n', stderr: 'oops\n' },
      { id: 'd', code: 0, stdout: 'end\n', stderr: '' },
      {
        id: 'e',
        code: undefined,
        stdout: '',
        stderr: '\nmark begin a\n\nmark begin b\n\nmark begin c\noops\n\nmark begin d\n',
      },
    ]);
  });

  it('quote words and keep the home of a path', () => {
    expect(quote("a'b c")).toBe(String.raw`'a'\''b c'`);
    expect(pathWord('~/.kube/config')).toBe('"$HOME"/.kube/config');
  });
});

describe('facts of a node', () => {
  it('reads this very machine by one script', async () => {
    probes = 0;
    const facts = await readNodeFacts(probe, ['os', 'machine', 'repository', 'staticPods', 'os'], options);
    expect(probes).toBe(1);
    expect(Object.keys(facts).toSorted()).toEqual(['machine', 'os', 'repository', 'staticPods']);
    expect(facts.os?.id).not.toBe('');
  });

  it('reads packages, binaries and the kubelet through the programs that a node has', async () => {
    program(
      'dpkg-query',
      "printf 'kubelet 1.31.9-1.1 hi \\nkubeadm 1.31.9-1.1 ii \\n'; echo 'no packages found matching kubectl' >&2; exit 1",
    );
    program('apt-mark', '[ "$1" = showhold ] && echo kubelet');
    program('kubeadm', '[ "$*" = "version -o short" ] && echo v1.31.9');
    program('kubelet', 'echo Kubernetes v1.31.9');
    program('kubectl', `printf '{\\n  "clientVersion": {\\n    "gitVersion": "v1.31.9"\\n  }\\n}\\n'`);
    program(
      'systemctl',
      '[ "$TZ" = UTC ] && printf "ActiveState=active\\nExecMainStartTimestamp=Sat 2026-11-21 01:58:44 UTC\\n"',
    );
    program('curl', 'printf ok');
    const facts = await readNodeFacts(probe, ['packages', 'binaries', 'kubelet'], options);
    expect(facts.packages).toEqual({
      installed: {
        kubelet: { revision: '1.31.9-1.1', status: 'hi' },
        kubeadm: { revision: '1.31.9-1.1', status: 'ii' },
      },
      held: ['kubelet'],
      manager: 'apt',
    });
    expect(facts.binaries).toEqual({ kubeadm: '1.31.9', kubelet: '1.31.9', kubectl: '1.31.9' });
    expect(facts.kubelet).toMatchObject({
      active: true,
      healthy: true,
      startedAt: Date.UTC(2026, 10, 21, 1, 58, 44) / 1000,
    });
    expect(facts.kubelet?.binaryChangedAt).toBeGreaterThan(1_700_000_000);
    rmSync(join(folder, 'curl'));
  });

  it('names the node, the fact, the command and what it said when one cannot be read', async () => {
    const broken: Probe = () => Promise.resolve({ code: 1, stdout: '', stderr: 'sudo: a password is required\n' });
    const error: unknown = await readNodeFacts(broken, ['os'], options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FactError);
    expect(error).toMatchObject({ node: 'cp-1', fact: 'os', code: 1, stderr: ['sudo: a password is required'] });
    expect(String(error)).toContain(
      'cannot read os on cp-1: `cat /etc/os-release` exited with 1: sudo: a password is required',
    );
  });

  it('tells output that broke off from a failure', async () => {
    const torn: Probe = async (script) => ({ ...(await probe(script)), stdout: '' });
    await expect(readNodeFacts(torn, ['os'], options)).rejects.toThrow('its output was interrupted');
  });

  it('takes no exit status that no shell has', () => {
    const answer = (status: string) => unframe('m', ['a'], `\nm begin a\nx\n\nm end a ${status}\n`, '')[0]?.code;
    expect(['7', '9'.repeat(400), '', '-1', '1 2', '7x'].map(answer)).toEqual([7, ...Array(5)]);
  });
});

describe('what a repository offers', () => {
  let server: Server;
  let base = '';
  let asked: string[] = [];
  let files: Record<string, string | Buffer> = {};

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      const body = files[request.url ?? ''];
      response.writeHead(body === undefined ? 404 : 200).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    base = typeof address === 'object' && address ? `http://127.0.0.1:${address.port}` : '';
  });
  afterEach(() => {
    asked = [];
    files = {};
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const stanza = (name: string, version: string) =>
    `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\nFilename: x\n`;
  const index = [
    stanza('kubeadm', '1.32.9-1.1'),
    stanza('kubeadm', '1.32.10-1.1'),
    stanza('other', '9'),
    stanza('kubelet', '1.32.9-1.1'),
  ].join('\n');
  const read = async (minors: string[]) =>
    (await readNodeFacts(probe, ['offered'], { ...options, minors, packagesBaseUrl: `${base}/` })).offered;

  it('is asked of the repository of each minor, not of apt', async () => {
    program('dpkg-query', 'exit 1');
    files = { '/core:/stable:/v1.32/deb/Packages': index };
    expect(await read(['1.32', '1.33'])).toEqual({
      '1.32': {
        url: `${base}/core:/stable:/v1.32/deb/`,
        revisions: { kubeadm: ['1.32.10-1.1', '1.32.9-1.1'], kubelet: ['1.32.9-1.1'] },
      },
      '1.33': { url: `${base}/core:/stable:/v1.33/deb/`, revisions: {}, error: expect.stringContaining('404') },
    });
  });

  it('is read from the packed index where there is no other', async () => {
    program('dpkg-query', 'exit 1');
    files = { '/core:/stable:/v1.32/deb/Packages.gz': gzipSync(index) };
    expect((await read(['1.32']))?.['1.32']?.revisions).toEqual({
      kubeadm: ['1.32.10-1.1', '1.32.9-1.1'],
      kubelet: ['1.32.9-1.1'],
    });
  });

  it('is read from the metadata of an rpm repository where there is no dpkg', async () => {
    const entry = (name: string, version: string) =>
      `<package type="rpm"><name>${name}</name><arch>x86_64</arch><version epoch="0" ver="${version}" rel="150500.1.1"/></package>`;
    files = {
      '/core:/stable:/v1.32/rpm/repodata/repomd.xml':
        '<data type="primary"><location href="repodata/ab-primary.xml.gz"/></data>',
      '/core:/stable:/v1.32/rpm/repodata/ab-primary.xml.gz': gzipSync(
        `<metadata>${entry('kubeadm', '1.32.9')}\n${entry('other', '1')}${entry('kubeadm', '1.32.10')}</metadata>`,
      ),
    };
    program('rpm', 'exit 1');
    const withoutDpkg: Probe = (script) => probe(script.replaceAll('command -v dpkg-query', 'false'));
    const given = { ...options, minors: ['1.32'], packagesBaseUrl: base };
    expect((await readNodeFacts(withoutDpkg, ['offered'], given)).offered).toEqual({
      '1.32': {
        url: `${base}/core:/stable:/v1.32/rpm/`,
        revisions: { kubeadm: ['1.32.10-150500.1.1', '1.32.9-150500.1.1'] },
      },
    });
  });

  it('says why nothing could be asked, without failing', async () => {
    const facts = await readNodeFacts(probe, ['offered'], {
      ...options,
      minors: ['1.32'],
      packagesBaseUrl: 'http://127.0.0.1:1',
    });
    expect(facts.offered?.['1.32']).toMatchObject({ revisions: {}, error: expect.stringMatching(/./) });
  });
});

describe('facts of the cluster', () => {
  const kubectl = (extra: string) =>
    program(
      'kubectl',
      `case "$*" in
  ${extra}
  *"get nodes -o json") cat "$FIXTURES/nodes.json" ;;
  *"get pods -l component=kube-apiserver -o json") cat "$FIXTURES/pods.json" ;;
  *"get daemonsets.apps -A -o jsonpath="*) ;;
  *"get pods -A -o jsonpath="*) cat "$PODS" ;;
  *"get poddisruptionbudgets -A -o json") cat "$FIXTURES/pdbs.json" ;;
  *"get leases -o json") cat "$FIXTURES/leases.json" ;;
  *"https://10.88.0.13:6443"*) echo 'dial tcp 10.88.0.13:6443: connect: connection refused' >&2; exit 1 ;;
  *"https://10.88.0.12:6443 get --raw /readyz") echo 'Error from server (InternalError): an error on the server' >&2; exit 1 ;;
  *"/version") cat "$FIXTURES/version.json" ;;
  *"/readyz") printf ok ;;
  *) echo "unexpected: $*" >&2; exit 99 ;;
esac`,
    );

  it('asks each API server itself, and takes a dead one for a finding, not a failure', async () => {
    kubectl('');
    probes = 0;
    const facts = await readClusterFacts(probe, ['apiServers', 'pods', 'pdbs', 'leases'], options);
    expect(probes).toBe(2);
    expect(facts.apiServers).toEqual([
      { node: 'cp1', endpoint: '10.88.0.11:6443', version: '1.20.2', ready: true },
      {
        node: 'cp2',
        endpoint: '10.88.0.12:6443',
        version: '1.20.2',
        ready: false,
        error: 'Error from server (InternalError): an error on the server',
      },
      {
        node: 'cp3',
        endpoint: '10.88.0.13:6443',
        ready: false,
        error: 'dial tcp 10.88.0.13:6443: connect: connection refused',
      },
    ]);
    expect(facts.pods).toHaveLength(30);
    expect(Object.keys(facts).toSorted()).toEqual(['apiServers', 'leases', 'pdbs', 'pods']);
  });

  it('needs no look at the cluster for endpoints that are given', async () => {
    kubectl('*" get nodes"*) exit 98 ;;');
    const given = { ...options, apiServerEndpoints: [{ node: 'cp1', endpoint: '10.88.0.11:6443' }] };
    expect((await readClusterFacts(probe, ['apiServers'], given)).apiServers).toHaveLength(1);
  });

  it('fails with what kubectl said, and what to try', async () => {
    kubectl(`*"get nodes"*) echo 'The connection to the server 10.88.0.1:6443 was refused' >&2; exit 1 ;;`);
    const reading = readClusterFacts(probe, ['nodes'], options);
    await expect(reading).rejects.toThrow(
      'cannot read nodes on cp-1: `kubectl get nodes -o json` exited with 1: The connection to the server 10.88.0.1:6443 was refused. Try the command there by hand',
    );
  });

  it('asks nothing more of an API server that does not answer at all', async () => {
    program('kubectl', `echo "$*" >>${folder}/asked; echo 'i/o timeout' >&2; exit 1`);
    const reading = readClusterFacts(probe, ['nodes', 'pods', 'leases'], options);
    await expect(reading).rejects.toThrow(
      'cannot read nodes on cp-1: `kubectl get nodes -o json` exited with 1: i/o timeout',
    );
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toMatch(/^.*get --raw \/version\n$/);
  });

  it('gives every question to kubectl a time limit and the kubeconfig', async () => {
    kubectl('');
    program('kubectl', 'echo "$*" >&2; exit 1');
    const error: unknown = await readClusterFacts(probe, ['kubeProxy'], options).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      stderr: [expect.stringContaining('--kubeconfig /etc/kubernetes/admin.conf --request-timeout=20s')],
    });
  });
});
