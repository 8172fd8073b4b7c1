import { expect, test } from 'vitest';
import { readClusterFacts } from '../../src/facts/read.ts';
import * as lab from '../../src/lab/index.ts';
import { plantProblem } from '../../src/lab/problems.ts';
import { machineNamed } from '../../src/lab/world.ts';
import { QuickTwin } from '../../src/rehearse/quick-twin.ts';
import { bothReadings, kubeconfig } from './both-readings.ts';

test('what is changed beside every program is seen: files, packages, links, and a silent API server', async () => {
  const time = new lab.FastTime();
  const world = await lab.createWorld({ controlPlanes: 1, workers: 1, clock: time, quick: true });
  const twin = new QuickTwin(lab, world, time);
  const worker = machineNamed(world, 'worker-1');
  const [plane] = world.machines;
  if (!worker || !plane) throw new Error('no machine');
  const read = () => time.run(twin.recall(worker, 'cat /etc/a /etc/through/b /etc/d/* /opt/f/g 2>/dev/null; true'));
  expect(await read()).toMatchObject({ stdout: '' });
  await worker.fs.writeFile('/etc/a', 'a\n');
  expect(await read()).toMatchObject({ stdout: 'a\n' });
  await worker.fs.mkdir('/srv/real', { recursive: true });
  await worker.fs.symlink('/srv/real', '/etc/through');
  await worker.fs.writeFile('/srv/real/b', 'b\n');
  expect(await read()).toMatchObject({ stdout: 'a\nb\n' });
  await worker.fs.writeFile('/srv/real/b', 'c\n');
  await worker.fs.mkdir('/etc/d');
  await worker.fs.writeFile('/etc/d/e', 'e\n');
  expect(await read()).toMatchObject({ stdout: 'a\nc\ne\n' });
  await worker.fs.mkdir('/opt/f', { recursive: true });
  await worker.fs.writeFile('/opt/f/g', 'g\n');
  expect(await read()).toMatchObject({ stdout: 'a\nc\ne\ng\n' });
  await worker.fs.rm('/opt/f', { recursive: true });
  expect(await read()).toMatchObject({ stdout: 'a\nc\ne\n' });
  await worker.fs.rm('/srv', { recursive: true });
  expect(await read()).toMatchObject({ stdout: 'a\ne\n' });

  for (const problem of ['swap@worker-1', 'package-lock@worker-1', 'broken-package']) {
    await time.run(plantProblem(world, problem));
    const [quick, plain] = await bothReadings(twin);
    expect(quick).toEqual(plain);
  }
  plane.staticPods.delete('kube-apiserver');
  const asked = readClusterFacts((script) => lab.runScript(plane, script), ['nodes'], {
    host: plane.name,
    kubeconfig,
    known: twin.known,
  });
  await expect(time.run(asked)).rejects.toThrow(/cannot read nodes on cp-1/);
});
