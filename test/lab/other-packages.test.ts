import { describe, expect, it } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { withLooked } from '../../src/facts/lib/looked.ts';
import { readNodeFacts } from '../../src/facts/read.ts';
import { parseSoftware, softwareScript } from '../../src/facts/software.ts';
import { parseUnits, unitsScript } from '../../src/facts/units.ts';
import { checkStep } from '../../src/guards/registry.ts';
import { fakeLab, type Run } from './rig.ts';

const NODE = { name: 'worker-1', host: '10.10.0.101', role: 'worker' } as const;

/** A step on worker-1, on what the machine says now. */
async function stepOn(run: Run, name: string, given: object, held: readonly string[] = []) {
  const action = actions.get(name) ?? expect.fail(name);
  const ids = ['os', 'packages'] as const;
  const own = await readNodeFacts((script) => run(NODE.name, script), ids, {
    kubeconfig: '/etc/kubernetes/admin.conf',
  });
  const view = {
    with: action.schema.parse(given),
    node: NODE,
    nodes: [NODE],
    settings: { kubeconfig: '/etc/kubernetes/admin.conf' },
    run: 'run',
    before: { unschedulable: false, held },
  };
  const bare: Facts = { nodes: { [NODE.name]: own } };
  const { packages = [], units = [] } = action.looksAt?.({ ...view, facts: bare }) ?? {};
  const said = await run(NODE.name, softwareScript(packages, true));
  const names = packages.map(({ name: one }) => one);
  const software = parseSoftware(names, said.stdout);
  const looked = { software, units: parseUnits((await run(NODE.name, unitsScript(units))).stdout) };
  const facts = withLooked(bare, { files: { local: {}, nodes: {} }, nodes: { [NODE.name]: looked } });
  const context = { ...view, facts };
  const step = { id: '1.1-step', node: NODE, action, with: view.with };
  return {
    done: action.isDone(context),
    software,
    script: action.script?.(context) ?? expect.fail('no script'),
    refusals: () =>
      checkStep({ nodes: [NODE], before: facts, after: action.project(context), step }, [
        'package-offers',
        'units',
      ]).map(({ summary }) => summary),
    projected: action.isDone({ ...context, facts: action.project(context) }),
  };
}

describe.each([
  ['Debian', {}, { packages: ['containerd.io'], version: '2.0', services: ['containerd'] }, '2.0.5-1'],
  [
    'Rocky Linux',
    { rocky: ['*'] },
    { packages: ['containerd.io'], version: '2.0', services: ['containerd'] },
    '2.0.5-3.1.el9',
  ],
  [
    'openSUSE',
    { suse: ['*'] },
    { packages: ['containerd=2.0.5', 'runc'], services: ['containerd'] },
    '2.0.5-150000.1.1',
  ],
])('other packages on %s', (_, os, given, revision) => {
  const old = { controlPlanes: 1, workers: 1, containerd: '1.7.27', ...os };
  const name = given.packages[0]?.replace(/=.*/, '') ?? '';

  it('are installed at the newest revision of the version, and the service is restarted once', async () => {
    const { lab, run } = await fakeLab(old);
    const step = await stepOn(run, 'install-packages', given);
    expect(step.done).toMatchObject({ done: false, reason: expect.stringContaining(`${name} is at 1.7.27`) });
    expect(step.refusals()).toEqual([]);
    expect(step.projected.done).toBe(true);
    expect(step.script.commands.at(-1)).toContain('systemctl restart containerd');
    const ran = await run('worker-1', step.script.text);
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    expect(ran.stdout).toContain('restarting containerd');
    expect((await lab.state()).nodes[1]?.containerRuntime).toBe('containerd://2.0.5');
    const again = await stepOn(run, 'install-packages', given);
    expect(again.done).toMatchObject({ done: true, reason: expect.stringContaining(`installed: ${name} ${revision}`) });
    expect((await run('worker-1', again.script.text)).stdout).not.toContain('restarting');
  });

  it('that were on hold are on hold again, and a hold that was lost is missed', async () => {
    const { run } = await fakeLab(old);
    const hold = { Debian: 'apt-mark hold', 'Rocky Linux': 'dnf versionlock add', openSUSE: 'zypper addlock' }[_];
    await run('worker-1', `${hold} ${name}`);
    const step = await stepOn(run, 'install-packages', given);
    expect(step.software[name]?.offered?.[0]).toBe(revision);
    expect(await run('worker-1', step.script.text)).toMatchObject({ code: 0 });
    expect((await stepOn(run, 'install-packages', given, [name])).done.done).toBe(true);
    await run(
      'worker-1',
      `${hold
        ?.replace(/\bhold/, 'unhold')
        .replace('add', 'delete')
        .replace('deletelock', 'removelock')} ${name}`,
    );
    expect((await stepOn(run, 'install-packages', given, [name])).done.reason).toBe(
      `${name} was on hold and is not any more`,
    );
  });

  it('are refused in words where no repository has them, and where they would go back', async () => {
    const { run } = await fakeLab({ ...old, containerd: '2.0.5' });
    const refusals = async (more: object) => (await stepOn(run, 'install-packages', { ...given, ...more })).refusals();
    expect(await refusals({ packages: [`${name}=3.1`] })).toEqual([`no repository of worker-1 offers ${name} 3.1`]);
    expect(await refusals({ packages: ['nothing-like-it'] })).toEqual([
      expect.stringContaining('no repository of worker-1 offers nothing-like-it'),
    ]);
    expect(await refusals({ packages: [`${name}=1.7`] })).toEqual([
      expect.stringMatching(new RegExp(`^${name} 1.7.28\\S+ would be older than what worker-1 has, 2.0.5`)),
    ]);
    expect(await refusals({ services: ['containerd', 'contanerd'] })).toEqual([
      'there is no unit contanerd on worker-1',
    ]);
  });
});

