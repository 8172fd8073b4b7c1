import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PackageSource } from '../../src/packages/manager.ts';
import { repository as repositoryFact } from '../../src/facts/repository.ts';
import { Bench } from './bench.ts';
import { actionNamed, contextFor, isDone, scriptOf, type Setting } from './cluster.ts';
import { parsed } from '../facts/fixture.ts';

const MIRROR = 'http://127.0.0.1:9/mirror';
const WITH = { version: '1.32.9' };

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  bench.tool('curl', 'while [ "$1" != -o ]; do shift; done; printf "key of %s\\n" "${3%/v1.*}" >"$2"');
  bench.tool('wget', 'exit 4');
  bench.tool('gpg', 'while [ "$1" != -o ]; do shift; done; { echo dearmored; cat "$3"; } >"$2"');
  bench.tool('apt-get', 'cat apt/kubernetes.* >seen; cat keys/* >keys-seen');
  bench.write('keys/kubernetes.gpg', 'old key\n');
});
afterEach(() => {
  bench.remove();
});

/** Facts as they are read from the bench's files. */
function setting(files: readonly string[], settings: Setting['settings'] = {}): Setting {
  const printed = files.flatMap((file) =>
    bench
      .read(file)
      .trimEnd()
      .split('\n')
      .map((line, index) => `${bench.path(file)}:${index + 1}:${line}`),
  );
  const repository = parsed(repositoryFact, printed.join('\n'));
  return { machine: (facts) => ({ ...facts, repository }), settings };
}

const line = (minor: string, options = '') =>
  `deb [${options}signed-by=${bench.path('keys/kubernetes.gpg')}] ${MIRROR}/core:/stable:/v${minor}/deb/ /\n`;

test('it switches the minor alone, and keeps file, options and mirror', () => {
  bench.write('apt/kubernetes.list', `# v1.31 of the mirror\n${line('1.31', 'arch=amd64 ')}`);
  const { text, commands } = scriptOf('package-repo', WITH, setting(['apt/kubernetes.list']));
  const { code, calls } = bench.run(text);
  expect(code).toBe(0);
  expect(bench.read('apt/kubernetes.list')).toBe(`# v1.31 of the mirror\n${line('1.32', 'arch=amd64 ')}`);
  expect(bench.read('seen')).toContain('/v1.32/');
  expect(bench.read('keys/kubernetes.gpg')).toBe(`dearmored\nkey of ${MIRROR}/core:/stable:\n`);
  expect(calls.at(-1)).toContain(`-o Dir::Etc::sourcelist=${bench.path('apt/kubernetes.list')}`);
  expect(bench.files('apt')).toEqual(['./kubernetes.list']);
  expect(bench.files('keys')).toEqual(['./kubernetes.gpg']);
  expect(commands.at(-1)).toBe('apt-get update');
  expect(isDone('package-repo', WITH, setting(['apt/kubernetes.list'])).done).toBe(true);
});

test('a .sources file keeps its form', () => {
  const stanza = (minor: string) =>
    `Types: deb\nURIs: ${MIRROR}/core:/stable:/v${minor}/deb/\nSuites: /\nSigned-By: ${bench.path('keys/kubernetes.gpg')}\n`;
  bench.write('apt/kubernetes.sources', stanza('1.31'));
  expect(bench.run(scriptOf('package-repo', WITH, setting(['apt/kubernetes.sources'])).text).code).toBe(0);
  expect(bench.read('apt/kubernetes.sources')).toBe(stanza('1.32'));
});

test("the inventory's base URL takes the place of the mirror's", () => {
  bench.write('apt/kubernetes.list', line('1.31'));
  const settings = { packagesBaseUrl: 'https://new.example/k8s/' };
  const { text } = scriptOf('package-repo', WITH, setting(['apt/kubernetes.list'], settings));
  expect(bench.run(text).code).toBe(0);
  expect(bench.read('apt/kubernetes.list')).toContain('https://new.example/k8s/core:/stable:/v1.32/deb/ /');
  expect(isDone('package-repo', WITH, setting(['apt/kubernetes.list'])).done).toBe(true);
  expect(isDone('package-repo', WITH, setting(['apt/kubernetes.list'], settings)).done).toBe(true);
});

