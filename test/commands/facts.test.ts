import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import net from 'node:net';
import { parseFacts } from '../../src/facts-file/parse.ts';
import { type FactsDocument, factsDocument, factsText } from '../../src/facts-file/document.ts';
import { planSchema } from '../../src/plan/plan.ts';
import { preflightSchema } from '../../src/render/preflight.ts';
import { type CliResult, folder } from './cli.ts';
import { labUp, runbook } from './in-process.ts';
import { openLab } from './open-lab.ts';

function documentOf(text: string): FactsDocument {
  const parsed = parseFacts(text);
  if ('document' in parsed) return parsed.document;
  throw new Error(parsed.problem);
}

/** All facts of a lab in a file, and with a runbook what that looks at. */
async function written(lab: { readonly inventory: string }, ...args: string[]) {
  const dir = folder();
  const file = join(dir, 'facts.json');
  const result = await runbook(['facts', ...args, '-i', lab.inventory, '-o', file, '--state-dir', join(dir, 'state')]);
  expect(result.code, result.all).toBe(0);
  const text = await readFile(file, 'utf8');
  return { file, text, document: documentOf(text), result, state: join(dir, 'state') };
}

function planned(result: CliResult): string {
  return result.stdout.replace(/^ +takes [^]*?(?=^ +digest)/m, '');
}

/** Whoever opens a connection, or reads a key, is found. */
function noConnections() {
  return vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(() => {
    throw new Error('a connection was opened');
  });
}

test('a plan and a preflight of a file are those of the nodes, and no one is contacted for them', async () => {
  const lab = await labUp({ controlPlanes: 2, workers: 2, problems: ['naked', 'blocked-pdb', 'swap@worker-2'] });
  const states = async () => (await lab.nodes()).map((node) => ({ ...node, commands: [] }));
  const before = await states();
  const { file, document, result, state } = await written(lab, 'upgrade-1.32.yaml', '--set', 'force=true');
  expect(await states()).toEqual(before);
  const ran = (await lab.nodes()).flatMap(({ commands }) => commands.map(({ line }) => line));
  const changing =
    /^(kubeadm (upgrade|init|join|reset)|apt-get (install|upgrade)|apt-mark (un)?hold|systemctl (re)?start|kubectl .*(drain|cordon|apply|delete|patch))/;
  expect(ran.filter((line) => changing.test(line))).toEqual([]);
  expect(result.stdout).toBe('');
  expect(result.stderr).toContain('wrote the facts of 4 nodes to');
  expect(document.asked.minors).toEqual(expect.arrayContaining(['1.31', '1.32', '1.33']));
  expect(document.asked.runbook).toEqual({ name: 'upgrade-1.32', file: expect.stringContaining('upgrade-1.32.yaml') });

  const plan = (...args: string[]) =>
    runbook(['plan', 'upgrade-1.32.yaml', '--set', 'force=true', '--state-dir', state, ...args]);
  const preflight = (...args: string[]) => runbook(['preflight', '--output', 'json', '--state-dir', state, ...args]);
  const live = [await plan('-i', lab.inventory), await preflight('-i', lab.inventory)] as const;
  // There is no key, no inventory and no connection: none of them is looked at.
  await rm(dirname(lab.inventory), { recursive: true });
  const connect = noConnections();
  try {
    const kept = [await plan('--facts', file), await preflight('--facts', file)] as const;
    expect(kept[0].code, kept[0].all).toBe(3);
    expect(planned(kept[0])).toBe(planned(live[0]));
    expect(kept[0].stdout).toMatch(/^ +from +facts of 20\S+Z, read about \d+ \w+ ago,/m);
    const [now, then] = [live[1], kept[1]].map(({ stdout }) => preflightSchema.parse(JSON.parse(stdout)));
    expect(then).toEqual({ ...now, facts: { file, readAt: document.readAt } });
    const md = await plan('--facts', file, '--format', 'md');
    expect(md.stdout).toMatch(/^\| From +\| facts of 20\S+Z, read about \d+ \w+ ago,/m);
    const json = await plan('--facts', file, '--output', 'json');
    expect(json.stdout).toContain(`"file":${JSON.stringify(file)},"readAt":"${document.readAt}"`);
    expect(connect).not.toHaveBeenCalled();
  } finally {
    connect.mockRestore();
  }
});

test('a plan of a file is applied as any saved plan: it is compared with the cluster', async () => {
  const { lab, inventory } = await openLab({ controlPlanes: 1, workers: 1, timeScale: 50 });
  const { file, state } = await written({ inventory });
  const out = join(state, '..', 'plan.json');
  const plan = await runbook(['plan', 'upgrade-1.32.yaml', '--facts', file, '-o', out, '--state-dir', state]);
  expect(plan.code, plan.all).toBe(0);
  const saved = planSchema.parse(JSON.parse(await readFile(out, 'utf8')));
  expect(saved.inventory.file).toBe(inventory);
  const same = await runbook(['plan', out, '--state-dir', state]);
  expect(same.code, same.all).toBe(0);
  const node = lab.world.cluster.nodes.get('worker-1');
  if (!node) throw new Error('no worker');
  lab.world.cluster.changeNode(node, { unschedulable: true });
  const moved = await runbook(['plan', out, '--state-dir', state]);
  expect(moved.code, moved.all).toBe(3);
  expect(moved.stderr).toContain('is out of date');
});

