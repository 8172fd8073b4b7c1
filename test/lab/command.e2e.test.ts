import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runLab } from '../../src/lab/command.ts';

const built = existsSync(new URL('../../src/lab/dist/main.js', import.meta.url));

let folder: string;
let stdout: string;
let stderr: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-lab-command-'));
  stdout = '';
  stderr = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});

afterEach(async () => {
  await lab('down', '--dir', folder);
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** @returns the exit code */
function lab(...args: string[]): Promise<number> {
  return runLab(args);
}

describe('runbook lab', () => {
  it.skipIf(!built)(
    'runs in the background from up to down, and answers state, fault and plant meanwhile',
    async () => {
      expect(await lab('up', '--dir', folder, '--control-planes', '1', '--workers', '1')).toBe(0);
      const inventory = join(folder, 'inventory.yaml');
      expect(stdout).toBe(`${inventory}\n`);
      expect(readFileSync(inventory, 'utf8')).toContain('kind: Inventory');
      expect(statSync(join(folder, 'id_ed25519')).mode & 0o777).toBe(0o600);
      expect(readFileSync(join(folder, 'known_hosts'), 'utf8').split('\n')).toHaveLength(3);
      expect(await lab('up', '--dir', folder)).toBe(2);
      expect(stderr).toContain('runbook lab down');
      await lab('fault', 'worker-1', '--dir', folder, '--on', 'kubeadm', '--do', 'exit:1');
      expect(await lab('fault', 'nope', '--dir', folder, '--on', 'x', '--do', 'hang')).toBe(2);
      expect(stderr).toContain('no node nope');
      stdout = '';
      await lab('state', '--dir', folder, '--output', 'json');
      expect(JSON.parse(stdout)).toMatchObject({
        cluster: { version: '1.31.9' },
        nodes: [{ name: 'cp-1' }, { name: 'worker-1' }],
      });
      expect(await lab('plant', 'swap@worker-1', '--dir', folder)).toBe(0);
      expect(await lab('plant', 'nothing-known', '--dir', folder)).toBe(2);
      expect(await lab('down', '--dir', folder)).toBe(0);
      expect(await lab('state', '--dir', folder)).toBe(2);
    },
  );

  it.each([
    ['--kubernetes', '1.99.0'],
    ['--control-planes', '0'],
    ['--workers', 'many'],
    ['--latency', 'slow'],
    ['--time-scale', '0'],
    ['--workloads', 'naked,nonsense'],
  ])('refuses %s %s before anything is started', async (option, value) => {
    expect(await lab('up', '--dir', join(folder, 'none'), option, value)).toBe(2);
    expect(stderr).toContain('error: ');
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });

  it.each([[['bogus']], [['up', '--nope']], [['fault']]])('refuses %s as a usage error', async (words) => {
    expect(await lab(...words)).toBe(2);
    expect(stderr).toContain('error: ');
  });

  it('takes down what does not run without complaint', async () => {
    await lab('down', '--dir', join(folder, 'none'));
    expect(stderr).toContain('No lab is running');
  });
});
