import { expect, it } from 'vitest';
import { readClusterFacts } from '../../src/facts/read.ts';
import { fakeLab } from './rig.ts';

const options = { kubeconfig: '/etc/kubernetes/admin.conf' };

async function read(lab: Awaited<ReturnType<typeof fakeLab>>, on = 'cp-1') {
  const began = lab.clock.now();
  const { etcd } = await readClusterFacts((script) => lab.run(on, script), ['etcd'], options);
  return { etcd, took: lab.clock.now() - began };
}

it('has healthy members of etcd, read through the member on the same machine', async () => {
  const lab = await fakeLab();
  const { etcd } = await read(lab, 'cp-2');
  expect(etcd).toMatchObject({ external: false, source: 'etcd-cp-2' });
  expect(
    etcd?.members.map(({ name, healthy, leader, version, learner }) => [name, healthy, leader, version, learner]),
  ).toEqual([
    ['cp-1', true, true, '3.5.24', false],
    ['cp-2', true, false, '3.5.24', false],
    ['cp-3', true, false, '3.5.24', false],
  ]);
  expect(new Set(etcd?.members.map((member) => member.follows))).toEqual(new Set([etcd?.members[0]?.id]));
});

it('finds a member whose process is dead, from its own machine as well', async () => {
  const lab = await fakeLab();
  const dead = lab.lab.world.machines[2];
  if (dead) dead.etcd.dead = true;
  for (const on of ['cp-1', 'cp-3']) {
    const { etcd } = await read(lab, on);
    expect(etcd?.source).toBe('etcd-cp-1');
    expect(etcd?.members.find((member) => member.name === 'cp-3')).toMatchObject({
      healthy: false,
      problem: 'context deadline exceeded',
    });
  }
});

it('finds a member whose machine is off within 30 seconds, although its pod still looks alive', async () => {
  const lab = await fakeLab();
  const off = lab.lab.world.machines[0];
  if (off) off.up = false;
  const { etcd, took } = await read(lab, 'cp-3');
  expect(etcd?.source).toBe('etcd-cp-3');
  expect(etcd?.members.filter((member) => member.healthy === false).map((member) => member.name)).toEqual(['cp-1']);
  expect(etcd?.members.find((member) => member.leader)?.name).toBe('cp-2');
  expect(took).toBeLessThan(30_000);
});

it('reports learners, alarms, sizes and members that lag', async () => {
  const lab = await fakeLab();
  const [first, second, third] = lab.lab.world.machines;
  if (first) Object.assign(first.etcd, { alarm: 'NOSPACE', dbSize: 2_147_483_648 });
  if (second) second.etcd.learner = true;
  if (third) third.etcd.lag = 20_000;
  const { etcd } = await read(lab);
  expect(etcd?.members).toMatchObject([
    { name: 'cp-1', alarms: ['NOSPACE'], dbSize: 2_147_483_648 },
    { name: 'cp-2', learner: true },
    { name: 'cp-3', alarms: [] },
  ]);
  const [a, , c] = etcd?.members ?? [];
  expect((a?.raftIndex ?? 0) - (c?.raftIndex ?? 0)).toBeGreaterThan(19_000);
});