test('what the file lacks is refused with the command that reads it', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 1 });
  const { file, state, document } = await written(lab);
  const run = (...args: string[]) => runbook([...args, '--facts', file, '--state-dir', state]);

  const minor = await run('plan', 'upgrade.yaml', '--set', 'version=1.99.1');
  expect(minor.code, minor.all).toBe(2);
  expect(minor.stderr).toMatch(/facts\.json does not have what package repositories offer of .*1\.99/);
  expect(minor.stderr).toContain(`runbook facts upgrade.yaml -i ${lab.inventory} --set version=1.99.1 -o ${file}`);

  const own = join(state, '..', 'own.yaml');
  await writeFile(
    own,
    `apiVersion: runbook/v1
kind: Runbook
name: own
phases:
  - name: All
    nodes: all
    steps: [{ run: touch /tmp/x, check: test -e /tmp/x }]
`,
  );
  const check = await run('plan', own);
  expect(check.code, check.all).toBe(2);
  expect(check.stderr).toMatch(/does not have what the check of \S+ on cp-1 answers/);
  const unasked = await run('plan', own, '--no-checks');
  expect(unasked.code, unasked.all).toBe(0);
  expect(unasked.stdout).toContain('commands of the runbook were not run');
  const asked = await written(lab, own);
  expect(Object.keys(asked.document.asked.checks ?? {})).toHaveLength(2);
  const answered = await runbook(['plan', own, '--facts', asked.file, '--state-dir', state]);
  expect(answered.code, answered.all).toBe(0);

  const other = await run('preflight', '-i', await edited(lab.inventory, 'worker-1', 'worker-9'));
  expect(other.code, other.all).toBe(2);
  expect(other.stderr).toMatch(
    /has the facts of other nodes than .*\n.*worker-1 is in the facts alone\n.*worker-9 is in the inventory alone/,
  );
  const same = await run('preflight', '-i', await edited(lab.inventory, 'become:', '# the same nodes\nbecome:'));
  expect(same.code, same.all).toBe(0);

  const target = await run('preflight', 'upgrade-1.32.yaml', '--with-target-kubeadm');
  expect(target.code, target.all).toBe(2);
  expect(target.stderr).toContain('with --facts no one is contacted');

  const { format: _f, version: _v, digest: _d, ...content } = document;
  const fewer = join(state, '..', 'fewer.json');
  const { 'worker-1': _left, ...nodes } = content.facts.nodes;
  const facts = { ...content.facts, nodes };
  const read = factsDocument({ ...content, asked: { ...document.asked, nodes: ['cp-1'] }, facts });
  await writeFile(fewer, factsText(read));
  const missing = await runbook(['plan', 'upgrade-1.32.yaml', '--facts', fewer, '--state-dir', state]);
  expect(missing.code, missing.all).toBe(2);
  expect(missing.stderr).toContain('does not have the facts of worker-1');
});

test('a fact that cannot be read is in the file with its reason, and found again', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 1 });
  lab.fault('worker-1', '^kubectl version', 'exit:7', 1000);
  const { file, document, result, state } = await written(lab);
  expect(result.stderr).toContain('binaries of worker-1 could not be read');
  expect(document.asked.unread).toMatchObject([{ node: 'worker-1', facts: ['binaries'] }]);
  const run = (...args: string[]) => runbook(['preflight', '--output', 'json', '--state-dir', state, ...args]);
  const [live, kept] = [await run('-i', lab.inventory), await run('--facts', file)].map(({ stdout }) =>
    preflightSchema.parse(JSON.parse(stdout)),
  );
  expect(kept?.findings).toEqual(live?.findings);
  expect(kept?.guards).toEqual(live?.guards);
});

test('a node that cannot be reached is refused, and the document alone is on stdout', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 1 });
  const state = folder();
  const printed = await runbook(['facts', '-i', lab.inventory, '--state-dir', state, '--limit', 'control-plane']);
  expect(documentOf(printed.stdout).asked.nodes).toEqual(['cp-1']);
  const set = await runbook(['facts', '-i', lab.inventory, '--set', 'a=b']);
  expect(set.code, set.all).toBe(2);
  const away = (await readFile(lab.inventory, 'utf8')).replaceAll(/port: \d+/g, 'port: 1');
  const inventory = join(state, 'away.yaml');
  await writeFile(inventory, away);
  const lost = await runbook(['facts', '-i', inventory, '-o', join(state, 'facts.json'), '--state-dir', state]);
  expect(lost.code, lost.all).toBe(5);
  await expect(readFile(join(state, 'facts.json'))).rejects.toThrow('ENOENT');
});

async function edited(inventory: string, before: string, after: string): Promise<string> {
  const text = await readFile(inventory, 'utf8');
  expect(text).toContain(before);
  const file = join(folder(), 'inventory.yaml');
  await writeFile(file, text.replaceAll(before, after));
  return file;
}
