import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Inventories } from '../../../src/fleet/database/inventories.ts';
import { layOut } from '../../../src/fleet/database/materials.ts';
import { folder } from '../../commands/cli.ts';

test('a runbook is laid out with its parts, also those beside and above its folder', async () => {
  const dir = folder();
  const parts = [
    { file: 'parts/drain.yaml', text: 'drain' },
    { file: '../scripts/lb.sh', text: 'lb' },
  ];
  const { folder: cwd, name } = await layOut(dir, { file: 'runbooks/upgrade.yaml', text: 'upgrade', parts });
  expect(name).toBe('runbooks/upgrade.yaml');
  const read = (file: string) => readFileSync(join(cwd, file), 'utf8');
  expect([read(name), read('runbooks/parts/drain.yaml'), read('scripts/lb.sh')]).toEqual(['upgrade', 'drain', 'lb']);
});

test.each(['/etc/passwd', '../../../../../../x'])('a part that would lie outside is refused (%s)', async (file) => {
  const parts = [{ file, text: '' }];
  await expect(layOut(folder(), { file: 'upgrade.yaml', text: '', parts })).rejects.toThrow(/lies too far from it/);
});

test('an inventory is found by its cluster, and two of one cluster are refused', async () => {
  const dir = folder();
  const inventories = new Inventories(dir);
  const write = (path: string, cluster: string) => {
    mkdirSync(join(dir, path, '..'), { recursive: true });
    const nodes = 'nodes: [{ name: cp-1, host: 10.0.0.1, role: control-plane }]';
    writeFileSync(join(dir, path), `apiVersion: runbook/v1\nkind: Inventory\ncluster: ${cluster}\n${nodes}\n`);
  };
  write('eu1/inventory.yaml', 'prod-eu1');
  write('eu2/inventory.yaml', 'prod-eu2');
  writeFileSync(join(dir, 'other.yaml'), 'kind: Other');
  expect(await inventories.find('prod-eu2')).toBe(join(dir, 'eu2/inventory.yaml'));
  await expect(inventories.find('prod-eu3')).rejects.toThrow('no inventory of cluster prod-eu3');
  write('copy/inventory.yaml', 'prod-eu2');
  await expect(inventories.find('prod-eu2')).rejects.toThrow('several inventories of cluster prod-eu2');
});
