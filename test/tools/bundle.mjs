// Source to what is published: the program in chunks, with the packages that it uses; the lab file by file.
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
/** What is installed with the program, or beside it: ssh2 has parts that are compiled on the machine, if possible. */
const others = [manifest.dependencies, manifest.peerDependencies].flatMap((names) => Object.keys(names));
const installed = new RegExp(`^(${[...others, 'runbook-lab'].join('|')})(/|$)`);

const LATE_ID = '\0first-use:';
/** What stands in for packages until something of them is used. */
const LATE = {
  'bcrypt-pbkdf': `export default { pbkdf: (...args) => require('bcrypt-pbkdf').pbkdf(...args) };`,
  'string-width': "export default (...args) => require('string-width').default(...args);",
  execa: ['execa', 'execaSync']
    .map((name) => `export const ${name} = (...args) => require('execa').${name}(...args);`)
    .join('\n'),
  ssh2: `export default { ${['BaseAgent', 'Client', 'createAgent', 'utils'].map((name) => `get ${name}() { return require('ssh2').${name}; }`).join(', ')} };`,
};

/** Modules that are one file, with what they import, though not the same commands use them. */
const GROUPS = [
  // Of the entry and of others.
  { name: 'heap', test: /src\/heap\.ts$/ },
  // Every command has loaded it.
  { name: 'main', test: /src\/main\.ts$/ },
  // These import nothing, and most commands use most of them: together they have 5 kB.
  {
    name: 'small',
    test: /src\/(?:digest|duration|make-folder|engine\/clock|journal\/run-id|plan\/(?:all-steps|hosts|key|slug)|render\/group|transport\/quote)\.ts$/,
  },
  // So do those that read a document: 3 kB.
  { name: 'reading', test: /src\/documents\/(?:bounded|nearest|ranges)\.ts$/ },
];

/** The program. @param extra files beside the chunks, by name, that are to stay */
export async function bundleProgram(to, extra = []) {
  const output = await bundle(
    {
      input: { cli: 'src/cli.ts', commands: 'src/commands/registry.ts' },
      external: (source, importer = '') =>
        installed.test(source) && (!(source in LATE) || importer.startsWith(LATE_ID)),
      plugins: [onFirstUse],
    },
    {
      format: 'cjs',
      codeSplitting: { groups: GROUPS },
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
      sourcemap: true,
      sourcemapExcludeSources: true,
      minify: { compress: true, mangle: { keepNames: true }, codegen: true },
    },
  );
  const second = output.find(({ imports }) => imports?.includes('cli.js'));
  if (second) throw new Error(`${second.fileName} loads cli.js, which runs a command: it must share nothing`);
  const licences = { fileName: 'LICENSES.txt', text: licencesOf(output) };
  const type = { fileName: 'package.json', text: '{ "type": "commonjs" }\n' };
  save(
    to,
    [...output.map(({ fileName, code, source }) => ({ fileName, text: code ?? source })), licences, type],
    extra,
  );
}

/** The lab: its programs are started by the names of their files. */
export async function compileLab(to) {
  const output = await bundle(
    { input: ['index', 'main', 'managed/aws-main'].map((name) => `src/lab/${name}.ts`), external: /^[^./]/ },
    { format: 'esm', preserveModules: true, preserveModulesRoot: 'src/lab', entryFileNames: '[name].js' },
  );
  save(
    to,
    output.map(({ fileName, code }) => ({ fileName, text: code })),
  );
}

/** The script of a page, in one file without imports. */
export async function bundlePage(name, file) {
  const output = await bundle(
    { input: `src/render/report/page/${name}.ts`, platform: 'browser' },
    { format: 'iife', minify: true },
  );
  write(file, output[0].code.trim());
}

async function bundle(input, output) {
  const made = await rolldown({ platform: 'node', tsconfig: false, ...input });
  try {
    return (await made.generate(output)).output;
  } finally {
    await made.close();
  }
}

/** Loads these packages when something of them is used: each takes some 30 ms, and few commands need it at once. */
const onFirstUse = {
  name: 'first-use',
  resolveId: (source, importer) =>
    source in LATE && !importer?.startsWith(LATE_ID) ? `${LATE_ID}${source}` : undefined,
  load: (id) => (id.startsWith(LATE_ID) ? LATE[id.slice(LATE_ID.length)] : undefined),
};

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
