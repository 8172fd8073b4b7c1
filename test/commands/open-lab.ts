import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Lab, type LabOptions, startLab } from '../../src/lab/lab.ts';
import { folder } from './cli.ts';

/** A lab in this process, so that a test can look into it, and its inventory. */
export async function openLab(options: LabOptions = {}): Promise<{ lab: Lab; inventory: string }> {
  const lab = await startLab({ timeScale: 10, ...options });
  onTestFinished(() => lab.close());
  const dir = folder();
  const [key, known, inventory] = ['id', 'known_hosts', 'inventory.yaml'].map((name) => join(dir, name));
  if (key === undefined || known === undefined || inventory === undefined) throw new Error('no paths');
  await writeFile(key, lab.privateKey, { mode: 0o600 });
  await writeFile(known, lab.knownHosts());
  await writeFile(inventory, lab.inventory(key, known));
  return { lab, inventory };
}
