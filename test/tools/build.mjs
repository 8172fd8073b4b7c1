// Bundles src/ to dist/ and compiles src/lab/ to src/lab/dist/; types are checked by `npm run typecheck` alone.
import { chmodSync, existsSync, lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { bundlePage, bundleProgram, compileLab, write } from './bundle.mjs';

/** What the shell completion knows without loading the commands. */
const WORDS = 'words.json';
/** What runs in the page of a report. */
const PAGE = 'report-page.js';
/** The same, for pages that `runbook serve` shows. */
const LIVE_PAGE = 'live-page.js';

/** npm links the commands of dependencies only: this is what `npx runbook` finds in the checkout. */
function link(path, target) {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(path) === target) return;
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

/** For editors: `runbook schema` prints the same. */
const SCHEMAS = ['runbook', 'steps', 'phases', 'inventory', 'fleet', 'event', 'plan'];
const schemaFile = (kind) => `schemas/${kind}.schema.json`;

const extra = [WORDS, PAGE, LIVE_PAGE, ...SCHEMAS.map(schemaFile)];
await Promise.all([
  bundleProgram('dist', extra),
  bundlePage('main', `dist/${PAGE}`),
  bundlePage('live-main', `dist/${LIVE_PAGE}`),
  compileLab('src/lab/dist'),
]);
chmodSync('dist/cli.js', 0o755);
link('node_modules/.bin/runbook', '../../dist/cli.js');
// As `npm ci` links it: a build is enough after an update of the checkout.
if (!existsSync('node_modules/runbook-lab')) link('node_modules/runbook-lab', '../src/lab');

const { everySchema, everyWord } = await import('../../dist/commands.js');
write(`dist/${WORDS}`, `${JSON.stringify(await everyWord())}\n`);
const schemas = await everySchema();
for (const kind of SCHEMAS) write(`dist/${schemaFile(kind)}`, `${JSON.stringify(schemas[kind], null, 2)}\n`);
