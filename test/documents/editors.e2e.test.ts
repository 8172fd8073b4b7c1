import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { folder, runbook } from '../commands/cli.ts';
import { LanguageServer } from './language-server.ts';

const ROOT = new URL('../..', import.meta.url).pathname;

/** The ready runbooks with the schema beside them, as docs/editors.md says, and the server of the editor. */
async function setting() {
  const dir = folder();
  cpSync(join(ROOT, 'runbooks'), dir, { recursive: true });
  cpSync(join(ROOT, 'inventory.example.yaml'), join(dir, 'inventory.yaml'));
  for (const kind of ['runbook', 'inventory']) {
    const { stdout } = await runbook(['schema', kind]);
    writeFileSync(join(dir, `${kind}.schema.json`), stdout);
    expect(JSON.parse(readFileSync(join(ROOT, `dist/schemas/${kind}.schema.json`), 'utf8'))).toEqual(
      JSON.parse(stdout),
    );
  }
  const server = new LanguageServer();
  await server.start();
  const open = async (name: string, change = (text: string): string => text) => {
    const text = change(readFileSync(join(dir, name), 'utf8'));
    const uri = pathToFileURL(join(dir, name)).href;
    const diagnostics = await server.open(uri, text);
    const lines = text.split('\n');
    /** Line and column, 0-based, where a text is; behind it with `end`. */
    const find = (part: string, end = false): readonly [number, number] => {
      const line = lines.findIndex((one) => one.includes(part));
      if (line === -1) throw new Error(`there is no ${part} in ${name}`);
      return [line, (lines[line] ?? '').indexOf(part) + (end ? part.length : 0)];
    };
    return { uri, diagnostics, find };
  };
  return { dir, server, open };
}

test('no ready runbook and no example inventory is underlined', async () => {
  const { dir, open } = await setting();
  const names = readdirSync(dir).filter((name) => name.endsWith('.yaml'));
  expect(names).toEqual(expect.arrayContaining(['upgrade.yaml', 'inventory.yaml']));
  for (const name of names) {
    const { diagnostics } = await open(name);
    expect(diagnostics.map(({ message, range }) => `${name}:${range.start.line + 1}: ${message}`)).toEqual([]);
  }
});

test('an unknown key, an unknown action and a wrong option are underlined where they are', async () => {
  const { open } = await setting();
  const { diagnostics, find } = await open('upgrade.yaml', (text) =>
    text
      .replace(/^kind: Runbook$/m, 'kind: Runbook\nnames: [upgrade]')
      .replace('uses: cordon', 'uses: kordon')
      .replace('uses: drain', 'uses: dra1n'),
  );
  const at = (part: string) => {
    const [line, column] = find(part);
    return diagnostics.filter(({ range }) => range.start.line === line && range.start.character === column);
  };
  expect(at('names').map(({ message }) => message)).toEqual([expect.stringContaining('names is not allowed')]);
  expect(at('dra1n').map(({ message }) => message)).toEqual([expect.stringContaining('"drain"')]);
});

test('the mouse on a key shows what it means with an example, and completion knows actions and their options', async () => {
  const { server, open } = await setting();
  const { uri, find } = await open('upgrade.yaml', (text) =>
    text.replace(/^( *)- uses: drain$/m, '$1- uses: drain\n$1  with:\n$1    \n$1- uses: '),
  );
  const hover = async (part: string) => server.hover(uri, ...find(part));
  expect(await hover('phases:')).toContain('Run in this order.');
  const serial = await hover('serial:');
  expect(serial).toContain('How many nodes are worked on at a time');
  expect(serial).toContain('25%');
  const [line, column] = find('- uses: drain');
  const options = await server.complete(uri, line + 2, column + 4);
  expect(options).toEqual(
    expect.arrayContaining(['timeout', 'force', 'deleteEmptydirData', 'gracePeriod', 'onBlocked']),
  );
  const names = await server.complete(uri, line + 3, column + 8);
  expect(names).toEqual(expect.arrayContaining(['drain', 'uncordon', 'kubeadm-upgrade-apply']));
});
