import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { forgetAddress, serveControl } from './control.ts';
import { startLab, type LabOptions } from './lab.ts';

/** The background process of `runbook lab up`: argv is the lab's folder and its options as JSON. */
async function main(folder: string, options: LabOptions): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const lab = await startLab(options);
  const [identity, knownHosts] = [join(folder, 'id_ed25519'), join(folder, 'known_hosts')];
  await writeFile(identity, lab.privateKey, { mode: 0o600 });
  await chmod(identity, 0o600);
  await writeFile(knownHosts, lab.knownHosts());
  await writeFile(join(folder, 'inventory.yaml'), lab.inventory(identity, knownHosts));
  await writeFile(join(folder, 'ssh_config'), lab.sshConfig(identity, knownHosts));
  process.once('SIGTERM', () => void end(folder));
  await serveControl(lab, folder);
  await lab.close();
  await end(folder);
}

async function end(folder: string): Promise<never> {
  await forgetAddress(folder);
  process.exit(0);
}

const [folder, options] = process.argv.slice(2);
if (folder === undefined || options === undefined) throw new Error('usage: main.js FOLDER OPTIONS');
process.on('SIGHUP', () => undefined);
process.on('uncaughtException', (error) => console.error(error));
process.on('unhandledRejection', (error) => console.error(error));
await main(folder, JSON.parse(options) as LabOptions);
