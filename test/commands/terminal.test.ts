import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { folder } from './cli.ts';
import { runbook } from './in-process.ts';

/** A runbook of local steps, and its options. */
function local(nodes: readonly string[], phases: string) {
  const dir = folder();
  const [file, inventory, state] = [join(dir, 'here.yaml'), join(dir, 'inventory.yaml'), join(dir, 'state')];
  writeFileSync(file, `apiVersion: runbook/v1\nkind: Runbook\nname: here\nphases:\n${phases}`);
  const list = nodes.map((name) => `  - { name: ${name}, host: ${name}.invalid }\n`).join('');
  writeFileSync(inventory, `apiVersion: runbook/v1\nkind: Inventory\ncluster: nowhere\nnodes:\n${list}`);
  const run = async () => {
    const applied = await runbook(['apply', file, '-i', inventory, '--state-dir', state, '--yes']);
    expect(applied.code, applied.all).toBe(0);
    return readdirSync(join(state, 'runs'))[0] ?? '';
  };
  const of = (command: string, ...words: string[]) => runbook([command, ...words, '--state-dir', state]);
  return {
    dir,
    run,
    logs: (...words: string[]) => of('logs', ...words),
    report: (...words: string[]) => of('report', ...words),
  };
}

/** Until the test has ended stdout passes for a terminal. */
function onTerminal(): void {
  const before = Object.getOwnPropertyDescriptor(process.stdout, 'isTTY');
  Object.defineProperty(process.stdout, 'isTTY', { value: true, configurable: true });
  onTestFinished(() => {
    if (before) Object.defineProperty(process.stdout, 'isTTY', before);
    else Reflect.deleteProperty(process.stdout, 'isTTY');
  });
}

const HOSTILE = `  - name: Here
    nodes: unit
    steps:
      - run: printf 'a\\033]0;title\\007b\\n\\033[2J\\033[1;31mred\\033[0m\\n10%%\\r100%%\\r\\nü\\tend'
        on: local
`;
const AS_IT_CAME = 'a\u001b]0;title\u0007b\n\u001b[2J\u001b[1;31mred\u001b[0m\n10%\r100%\r\nü\tend';

test('logs takes escapes out of what goes to a terminal, and gives every byte to a file or with --raw', async () => {
  const it = local(['unit'], HOSTILE);
  const run = await it.run();
  expect((await it.logs(run)).stdout).toBe(AS_IT_CAME);
  onTerminal();
  expect((await it.logs(run)).stdout).toBe('ab\nred\n100%\nü    end');
  expect((await it.logs(run, '--follow')).stdout).toBe('ab\nred\n100%\nü    end');
  expect((await it.logs(run, '--raw')).stdout).toBe(AS_IT_CAME);
});

test('a run with many nodes at once and the logs of all its steps bring no warning about listeners', async () => {
  const warnings: string[] = [];
  const keep = (warning: Error): void => void warnings.push(warning.message);
  process.on('warning', keep);
  onTestFinished(() => void process.off('warning', keep));
  const nodes = Array.from({ length: 12 }, (_, index) => `n-${index}`);
  const steps = 'steps: [{ run: printf done, on: local, effect: repeatable }]';
  const it = local(nodes, `  - { name: Here, nodes: all, serial: 12, ${steps} }\n`);
  const logs = await it.logs(await it.run());
  expect(logs.stdout.match(/^==> /gm)).toHaveLength(12);
  expect(warnings).toEqual([]);
});

test('report prints its page into a pipe or a file, and refuses to print it on a terminal', async () => {
  const it = local(['unit'], HOSTILE);
  const run = await it.run();
  expect((await it.report(run)).stdout).toMatch(/^<!doctype html>[^\u001b]*<\/html>$/);
  onTerminal();
  const refused = await it.report(run);
  expect(refused.code).toBe(2);
  expect(refused.all).toContain(`runbook report ${run} -o report.html`);
  expect((await it.report('--format', 'md')).stdout).toContain('# here on nowhere: done');
  for (const [name, start] of [
    ['page.html', '<!doctype html>'],
    ['ticket.md', '# here on nowhere'],
    ['report.json', '{"version":1,'],
    ['junit.xml', '<?xml'],
  ] as const) {
    const file = join(it.dir, name);
    const { code, all } = await it.report('-o', file);
    expect(code, all).toBe(0);
    expect(readFileSync(file, 'utf8').startsWith(start), name).toBe(true);
  }
});
