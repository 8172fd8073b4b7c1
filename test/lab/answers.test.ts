import { afterEach, expect, test, vi } from 'vitest';
import { Answers } from '../../src/lab/answers.ts';
import { FastTime } from '../../src/lab/fast-time.ts';
import { createWorld } from '../../src/lab/lab.ts';
import { Machine } from '../../src/lab/machine.ts';

async function twoWorkers() {
  const time = new FastTime();
  const world = await createWorld({ controlPlanes: 1, workers: 2, clock: time, quick: true });
  const [first, one, two] = world.machines;
  if (!first || !one || !two) throw new Error('no machines');
  const answers = new Answers(world);
  for (const machine of [first, one, two]) await time.run(answers.ask(machine, 'true'));
  const run = vi.spyOn(Machine.prototype, 'run');
  /** What it prints, and whether it was run for that. */
  const ask = async (machine: Machine, script: string) => {
    run.mockClear();
    const { stdout } = await time.run(answers.ask(machine, script));
    return [stdout, run.mock.calls.length > 0 ? 'ran' : 'known'];
  };
  return { first, one, two, ask, answers, time, run };
}

afterEach(() => {
  vi.restoreAllMocks();
});

test('what one machine printed is what another one prints that shows the same', async () => {
  const { one, two, ask } = await twoWorkers();
  const script = 'ls /etc/opt 2>/dev/null; cat /etc/opt/a 2>/dev/null; true';
  expect(await ask(one, script)).toEqual(['', 'ran']);
  expect(await ask(two, script)).toEqual(['', 'known']);
  await two.fs.mkdir('/etc/opt', { recursive: true });
  await two.fs.writeFile('/etc/opt/a', 'of two\n');
  expect(await ask(two, script)).toEqual(['a\nof two\n', 'ran']);
  expect(await ask(one, script)).toEqual(['', 'known']);
  await one.fs.mkdir('/etc/opt', { recursive: true });
  await one.fs.writeFile('/etc/opt/a', 'of one\n');
  expect(await ask(one, script)).toEqual(['a\nof one\n', 'ran']);
  await two.fs.writeFile('/etc/opt/a', 'of one\n');
  expect(await ask(two, script)).toEqual(['a\nof one\n', 'known']);
  await one.fs.rm('/etc/opt', { recursive: true });
  expect(await ask(one, script)).toEqual(['', 'known']);
});

test('modes, programs, packages and names are looked at too', async () => {
  const { one, two, ask } = await twoWorkers();
  for (const machine of [one, two]) await machine.fs.writeFile('/etc/a', 'a\n');
  const mode = 'stat -c %a /etc/a';
  expect(await ask(one, mode)).toEqual(['644\n', 'ran']);
  await two.fs.chmod('/etc/a', 0o600);
  expect(await ask(two, mode)).toEqual(['600\n', 'ran']);

  const kubeadm = 'kubeadm version -o short';
  expect(await ask(one, kubeadm)).toEqual(['v1.31.9\n', 'ran']);
  expect(await ask(two, kubeadm)).toEqual(['v1.31.9\n', 'known']);
  two.install('kubeadm', { revision: '1.32.9-1.1', state: 'i', held: false });
  expect(await ask(two, kubeadm)).toEqual(['v1.32.9\n', 'ran']);

  expect(await ask(one, 'uname -r')).toEqual([`${one.kernelRelease}\n`, 'ran']);
  expect(await ask(two, 'uname -r')).toEqual([`${one.kernelRelease}\n`, 'known']);
  expect(await ask(one, 'uname -nr')).toEqual([`worker-1 ${one.kernelRelease}\n`, 'ran']);
  expect(await ask(two, 'uname -nr')).toEqual([`worker-2 ${one.kernelRelease}\n`, 'ran']);
  expect(await ask(one, 'hostname')).toEqual(['worker-1\n', 'ran']);
  expect(await ask(two, 'hostname')).toEqual(['worker-2\n', 'ran']);
});

test('times of files count where a script looks at them', async () => {
  const { one, two, ask } = await twoWorkers();
  for (const machine of [one, two]) await machine.fs.writeFile('/etc/a', 'a\n');
  await one.fs.utimes('/etc/a', new Date(1000), new Date(1000));
  await two.fs.utimes('/etc/a', new Date(2000), new Date(2000));
  expect(await ask(one, '[ -f /etc/a ] && cat /etc/a')).toEqual(['a\n', 'ran']);
  expect(await ask(two, '[ -f /etc/a ] && cat /etc/a')).toEqual(['a\n', 'known']);
  expect(await ask(one, 'stat -c %Y /etc/a')).toEqual(['1\n', 'ran']);
  expect(await ask(two, 'stat -c %Y /etc/a')).toEqual(['2\n', 'ran']);
});

test('what writes, asks the clock or asks the cluster is run on each machine, each time', async () => {
  const { one, two, ask } = await twoWorkers();
  for (const script of ['echo 1 >>/tmp/n; wc -l </tmp/n', 'date +%s', 'cat /proc/uptime'])
    for (const machine of [one, one, two]) expect((await ask(machine, script))[1], script).toBe('ran');
  expect(await ask(two, 'echo 1 >>/tmp/n; wc -l </tmp/n')).toEqual(['2\n', 'ran']);
});

test('machines that are asked at once share the answer of the first', async () => {
  const { one, two, answers, time, run } = await twoWorkers();
  const printed = await time.run(Promise.all([one, two].map((machine) => answers.ask(machine, 'kubelet --version'))));
  expect(printed.map(({ stdout }) => stdout)).toEqual(['Kubernetes v1.31.9\n', 'Kubernetes v1.31.9\n']);
  expect(run).toHaveBeenCalledTimes(1);
});

test('machines that are asked at once, and do not show what the first one does, share an answer too', async () => {
  const { first, one, two, answers, time, run } = await twoWorkers();
  const script = 'cat /etc/opt/a';
  for (const machine of [first, one, two]) await machine.fs.mkdir('/etc/opt', { recursive: true });
  for (const machine of [one, two]) await machine.fs.writeFile('/etc/opt/a', 'of a worker\n');
  const printed = await time.run(Promise.all([first, one, two].map((machine) => answers.ask(machine, script))));
  expect(printed.map(({ stdout }) => stdout)).toEqual(['', 'of a worker\n', 'of a worker\n']);
  expect(run).toHaveBeenCalledTimes(2);
});

test('a fault that waits on a machine strikes what is known', async () => {
  const { one, ask, answers, time } = await twoWorkers();
  expect(await ask(one, 'kubelet --version')).toEqual(['Kubernetes v1.31.9\n', 'ran']);
  one.audit.faults.push({ on: /^kubelet --version/, effect: { kind: 'exit', code: 3 }, times: 1 });
  expect((await time.run(answers.ask(one, 'kubelet --version'))).code).toBe(3);
  expect(await ask(one, 'kubelet --version')).toEqual(['Kubernetes v1.31.9\n', 'known']);
});
