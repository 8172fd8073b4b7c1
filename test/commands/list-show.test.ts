import { readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { folder } from './cli.ts';
import { runbook } from './in-process.ts';

const OWN = readdirSync(new URL('../../runbooks', import.meta.url)).filter((name) => name.endsWith('.yaml'));

const MINE = `# yaml-language-server: $schema=./runbook.schema.json
#
# Moves the load balancer.
# Costs nothing.
apiVersion: runbook/v1
kind: Runbook
name: mine
inputs:
  pool: { type: string, enum: [blue, green], description: Which pool }
  pause: { type: duration, default: 5m }
phases:
  - name: Out
    nodes: [edge, '!edge-3']
    serial: 25%
    if: inputs.pool == 'blue'
    steps:
      - run: lb out
      - { name: Look, uses: require, with: { command: lb status }, if: node.name != 'edge-1' }
`;

describe('the runbooks known by name', () => {
  const cwd = process.cwd();
  afterEach(() => process.chdir(cwd));

  test('are those of the program and of ./runbooks, each with what it is for and what it needs', async () => {
    process.chdir(folder());
    await mkdir('runbooks');
    await writeFile('runbooks/mine.yaml', MINE);
    await writeFile('runbooks/broken.yaml', 'kind: Runbook\n');
    const { code, stdout } = await runbook(['list', '--output', 'json']);
    expect(code).toBe(0);
    const rows: { name: string; path: string; valid: boolean; description: string; required: string[] }[] = stdout
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map(({ name }) => name).sort()).toEqual([...OWN, 'mine.yaml', 'broken.yaml'].sort());
    expect(rows.filter(({ valid }) => !valid).map(({ name }) => name)).toEqual(['broken.yaml']);
    expect(rows.find(({ name }) => name === 'mine.yaml')).toMatchObject({
      path: join('runbooks', 'mine.yaml'),
      required: ['pool'],
    });
    const shown = await runbook(['list']);
    expect(shown.stdout).toMatch(/^broken\.yaml +not valid: see runbook validate broken\.yaml$/m);
    expect(shown.stdout).toMatch(/^mine\.yaml +no description \(needs --set pool=\.\.\.\)$/m);
    for (const line of shown.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('a file of ./runbooks is listed in place of the one that comes with the program', async () => {
    process.chdir(folder());
    await mkdir('runbooks');
    await writeFile('runbooks/smoke.yaml', MINE.replace('name: mine', 'name: mine\ndescription: My own'));
    const { stdout } = await runbook(['list']);
    expect(stdout).toMatch(/^smoke\.yaml +My own/m);
    expect(stdout.match(/^smoke\.yaml/gm)).toHaveLength(1);
  });

  test('one is shown with its header, its inputs and its phases', async () => {
    process.chdir(folder());
    await mkdir('runbooks');
    await writeFile('runbooks/mine.yaml', MINE);
    const { code, stdout } = await runbook(['show', 'mine']);
    expect(code).toBe(0);
    expect(`${stdout}\n`).toBe(`mine  runbooks/mine.yaml

Moves the load balancer.
Costs nothing.

Inputs  --set NAME=VALUE
  pool  blue | green, required
      Which pool
  pause  duration, default "5m"

Phases
  1 Out  edge, !edge-3; 25% at a time; if inputs.pool == 'blue'
      run: lb out
      Look (require)  if node.name != 'edge-1'
`);
    const json = await runbook(['show', 'mine.yaml', '--output', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      name: 'mine',
      header: ['Moves the load balancer.', 'Costs nothing.'],
      inputs: [
        { name: 'pool', required: true },
        { name: 'pause', default: '5m' },
      ],
      phases: [
        { nodes: ['edge', '!edge-3'], serial: '25%', steps: [{ title: 'run: lb out' }, { if: expect.any(String) }] },
      ],
    });
  });

  test('one with mistakes is not shown but judged', async () => {
    process.chdir(folder());
    await writeFile('bad.yaml', 'kind: Runbook\nfnord: 1\n');
    const { code, all } = await runbook(['show', 'bad.yaml']);
    expect(code).toBe(2);
    expect(all).toContain('bad.yaml:2:1');
    expect((await runbook(['show', 'no-such'])).all).toContain('there is no runbook no-such');
  });
});
