import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LabFailure, usageFailure } from './failure.ts';
import { askLab, forgetAddress, isAlive, readAddress, type ControlAddress } from './control.ts';
import type { LabOptions } from './lab.ts';

const startLimit = 30_000;
const endLimit = 10_000;

/** Starts a lab in its own process and waits until it answers. @returns the path of its inventory @throws LabFailure */
export async function startInBackground(dir: string, options: LabOptions): Promise<string> {
  const folder = resolve(dir);
  const running = await readAddress(folder);
  if (running && (await isAlive(running)))
    throw usageFailure(`a lab is already running in ${folder}`, [
      `Take it down first: runbook lab down --dir ${dir}`,
      'or start this one elsewhere: runbook lab up --dir OTHER',
    ]);
  await forgetAddress(folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const log = await open(join(folder, 'lab.log'), 'w', 0o600);
  const child = spawn(process.execPath, [mainFile(), folder, JSON.stringify(options)], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  child.unref();
  await log.close();
  const gone = new Promise<'gone'>((settle) => {
    child.once('error', () => settle('gone'));
    child.once('exit', () => settle('gone'));
  });
  for (const start = Date.now(); Date.now() - start < startLimit;) {
    const address = await readAddress(folder);
    if (address && (await isAlive(address))) return join(folder, 'inventory.yaml');
    if ((await Promise.race([gone, delay(25)])) === 'gone') break;
  }
  const said = await readFile(join(folder, 'lab.log'), 'utf8').catch(() => '');
  throw new LabFailure(1, 'the lab did not start', [
    ...said.trim().split('\n').slice(-15),
    `Its log: ${join(folder, 'lab.log')}`,
  ]);
}

/** The compiled entry, also where this runs from the sources. */
function mainFile(): string {
  const compiled = fileURLToPath(new URL('./main.js', import.meta.url));
  if (existsSync(compiled)) return compiled;
  const built = fileURLToPath(new URL('./dist/main.js', import.meta.url));
  if (existsSync(built)) return built;
  throw usageFailure('the lab is not built', ['Run `npm run build` first.']);
}

/** @returns false when none ran @throws LabFailure when it does not end */
export async function endBackground(dir: string): Promise<boolean> {
  const folder = resolve(dir);
  const address = await readAddress(folder);
  if (!address || !(await isAlive(address))) {
    await forgetAddress(folder);
    return false;
  }
  await askLab(address, { verb: 'down' });
  for (const start = Date.now(); Date.now() - start < endLimit; await delay(20)) if (!exists(address.pid)) return true;
  throw new LabFailure(1, `the lab's process ${address.pid} does not end`, [`Its log: ${join(folder, 'lab.log')}`]);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** @throws LabFailure where no lab runs in the folder */
export async function runningLab(dir: string): Promise<ControlAddress> {
  const folder = resolve(dir);
  const address = await readAddress(folder);
  if (address && (await isAlive(address))) return address;
  throw usageFailure(`no lab is running in ${folder}`, [`Start one: runbook lab up --dir ${dir}`]);
}
