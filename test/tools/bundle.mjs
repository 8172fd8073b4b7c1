// Source to what is published: the program in chunks, with the packages that it uses; the lab file by file.
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
/** What is installed with the program, or beside it: ssh2 has parts that are compiled on the machine, where that is possible. */
const others = [manifest.dependencies, manifest.peerDependencies].flatMap((names) => Object.keys(names));
const installed = new RegExp(`^(${[...others, 'runbook-lab'].join('|')})(/|$)`);

/** The program. @param extra files beside the chunks, by name, that are to stay */
export async function bundleProgram(to, extra = []) {
  const output = await bundle(
    {
      input: { cli: 'src/cli.ts', commands: 'src/commands/registry.ts' },
      external: installed,
      plugins: [onFirstCall('string-width')],
    },
    {
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
      sourcemap: true,
      sourcemapExcludeSources: true,
      minify: { compress: true, mangle: { keepNames: true }, codegen: true },
    },
  );
  const licences = { fileName: 'LICENSES.txt', text: licencesOf(output) };
  save(to, [...output.map(({ fileName, code, source }) => ({ fileName, text: code ?? source })), licences], extra);
}

/** The lab: its programs are started by the names of their files. */
export async function compileLab(to) {
  const output = await bundle(
    { input: ['index', 'main', 'managed/aws-main'].map((name) => `src/lab/${name}.ts`), external: /^[^./]/ },
    { preserveModules: true, preserveModulesRoot: 'src/lab', entryFileNames: '[name].js' },
  );
  save(
    to,
    output.map(({ fileName, code }) => ({ fileName, text: code })),
  );
}

async function bundle(input, output) {
  const made = await rolldown({ platform: 'node', tsconfig: false, ...input });
  try {
    return (await made.generate({ format: 'esm', ...output })).output;
  } finally {
    await made.close();
  }
}

/** Makes the default export of a package, a function, load it when it is called: string-width takes 30 ms, and few texts need it. */
function onFirstCall(name) {
  const id = `\0first-call:${name}`;
  return {
    name: 'first-call',
    resolveId: (source, importer) => (source === name && importer !== id ? id : undefined),
    load: (one) => (one === id ? `export default (...args) => require('${name}').default(...args);` : undefined),
  };
}

/** Those of all packages with a part in it. */
function licencesOf(output) {
  const modules = output.flatMap(({ moduleIds = [] }) => moduleIds);
  const packages = modules.map((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0]);
  const folders = new Set(packages.filter((folder) => folder !== undefined));
  return [...folders]
    .map(licenceOf)
    .sort()
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  if (file === undefined) throw new Error(`${folder} has no file with its licence`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}

/** A file that is as it should be stays: a running program may read it. What an older source left is not to be packed. */
function save(to, files, extra = []) {
  for (const { fileName, text } of files) write(join(to, fileName), text);
  const names = new Set([...files.map(({ fileName }) => fileName), ...extra]);
  const found = existsSync(to) ? readdirSync(to, { recursive: true, encoding: 'utf8' }) : [];
  for (const name of found) if (!names.has(name) && lstatSync(join(to, name)).isFile()) rmSync(join(to, name));
}

export function write(file, text) {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
