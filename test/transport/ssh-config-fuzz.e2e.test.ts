import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { Source } from '../../src/documents/source.ts';
import { Failure } from '../../src/failure.ts';
import { readSshConfig } from '../../src/init/ssh-config.ts';
import { parseOptions, settingsOf } from '../../src/transport/ssh-config.ts';
import { blocksOf, readConfigLines } from '../../src/transport/ssh-config-files.ts';
import { settingsByPackage } from '../../src/transport/ssh-config-package.ts';

// FUZZ_SECONDS=60 FUZZ_SEED=$RANDOM looks further; what it finds belongs into a test of its own.
const options = {
  seed: Number(process.env['FUZZ_SEED'] ?? 11),
  numRuns: 1_000_000,
  interruptAfterTimeLimit: Number(process.env['FUZZ_SECONDS'] ?? 6) * 1000,
};

const folder = mkdtempSync(join(tmpdir(), 'runbook-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SIGNS = ' \t\n\r=,"\'\\#*?!%$~{}\0\u2028😀';
const KEYWORDS =
  'Host·Match·host·exec·user·HostName·User·Port·IdentityFile·ProxyJump·ProxyCommand·IdentityAgent·StrictHostKeyChecking·UserKnownHostsFile·ConnectTimeout·__proto__·constructor';
const VALUES =
  'all·none·yes·cp-1·w@b:22·[::1]:22·99999999999·-1·%h·%%·%·%C·${HOME}·${·~/x·Include x\n·CanonicalizeHostname yes\n';
const WORDS = [...SIGNS.split(''), ...KEYWORDS.split('·').map((word) => `${word} `), ...VALUES.split('·')];
const text = fc.array(fc.constantFrom(...WORDS), { maxLength: 60 }).map((words) => words.join(''));

/** What the operator's own file may bring about is a failure with a place and words, never a bug. */
function unless(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(error.message).not.toMatch(/undefined|not a function|\[object/);
  }
}

test('no ssh_config and no answer of ssh -G ends the program or its patience', async () => {
  const file = join(folder, 'config');
  await fc.assert(
    fc.asyncProperty(text, fc.constantFrom('cp-1', 'CP-1', '::1', '*', '__proto__'), async (config, host) => {
      writeFileSync(file, config);
      const lines = await readConfigLines([file]);
      blocksOf(lines, host);
      unless(() => settingsByPackage(lines, { host }));
      unless(() => settingsOf(parseOptions(config), { host }));
      const read = readSshConfig(new Source('config', config));
      for (const { summary } of 'diagnostics' in read ? (read.diagnostics ?? []) : [])
        expect(summary).not.toMatch(/undefined|not a function|\[object/);
    }),
    options,
  );
});
