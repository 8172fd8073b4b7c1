import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { changeState, type ManagedState, readState, stateFile } from '../../src/lab/managed/state.ts';
import { kill } from '../sshd/sshd.ts';
import { type CliResult, folder, runbook, startRunbook } from './cli.ts';
import { eventually } from '../eventually.ts';

/** A managed cluster in a lab, and the program beside the provider's CLI. No host in its inventory resolves. */
class Managed {
  readonly dir = join(folder(), 'lab');
  readonly inventory = join(this.dir, 'inventory.yaml');
  readonly stateDir = folder();
  readonly env = { PATH: `${join(this.dir, 'bin')}:${process.env['PATH'] ?? ''}` };

  args(command: string, ...more: string[]): string[] {
    const inputs = ['cluster=lab', 'every=0.1', 'version=1.33'].flatMap((one) => ['--set', one]);
    return [command, 'managed-eks.yaml', '-i', this.inventory, '--state-dir', this.stateDir, ...inputs, ...more];
  }

  run(command: string, ...more: string[]): Promise<CliResult> {
    return runbook(this.args(command, ...more), { env: this.env });
  }

  resume(): Promise<CliResult> {
    return runbook(['resume', '--yes', '--state-dir', this.stateDir], { env: this.env });
  }

  async lab(verb: string, ...more: string[]): Promise<void> {
    const { code, all } = await runbook(['lab', verb, ...more, '--dir', this.dir]);
    if (code !== 0) throw new Error(`lab ${verb}: ${all}`);
  }

  get state(): ManagedState {
    return readState(stateFile(this.dir));
  }

  change(change: Partial<ManagedState>): void {
    writeFileSync(stateFile(this.dir), JSON.stringify({ ...this.state, ...change }));
  }

  /** Starts the program, waits until it has said something, ends every update that is under way, and waits for the program. */
  async untilEnded(args: readonly string[], said: string): Promise<{ code: number | undefined; all: string }> {
    const running = startRunbook(args, this.env);
    onTestFinished(() => void running.kill('SIGKILL'));
    let seen = '';
    running.all.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await eventually(() => expect(seen).toContain(said), 20);
    changeState(stateFile(this.dir), (state) => {
      for (const update of state.updates) update.endsAt = 0;
    });
    const { exitCode, all } = await running;
    return { code: exitCode, all };
  }

  /** What the provider was asked to begin, in order. */
  get begun(): string[] {
    return this.state.calls
      .filter(({ line }) => line.includes(' update-'))
      .map(({ line }) => line.replace(/ --client-request-token.*/, '').replace(/^eks /, ''));
  }

  versions(): Record<string, string> {
    const { cluster, nodegroups } = this.state;
    return Object.fromEntries([cluster, ...nodegroups].map(({ name, version }) => [name, version]));
  }
}

async function managed(...args: string[]): Promise<Managed> {
  const it = new Managed();
  await it.lab('up', '--managed', 'eks', '--kubernetes', '1.32', '--time-scale', '20', ...args);
  return it;
}

const CONTROL_PLANE = 'update-cluster-version --name lab --kubernetes-version 1.33';
const GROUP = 'update-nodegroup-version --cluster-name lab --nodegroup-name';

test('an upgrade moves the control plane, then its add-ons, then one node group after another, without any SSH; a second run changes nothing', async () => {
  const it = await managed('--node-groups', 'general,spot=1.31');
  const planned = await it.run('plan', '--detailed-exitcode');
  expect(planned.code, planned.all).toBe(6);
  expect(planned.stdout).toContain('update-cluster-version --name "$CLUSTER" --kubernetes-version "$VERSION"');
  expect(planned.stdout).toMatch(/no node is contacted,\s+and none keeps a lock/);
  expect(it.begun).toEqual([]);

  const applied = await it.run('apply', '--yes');
  expect(applied.code, applied.all).toBe(0);
  expect(applied.all).toContain('no node is contacted, and none keeps a lock');
  expect(it.begun).toEqual([
    CONTROL_PLANE,
    ...['kube-proxy --addon-version v1.33.0-eksbuild.1', 'coredns --addon-version v1.12.0-eksbuild.1'].map(
      (addon) => `update-addon --cluster-name lab --addon-name ${addon} --resolve-conflicts PRESERVE`,
    ),
    `${GROUP} general --kubernetes-version 1.33`,
    `${GROUP} spot --kubernetes-version 1.33`,
  ]);
  expect(it.versions()).toEqual({ lab: '1.33', general: '1.33', spot: '1.33' });

  const again = await it.run('apply', '--yes');
  expect(again.code, again.all).toBe(0);
  expect(again.all).toContain('8 unchanged');
  expect(again.all).toContain('its check exited 0: the control plane is ACTIVE at the version');
  expect(it.begun).toHaveLength(5);
});

