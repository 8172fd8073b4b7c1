import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readInventory, readRunbook } from '../../src/documents/read.ts';
import { loadAny } from '../../src/documents/read-any.ts';
import { resolveRunbookPath } from '../../src/documents/runbook-path.ts';
import { readDocument } from '../../src/documents/text.ts';
import { fakeActions, shown, withSteps } from './fakes.ts';

let folder = '';
const at = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'documents-'));
  mkdirSync(at('work/runbooks'), { recursive: true });
  mkdirSync(at('own'));
  writeFileSync(at('work/here.yaml'), withSteps('      - run: a\n'));
  writeFileSync(at('work/runbooks/mine.yaml'), '');
  writeFileSync(at('own/upgrade.yaml'), '');
  writeFileSync(at('own/mine.yaml'), '');
  writeFileSync(at('own/upgrade-steps.yaml'), 'apiVersion: runbook/v1\nkind: Steps\nsteps: [{ run: a }]\n');
  writeFileSync(at('latin1.yaml'), Buffer.from([0x61, 0xe4, 0x0a]));
  writeFileSync(at('binary.yaml'), Buffer.from([0x61, 0, 0x0a]));
  writeFileSync(at('empty.yaml'), ' \n');
  writeFileSync(at('bom.yaml'), `\ufeff${withSteps('      - uses: drian\n')}`);
  writeFileSync(
    at('inventory.yaml'),
    'apiVersion: runbook/v1\nkind: Inventory\ncluster: c\nnodes: [{ name: a, host: h }]\n',
  );
  writeFileSync(at('pod.yaml'), 'apiVersion: v1\nkind: Pod\n');
  writeFileSync(at('nothing.yaml'), 'a: 1\n');
  writeFileSync(at('torn.yaml'), 'phases: [\n  {name: x');
  writeFileSync(at('secret.yaml'), 'a: 1\n');
  chmodSync(at('secret.yaml'), 0);
  symlinkSync(at('loop.yaml'), at('loop.yaml'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a file', () => {
  test.each([
    ['none.yaml', 'there is no such file'],
    ['own', 'it is a folder'],
    ['empty.yaml/x', 'there is no such file'],
    ['latin1.yaml', 'it is not UTF-8'],
    ['binary.yaml', 'it is not a text'],
    ['loop.yaml', 'too many symbolic links'],
    ['x'.repeat(300), 'the name is too long'],
    ...(process.getuid?.() === 0 ? [] : [['secret.yaml', 'permission denied']]),
  ])('%s is refused by name: %s', async (name, why) => {
    const read = await readDocument(at(name ?? ''));
    expect(read.ok ? '' : read.diagnostic.summary).toBe(`cannot read ${at(name ?? '')}: ${why}`);
    expect((await readRunbook(at(name ?? ''), fakeActions)).value).toBeUndefined();
  });

  test('that is empty is so at its first line', async () => {
    expect(shown((await readInventory(at('empty.yaml'))).diagnostics)).toEqual(['1:1 empty the file is empty']);
  });

  test('with a byte order mark keeps its places', async () => {
    const { diagnostics } = await readRunbook(at('bom.yaml'), fakeActions);
    expect(shown(diagnostics)).toEqual(['12:15 unknown-action there is no action `drian`']);
  });

  test('is read as what its kind says', async () => {
    const kinds = async (name: string) => {
      const { kind, loaded } = await loadAny(at(name), fakeActions);
      return [kind, loaded.value !== undefined, ...shown(loaded.diagnostics)];
    };
    expect(await kinds('work/here.yaml')).toEqual(['Runbook', true]);
    expect(await kinds('inventory.yaml')).toEqual(['Inventory', true]);
    expect(await kinds('pod.yaml')).toEqual(['unknown', false, '2:7 unknown-kind the file is of kind Pod']);
    expect(await kinds('nothing.yaml')).toEqual(['unknown', false, '1:1 unknown-kind the file has no `kind`']);
    expect(await kinds('torn.yaml')).toEqual(['unknown', false, expect.stringContaining('2:11 yaml')]);
    expect(await kinds('none.yaml')).toEqual(['unknown', false, expect.stringContaining('there is no such file')]);
  });
});

describe("a runbook's argument", () => {
  const resolve = (argument: string) => {
    const found = resolveRunbookPath(argument, at('work'), at('own'));
    return found.ok ? found.value.replace(folder, '') : [found.diagnostic.summary, found.diagnostic.detail];
  };

  test.each([
    ['here.yaml', '/work/here.yaml'],
    ['./here.yaml', '/work/here.yaml'],
    ['mine.yaml', '/work/runbooks/mine.yaml'],
    ['mine', '/work/runbooks/mine.yaml'],
    ['upgrade.yaml', '/own/upgrade.yaml'],
    ['upgrade', '/own/upgrade.yaml'],
    ['runbooks', '/work/runbooks'],
  ])('%s names %s', (argument, path) => {
    expect(resolve(argument)).toBe(path);
  });

  test('that names nothing lists what there is', () => {
    expect(resolve('upgrad.yaml')).toEqual(['there is no runbook upgrad.yaml', 'did you mean `upgrade.yaml`?']);
    expect(resolve('zzz')).toEqual(['there is no runbook zzz', 'known by name: mine.yaml, upgrade.yaml']);
    expect(resolve('upgrade-step')).toEqual([
      'there is no runbook upgrade-step',
      'known by name: mine.yaml, upgrade.yaml',
    ]);
    expect(resolve('x/upgrade.yaml')).toEqual(['there is no runbook x/upgrade.yaml', 'did you mean `upgrade.yaml`?']);
    expect(resolve('')).toMatchObject(['there is no runbook ', expect.any(String)]);
    expect(resolve('a\0b')).toMatchObject([expect.any(String), expect.any(String)]);
  });

  test('finds the runbooks of the program from any folder', () => {
    const found = resolveRunbookPath('smoke', at('work'));
    expect(found.ok && found.value.endsWith('/runbooks/smoke.yaml')).toBe(true);
  });
});