test('when apt refuses the new source, files and keyring are as they were and its exit code is handed on', () => {
  bench.write('apt/kubernetes.list', line('1.31'));
  bench.tool('apt-get', 'echo "E: The repository is not signed." >&2; exit 100');
  const { code, stderr, calls } = bench.run(scriptOf('package-repo', WITH, setting(['apt/kubernetes.list'])).text);
  expect(code).toBe(100);
  expect(stderr).toContain('the old one is put back');
  expect(bench.read('apt/kubernetes.list')).toBe(line('1.31'));
  expect(bench.read('keys/kubernetes.gpg')).toBe('old key\n');
  // With the new key, with the old one, and with that of a newer minor.
  expect(calls.filter((call) => call.startsWith('apt-get'))).toHaveLength(3);
  expect([...bench.files('apt'), ...bench.files('keys')]).toEqual(['./kubernetes.list', './kubernetes.gpg']);
});

test('a fetch that apt only warns about counts as a failure', () => {
  bench.write('apt/kubernetes.list', line('1.31'));
  bench.tool('apt-get', 'echo "W: Failed to fetch http://..." >&2');
  expect(bench.run(scriptOf('package-repo', WITH, setting(['apt/kubernetes.list'])).text).code).toBe(100);
  expect(bench.read('apt/kubernetes.list')).toBe(line('1.31'));
});

test('the keyring that was there stays where only it verifies the new index', () => {
  bench.write('apt/kubernetes.list', line('1.31'));
  bench.tool('apt-get', 'grep -q "old key" keys/kubernetes.gpg');
  expect(bench.run(scriptOf('package-repo', WITH, setting(['apt/kubernetes.list'])).text).code).toBe(0);
  expect(bench.read('keys/kubernetes.gpg')).toBe('old key\n');
  expect(bench.read('apt/kubernetes.list')).toBe(line('1.32'));
});

test('a mirror without a key is no obstacle where there is a keyring, and one where there is none', () => {
  bench.write('apt/kubernetes.list', line('1.31'));
  bench.tool('curl', 'exit 22');
  const { text } = scriptOf('package-repo', WITH, setting(['apt/kubernetes.list']));
  expect(bench.run(text).code).toBe(0);
  expect(bench.read('apt/kubernetes.list')).toBe(line('1.32'));

  bench.write('apt/kubernetes.list', line('1.31'));
  bench.write('keys/kubernetes.gpg', '');
  const { code, stderr } = bench.run(text);
  expect(code).toBe(1);
  expect(stderr).toContain('there is no keyring');
  expect(bench.read('apt/kubernetes.list')).toBe(line('1.31'));
});

test('further Kubernetes sources are taken out of use', () => {
  bench.write('apt/kubernetes.list', `${line('1.31')}${line('1.30')}`);
  bench.write('apt/old.sources', `Types: deb\nURIs: ${MIRROR}/core:/stable:/v1.29/deb/\nSuites: /\nEnabled: yes\n`);
  const files = ['apt/kubernetes.list', 'apt/old.sources'];
  expect(bench.run(scriptOf('package-repo', WITH, setting(files)).text).code).toBe(0);
  expect(bench.read('apt/kubernetes.list')).toBe(`${line('1.32')}# ${line('1.30')}`);
  expect(bench.read('apt/old.sources')).toBe(
    `Enabled: no\nTypes: deb\nURIs: ${MIRROR}/core:/stable:/v1.29/deb/\nSuites: /\n`,
  );
  expect(isDone('package-repo', WITH, setting(files)).done).toBe(true);
});

