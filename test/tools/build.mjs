// Compiles src/ to dist/ and src/lab/ to src/lab/dist/, file by file; types are checked by `npm run typecheck` alone.
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const { config } = ts.readConfigFile('tsconfig.json', (file) => readFileSync(file, 'utf8'));
const { options } = ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, module: 'esnext' }, '.');
const problems = [];
/** What the shell completion knows without loading the commands. */
const WORDS = 'completion/words.json';

function compile(from, to, except) {
  const outputs = new Set();
  for (const name of filesOf(from, '.ts').filter((file) => !except.test(file))) {
    const fileName = join(from, name);
    const text = readFileSync(fileName, 'utf8');
    const { outputText, diagnostics } = ts.transpileModule(text, {
      compilerOptions: options,
      fileName,
      reportDiagnostics: true,
    });
    problems.push(...diagnostics);
    const output = name.replace(/ts$/, 'js');
    outputs.add(output);
    write(join(to, output), outputText);
  }
  // What an older source left is neither to run nor to be packed.
  for (const name of filesOf(to, '')) if (!outputs.has(name) && name !== WORDS) rmSync(join(to, name));
}

function filesOf(folder, ending) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return entries.filter((name) => name.endsWith(ending) && lstatSync(join(folder, name)).isFile());
}

/** A file that is as it should be stays: a running program may read it. */
function write(file, text) {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** npm links the commands of dependencies only: this is what `npx runbook` finds in the checkout. */
function link(path, target) {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(path) === target) return;
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

compile('src', 'dist', /^lab\/|\.d\.ts$/);
compile('src/lab', 'src/lab/dist', /^(dist|node_modules)\//);
chmodSync('dist/cli.js', 0o755);
link('node_modules/.bin/runbook', '../../dist/cli.js');
// As `npm ci` links it: a build is enough after an update of the checkout.
if (!existsSync('node_modules/runbook-lab')) link('node_modules/runbook-lab', '../src/lab');

if (problems.length === 0) {
  const { everyWord } = await import('../../dist/commands/registry.js');
  write(join('dist', WORDS), `${JSON.stringify(await everyWord())}\n`);
}

for (const { file, start, messageText } of problems) {
  const { line } = ts.getLineAndCharacterOfPosition(file, start);
  console.error(`${file.fileName}:${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
}
process.exitCode = problems.length > 0 ? 1 : 0;