test.each([
  ['the program alone', false],
  ['the program and the step that waits', true],
])(
  'an upgrade that is killed in the middle of the control plane (%s) is resumed with the same update',
  async (_title, killsStep) => {
    const it = await managed('--node-groups', 'general');
    await it.lab('fault', 'lab', '--on', 'update-cluster-version', '--do', 'slow:1h');
    const running = startRunbook(it.args('apply', '--yes'), it.env);
    onTestFinished(() => void running.kill('SIGKILL'));
    await eventually(() => expect(it.state.updates).toMatchObject([{ of: 'cluster', status: 'InProgress' }]));
    await eventually(() => expect(stepPids(it.stateDir)).toHaveLength(2), 20);
    running.kill('SIGKILL');
    await running;
    for (const pid of killsStep ? stepPids(it.stateDir) : []) kill(pid, 'SIGKILL');
    expect(it.versions()['lab']).toBe('1.32');

    const refused = await it.run('apply', '--yes');
    expect(refused.code, refused.all).toBe(1);
    expect(refused.all).toContain('is not finished');

    const said = killsStep ? 'is under way: waiting for it' : 'began update';
    const resumed = await it.untilEnded(['resume', '--yes', '--state-dir', it.stateDir], said);
    expect(resumed.code, resumed.all).toBe(0);
    expect(it.begun.filter((line) => line === CONTROL_PLANE)).toHaveLength(1);
    expect(it.versions()).toEqual({ lab: '1.33', general: '1.33' });
  },
);

/** Who supervises the step of the control plane, and its script, as the attempt on this machine tells; none: not there yet. */
function stepPids(stateDir: string): number[] {
  const root = join(stateDir, 'local');
  const [run = ''] = existsSync(root) ? readdirSync(root).filter((name) => name.includes('managed-eks')) : [];
  const attempt = readdirSync(join(root, run)).find((name) => name.startsWith('3.1-'));
  const file = join(root, run, attempt ?? '', 'pid');
  if (attempt === undefined || !existsSync(file)) return [];
  return readFileSync(file, 'utf8').trim().split(/\s+/).slice(0, 2).map(Number);
}

test('an update that somebody else began is waited for, and none is begun beside it', async () => {
  const it = await managed('--node-groups', 'general');
  const endsAt = Date.now() + 3_600_000;
  const other = { id: 'theirs', token: 'x', of: 'cluster', name: 'lab', to: '1.33' } as const;
  it.change({ updates: [{ ...other, status: 'InProgress', createdAt: '', endsAt, fails: false }] });
  const applied = await it.untilEnded(it.args('apply', '--yes'), 'update theirs is under way: waiting for it');
  expect(applied.code, applied.all).toBe(0);
  expect(it.begun).not.toContain(CONTROL_PLANE);
});

test('a node group that fails ends the run with what the provider says of it, before the next one; resume tries it again', async () => {
  const it = await managed('--node-groups', 'general,spot');
  await it.lab('fault', 'general', '--on', 'update-nodegroup-version', '--do', 'fail');
  const applied = await it.run('apply', '--yes');
  expect(applied.code, applied.all).toBe(1);
  expect(applied.all).toContain('PodEvictionFailure');
  expect(applied.all).toContain('Reached max retries while trying to evict pods from nodes in node group general');
  expect(applied.all).toContain('ip-10-0-1-23.eu-central-1.compute.internal');
  expect(applied.all).toContain('runbook resume');
  expect(it.versions()).toEqual({ lab: '1.33', general: '1.32', spot: '1.32' });

  const resumed = await it.resume();
  expect(resumed.code, resumed.all).toBe(0);
  const groups = it.begun.filter((line) => line.startsWith(GROUP)).map((line) => line.split(' ')[4]);
  expect(groups).toEqual(['general', 'general', 'spot']);
  expect(it.versions()).toEqual({ lab: '1.33', general: '1.33', spot: '1.33' });
});

test('calls that the provider does not answer for a while cost nothing', async () => {
  const it = await managed('--node-groups', 'general');
  await it.lab('fault', 'lab', '--on', 'describe-update', '--do', 'exit:255', '--times', '3');
  const applied = await it.run('apply', '--yes');
  expect(applied.code, applied.all).toBe(0);
  expect(it.begun.filter((line) => line === CONTROL_PLANE)).toHaveLength(1);
});