test('of two addresses in one stanza only the wanted one is left', () => {
  const uris = (rest: string) => `Types: deb\nURIs: ${rest}\nSuites: /\n`;
  const url = (minor: string) => `${MIRROR}/core:/stable:/v${minor}/deb/`;
  bench.write('apt/kubernetes.sources', uris(`${url('1.30')} ${url('1.32')}`));
  expect(bench.run(scriptOf('package-repo', WITH, setting(['apt/kubernetes.sources'])).text).code).toBe(0);
  expect(bench.read('apt/kubernetes.sources')).toBe(uris(` ${url('1.32')}`));
});

test('a file that changed since it was read is left alone', () => {
  bench.write('apt/kubernetes.list', line('1.31'));
  const { text } = scriptOf('package-repo', WITH, setting(['apt/kubernetes.list']));
  bench.write('apt/kubernetes.list', line('1.29'));
  const { code, stderr } = bench.run(text);
  expect(code).toBe(1);
  expect(stderr).toContain('is not as it was when it was read');
  expect(bench.read('apt/kubernetes.list')).toBe(line('1.29'));
  expect(bench.files('apt')).toEqual(['./kubernetes.list']);
});

test('where there is no source, one of the community repository is written', () => {
  const none = { machine: (facts: object) => ({ ...facts, repository: { sources: [] } }) };
  const { commands } = scriptOf('package-repo', WITH, none);
  expect(commands[1]).toBe(
    "echo 'deb [signed-by=/etc/apt/keyrings/kubernetes-apt-keyring.gpg] https://pkgs.k8s.io/core:/stable:/v1.32/deb/ /' >>/etc/apt/sources.list.d/kubernetes.list",
  );
  const text = scriptOf('package-repo', WITH, none).text.replaceAll('/etc/apt/', bench.path('etc/'));
  bench.write('etc/sources.list.d/keep', '');
  bench.tool('apt-get');
  expect(bench.run(text).code).toBe(0);
  expect(bench.read('etc/sources.list.d/kubernetes.list')).toMatch(/^deb \[signed-by=.*\] https:.*v1\.32\/deb\/ \/\n$/);
  expect(bench.has('etc/keyrings/kubernetes-apt-keyring.gpg')).toBe(true);
});

test('a source that was written anew is gone again where apt refuses it', () => {
  const none = { machine: (facts: object) => ({ ...facts, repository: { sources: [] } }) };
  const text = scriptOf('package-repo', WITH, none).text.replaceAll('/etc/apt/', bench.path('etc/'));
  bench.write('etc/sources.list.d/keep', '');
  bench.tool('apt-get', 'exit 100');
  expect(bench.run(text).code).toBe(100);
  expect(bench.files('etc')).toEqual(['./sources.list.d/keep']);
});

test('the minor that is enabled alone is enough; a second source is not', () => {
  const source: PackageSource = {
    file: '/etc/apt/sources.list.d/kubernetes.list',
    line: 1,
    format: 'list',
    enabled: true,
    url: `${MIRROR}/core:/stable:/v1.32/deb/`,
    baseUrl: MIRROR,
    channel: 'stable',
    minor: '1.32',
  };
  const having = (...sources: PackageSource[]) => ({
    machine: (facts: object) => ({ ...facts, repository: { sources } }),
  });
  expect(isDone('package-repo', WITH, having(source)).done).toBe(true);
  expect(isDone('package-repo', WITH, having(source, { ...source, enabled: false })).done).toBe(true);
  expect(isDone('package-repo', WITH, having(source, { ...source, minor: '1.31' })).done).toBe(false);
  expect(isDone('package-repo', WITH, having()).reason).toBe('no Kubernetes package source is enabled');
  const context = contextFor('package-repo', WITH, having({ ...source, minor: '1.31' }, { ...source, minor: '1.30' }));
  expect(actionNamed('package-repo').project(context).nodes['w-1']?.repository?.sources).toEqual([
    source,
    { ...source, minor: '1.30', enabled: false },
  ]);
});
