import { defineConfig } from 'vitest/config';
import { NEVER } from './eventually.ts';

/** Files of the two slow tiers; every other `*.test.ts` is in the quick one. */
const E2E = 'test/**/*.e2e.test.ts';
const SYSTEM = 'test/**/*.system.test.ts';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    // For what hangs: a machine with other work to do takes four times as long.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: NEVER } },
    maxWorkers: 3,
    // Files share a worker: most of their time would be the loading of the same modules.
    isolate: false,
    // The simulated shell makes many short-lived objects.
    execArgv: ['--min-semi-space-size=64', '--max-semi-space-size=64'],
    projects: [
      { extends: true, test: { name: 'quick', include: ['test/**/*.test.ts'], exclude: [E2E, SYSTEM] } },
      // Whole upgrades in processes of their own: the limit is for what hangs, not for a slow machine.
      { extends: true, test: { name: 'e2e', include: [E2E], testTimeout: 600_000, hookTimeout: 240_000 } },
      { extends: true, test: { name: 'system', include: [SYSTEM], testTimeout: 240_000, hookTimeout: 600_000 } },
    ],
  },
});