test('what upgrade insights say against it can be passed over, and then only by a word to EKS too', async () => {
  const it = await managed('--node-groups', 'general');
  it.change({ insights: [{ name: 'Deprecated APIs', status: 'ERROR', reason: 'looked at: unused' }] });
  const args = ['--yes', '--limit', 'lab', '--set', 'addons=false', '--set', 'insights=false'];
  const applied = await it.run('apply', ...args);
  expect(applied.code, applied.all).toBe(0);
  expect(it.begun).toEqual([`${CONTROL_PLANE} --force`]);
  expect(it.versions()).toEqual({ lab: '1.33', general: '1.32' });
});

test('what would break the policy is refused while planning, all in one go, and nothing is begun', async () => {
  const it = await managed('--node-groups', 'general,old=1.29');
  const refuses = async (command: string, more: readonly string[], ...said: string[]) => {
    const { code, all } = await it.run(command, ...more);
    expect(code, all).toBe(3);
    for (const text of said) expect(all.replaceAll(/\s+/g, ' ')).toContain(text);
  };
  const behind = 'node group old is at 1.29: more than 3 minors behind 1.33';
  await refuses('plan', [], behind);
  await refuses('apply', ['--yes'], behind);
  await refuses('plan', ['--set', 'version=1.34'], 'lab is at 1.32: one minor at a time, so 1.33 comes before 1.34');
  await refuses('plan', ['--set', 'version=1.31'], 'it cannot go back to 1.31');
  await refuses('plan', ['--set', 'version=1.33.4'], 'version must be a minor such as 1.33, not 1.33.4');
  await refuses('plan', ['--set', 'cluster=other'], 'No cluster found for name: other');
  it.change({
    nodegroups: [{ name: 'general', version: '1.32', amiType: 'CUSTOM' }],
    insights: [{ name: 'Deprecated APIs', status: 'ERROR', reason: 'flowcontrol v1beta3 is in use' }],
  });
  await refuses(
    'plan',
    [],
    'node group general has an AMI of its own',
    'No node group found for name: old',
    'the upgrade insights of EKS report: Deprecated APIs flowcontrol v1beta3 is in use',
  );
  expect(it.begun).toEqual([]);
});

test('without the CLI in PATH it is refused, and says what is missing', async () => {
  const it = await managed('--node-groups', 'general');
  const { code, all } = await runbook(it.args('plan'), { env: { PATH: toolsWithoutAws() } });
  expect(code, all).toBe(3);
  expect(all.replaceAll(/\s+/g, ' ')).toContain('aws is not in PATH: install the AWS CLI, version 2');
});

/** A folder with every tool of PATH but the provider's. */
function toolsWithoutAws(): string {
  const bin = join(folder(), 'bin');
  mkdirSync(bin);
  for (const dir of (process.env['PATH'] ?? '').split(':').filter((one) => existsSync(one)))
    for (const name of readdirSync(dir))
      if (basename(name) !== 'aws' && !existsSync(join(bin, name)))
        try {
          symlinkSync(join(dir, name), join(bin, name));
        } catch {
          // A link that points nowhere lies there already.
        }
  return bin;
}

test('the lab has its own words for what a managed cluster cannot have', async () => {
  const dir = join(folder(), 'lab');
  const said = async (...args: string[]) => {
    const { code, all } = await runbook(['lab', 'up', '--dir', dir, ...args]);
    expect(code, all).toBe(2);
    return all;
  };
  expect(await said('--managed', 'gke')).toContain('only the provider eks');
  expect(await said('--managed', 'eks', '--workers', '3')).toContain(
    '--workers: a managed lab has no nodes of its own',
  );
  expect(await said('--node-groups', 'a')).toContain('--node-groups belongs to --managed eks');
  expect(await said('--managed', 'eks', '--node-groups', 'a=2')).toContain('NAME=1.31');
  const it = await managed('--node-groups', 'general');
  const asked = await runbook(['lab', 'fault', 'general', '--dir', it.dir, '--on', 'x', '--do', 'reboot']);
  expect(asked.code).toBe(2);
  expect(asked.all).toContain('none of fail, exit:N, slow:DURATION');
  const shown = await runbook(['lab', 'state', '--dir', it.dir, '--output', 'json']);
  expect(z.object({ cluster: z.object({ version: z.string() }) }).parse(JSON.parse(shown.stdout)).cluster.version).toBe(
    '1.32',
  );
});
