import { Bash, defineCommand } from 'just-bash';
import { expect, test } from 'vitest';
import { scriptOf } from './cluster.ts';

/** Scripts must also run in the shell of the lab, which knows less than a real one. */
function shell(fails: RegExp): { bash: Bash; calls: string[] } {
  const calls: string[] = [];
  const tools = ['apt-get', 'apt-mark', 'apt-cache', 'dpkg', 'gpg', 'curl', 'kubectl', 'kubeadm', 'systemctl'];
  const customCommands = tools.map((name) =>
    defineCommand(name, (args, context) => {
      const call = [name, ...args].join(' ');
      calls.push(call);
      const out = args[args.indexOf('-o') + 1];
      const written = name === 'gpg' || name === 'curl' ? context.fs.writeFile(out ?? '', 'key') : Promise.resolve();
      return written.then(() => ({ stdout: '', stderr: '', exitCode: fails.test(call) ? 9 : 0 }));
    }),
  );
  const list = 'deb [signed-by=/etc/apt/keyrings/k.gpg] https://pkgs.k8s.io/core:/stable:/v1.31/deb/ /\n';
  return { bash: new Bash({ customCommands, files: { '/etc/apt/sources.list.d/kubernetes.list': list } }), calls };
}

test.each([
  ['package-repo', { version: '1.32.9' }],
  ['install-packages', { packages: ['kubelet', 'kubectl'], version: '1.32.9' }],
  ['kubeadm-upgrade-apply', { version: '1.32.9' }],
  ['kubeadm-upgrade-node', {}],
  ['drain', {}],
  ['uncordon', {}],
  ['restart-kubelet', {}],
])('%s runs in a simulated shell', async (name, values) => {
  const { bash, calls } = shell(/^$/);
  const result = await bash.exec(scriptOf(name, values, { node: 'cp-1' }).text);
  expect(result).toMatchObject({ exitCode: 0 });
  expect(calls).not.toEqual([]);
});

test('a switched source and a refused one come out there as in a real shell', async () => {
  const file = '/etc/apt/sources.list.d/kubernetes.list';
  const { text } = scriptOf('package-repo', { version: '1.32.9' });
  const good = shell(/^$/).bash;
  await good.exec(text);
  expect(await good.fs.readFile(file)).toContain('/v1.32/deb/ /');
  expect(await good.fs.readdir('/etc/apt/sources.list.d')).toEqual(['kubernetes.list']);
  const bad = shell(/^apt-get/).bash;
  expect(await bad.exec(text)).toMatchObject({ exitCode: 9 });
  expect(await bad.fs.readFile(file)).toContain('/v1.31/deb/ /');
});

test('holds come back there after a failed install', async () => {
  const { bash, calls } = shell(/^apt-get.* install /);
  const result = await bash.exec(scriptOf('install-packages', { packages: ['kubeadm'], version: '1.32.9' }).text);
  expect(result).toMatchObject({ exitCode: 9 });
  expect(calls.at(-1)).toBe('apt-mark hold kubeadm');
});

test('a failed drain gives the node back there', async () => {
  const { bash, calls } = shell(/ drain /);
  expect(await bash.exec(scriptOf('drain', {}).text)).toMatchObject({ exitCode: 9 });
  expect(calls.filter((call) => call.includes('uncordon'))).toHaveLength(1);
});
