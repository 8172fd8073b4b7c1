import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { folder } from './cli.ts';
import { runbook } from './in-process.ts';

const INVENTORY = `apiVersion: runbook/v1
kind: Inventory
cluster: c
nodes:
  - { name: cp-1, host: h1, role: control-plane, vars: { rack: a } }
  - { name: w-1, host: h2, role: worker, vars: { rack: b, pool: x } }
  - { name: w-2, host: h3, role: worker }
`;

const head = `apiVersion: runbook/v1
kind: Runbook
name: mine
inputs:
  version: { type: version }
phases:
`;

describe('validate', () => {
  const cwd = process.cwd();
  beforeEach(() => process.chdir(folder()));
  afterEach(() => process.chdir(cwd));

  async function validate(steps: string, ...args: string[]): Promise<{ code: number | undefined; all: string }> {
    await writeFile('inventory.yaml', INVENTORY);
    await writeFile('mine.yaml', head + steps);
    return runbook(['validate', 'mine.yaml', ...args]);
  }

  test('takes a name in ./runbooks, and of those that come with the program', async () => {
    await mkdir('runbooks');
    await writeFile('runbooks/own.yaml', `${head}  - { name: p, nodes: all, steps: [{ run: 'true' }] }\n`);
    const { code, all } = await runbook(['validate', 'own', 'smoke.yaml']);
    expect(code, all).toBe(0);
    expect(all).toContain(`${join('runbooks', 'own.yaml')}: ok`);
  });

  test('names nodes whose results a step reads and that the inventory does not have', async () => {
    const steps = `  - name: p
    nodes: all
    steps:
      - { id: ask, run: 'true' }
      - { run: 'true', if: "nodes['w-9'].steps.ask.outcome == 'changed' || nodes['w-1'].steps.ask.outcome == 'failed'" }
      - { run: "echo \${{ nodes['db'].steps.ask.outputs.key }}" }
`;
    const { code, all } = await validate(steps, 'inventory.yaml');
    expect(code).toBe(2);
    expect(all).toMatch(
      /mine\.yaml:11:\d+: error: `nodes\['w-9'\]`: the inventory has no such node.*[^]*did you mean `w-1`\?/,
    );
    expect(all).toMatch(/mine\.yaml:12:\d+: error: `nodes\['db'\]`: the inventory has no such node/);
    expect(all).toContain('mine.yaml: 2 errors');
  });

  test('holds a runbook and an inventory against each other', async () => {
    const steps = `  - name: p
    nodes: [edge, workers]
    steps:
      - run: 'echo \${{ node.vars.pool }} \${{ node.vars.rack }}'
      - run: "echo \${{ has(node.vars.zone) ? node.vars.zone : 'none' }}"
  - name: q
    nodes: w-1
    steps:
      - run: 'echo \${{ node.vars.pool }}'
`;
    const together = await validate(steps, 'inventory.yaml');
    expect(together.code).toBe(2);
    expect(together.all).toMatch(/mine\.yaml:8:13.*\n?.*`edge`/);
    expect(together.all).toContain('w-2 has no variable `pool` (`node.vars.pool`)');
    expect(together.all).toContain('w-2 has no variable `rack`');
    expect(together.all).not.toContain('zone');
    expect(together.all).toContain('mine.yaml: 3 errors');
    expect((await validate(steps)).code).toBe(0);
  });

  test('checks inputs where some are given', async () => {
    const steps = "  - { name: p, nodes: all, steps: [{ run: 'true' }] }\n";
    expect((await validate(steps)).code).toBe(0);
    expect((await validate(steps, '--set', 'version=1.32.9')).code).toBe(0);
    const wrong = await validate(steps, '--set', 'version=1.32', '--set', 'vresion=1');
    expect(wrong.code).toBe(2);
    expect(wrong.all).toContain('--set version');
    expect(wrong.all).toContain('--set vresion');
  });

  test('finds what sh cannot read in each script, at its line, and runs none of it', async () => {
    const { code, all } = await validate(`  - name: p
    nodes: all
    steps:
      - run: |
          touch was-run
          if [ "\${{ inputs.version }}" ]; then
            echo "$(ls)"
      - run: 'true'
        check: "echo 'open"
      - uses: wait
        with: { command: 'ls )' }
      - run: |
          echo \${{ inputs.version }}
          case x in x) echo fine ;; esac
`);
    expect(code).toBe(2);
    for (const place of ['13:13', '15:17', '17:27']) expect(all).toContain(`mine.yaml:${place}`);
    expect(all.match(/`sh` does not read this script/g)).toHaveLength(3);
    await expect(import('node:fs/promises').then(({ access }) => access('was-run'))).rejects.toThrow('ENOENT');
  });
});
