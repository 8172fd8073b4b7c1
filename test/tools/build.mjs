// Compiles src/ to dist/ and makes the command executable, which tsc does not.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';

const { status } = spawnSync('npx', ['--no-install', 'tsc', '-p', 'tsconfig.json'], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
if (existsSync('dist/cli.js')) chmodSync('dist/cli.js', 0o755);