describe('service', () => {
  const unit = (name: string, lines: string) =>
    `mkdir -p /etc/systemd/system; printf '[Service]\\n${lines}\\n' >/etc/systemd/system/${name}.service; systemctl daemon-reload`;

  it('starts, stops, enables and disables a unit, and has nothing to do the second time', async () => {
    const { run } = await fakeLab({ controlPlanes: 1, workers: 1 });
    await run('worker-1', unit('web', 'ExecStart=/bin/sh'));
    for (const [given, was, then] of [
      [
        { state: 'started', enabled: true },
        'web is inactive (dead); web is disabled, not enabled',
        'active and enabled',
      ],
      [{ state: 'stopped', enabled: false }, 'web is active (running); web is enabled', 'inactive and disabled'],
    ] as const) {
      const step = await stepOn(run, 'service', { name: 'web', ...given });
      expect(step.done).toEqual({ done: false, reason: was });
      expect(step.projected.done).toBe(true);
      const ran = await run('worker-1', step.script.text);
      expect(ran.code, ran.stderr).toBe(0);
      expect((await stepOn(run, 'service', { name: 'web', ...given })).done).toEqual({
        done: true,
        reason: `web is ${then}`,
      });
    }
  });

  it('stops a unit that runs on although it is masked', async () => {
    const { run } = await fakeLab({ controlPlanes: 1, workers: 1 });
    await run('worker-1', `${unit('web', 'ExecStart=/bin/sh')}; systemctl start web; systemctl mask web`);
    const step = await stepOn(run, 'service', { name: 'web', state: 'stopped' });
    expect([step.done.reason, step.refusals()]).toEqual(['web is active (running)', []]);
    expect(await run('worker-1', step.script.text)).toMatchObject({ code: 0, stderr: '' });
    expect((await stepOn(run, 'service', { name: 'web', state: 'stopped' })).done.done).toBe(true);
  });

  it('restarts a unit each time, proven by a new process', async () => {
    const { run, lab } = await fakeLab({ controlPlanes: 1, workers: 1 });
    const step = await stepOn(run, 'service', { name: 'containerd', state: 'restarted' });
    expect(step.done).toEqual({ done: false, reason: 'containerd is restarted each time' });
    const before = lab.world.machines[1]?.services.get('containerd')?.pid;
    expect(await run('worker-1', step.script.text)).toMatchObject({ code: 0 });
    expect(lab.world.machines[1]?.services.get('containerd')?.pid).not.toBe(before);
    expect(
      await run('worker-1', `systemctl() { [ "$1" = restart ] || command systemctl "$@"; }\n${step.script.text}`),
    ).toMatchObject({
      code: 1,
      stderr: 'containerd was not started again\n',
    });
  });

  it('fails with the last lines of the journal where the unit starts and ends', async () => {
    const { run } = await fakeLab({ controlPlanes: 1, workers: 1 });
    await run('worker-1', unit('broken', 'ExecStart=/bin/false'));
    const { script } = await stepOn(run, 'service', { name: 'broken', state: 'started' });
    const { code, stderr } = await run('worker-1', script.text);
    expect(code).toBe(1);
    expect(stderr).toContain('broken was started and does not run: failed (failed), result exit-code');
    expect(stderr).toContain('Main process exited, code=exited, status=1/FAILURE');
  });

  it('refuses in words a unit that is missing or masked, and a reload of one that has none', async () => {
    const { run } = await fakeLab({ controlPlanes: 1, workers: 1 });
    await run(
      'worker-1',
      `${unit('web', 'ExecStart=/bin/sh')}; ${unit('other', 'ExecStart=/bin/sh')}; systemctl mask other`,
    );
    const refusals = async (given: object) => (await stepOn(run, 'service', given)).refusals();
    expect(await refusals({ name: 'wep', state: 'started' })).toEqual(['there is no unit wep on worker-1']);
    expect(await refusals({ name: 'wep', state: 'stopped' })).toEqual([]);
    expect(await refusals({ name: 'other', state: 'started' })).toEqual(['other on worker-1 is masked']);
    expect(await refusals({ name: 'web', state: 'reloaded' })).toEqual(['web on worker-1 cannot be reloaded']);
    const { script } = await stepOn(run, 'service', { name: 'other', state: 'restarted' });
    expect((await run('worker-1', script.text)).stderr).toBe(
      'other is masked: systemctl unmask other lets it run again\n',
    );
  });
});
