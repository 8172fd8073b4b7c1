import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { actions } from '../src/actions/registry.ts';
import { z } from 'zod';

const SRC = new URL('../src/', import.meta.url).pathname;

/** DESIGN.md's table: a room may import those before it in the chain. */
const CHAIN = [
  [
    'compile-cache',
    'diagnostic',
    'digest',
    'duration',
    'event',
    'failure',
    'heap',
    'make-folder',
    'optimizer',
    'package-root',
    'readonly',
    'redact',
    'source-stack',
    'time-zone',
    'yaml-limits',
  ],
  ['transport'],
  ['remote'],
  ['packages', 'known'],
  ['facts'],
  ['guards', 'actions'],
  ['documents'],
  ['plan'],
  /** The facts of a cluster as a file. */
  ['facts-file'],
  ['journal'],
  ['engine'],
  ['run'],
  /** Many clusters, one run each. */
  ['fleet'],
  /** A run on a simulated cluster in this process. */
  ['rehearse'],
  /** Reads what runs have kept; nothing of a run depends on it. */
  ['serve'],
  ['commands'],
  ['main'],
  ['cli'],
] as const;

/** Rooms beside the chain, with all that they may import. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  /** `time-zone`: a report shows times with their offset. */
  render: ['diagnostic', 'duration', 'event', 'failure', 'readonly', 'time-zone', 'guards', 'plan', 'fleet'],
  completion: ['documents', 'journal', 'plan'],
  explain: ['failure', 'guards', 'known'],
  init: ['diagnostic', 'documents', 'facts'],
  /** Spans and metrics are made of the journal's records: their times are its times, before and after a resume. */
  telemetry: ['actions', 'digest', 'event', 'failure', 'journal', 'package-root', 'plan', 'redact'],
  /** A package of its own. */
  lab: [],
};

/** Rooms within one level do not see each other, but for these. */
const WITHIN: Readonly<Record<string, readonly string[]>> = {
  diagnostic: ['readonly'],
  event: ['diagnostic', 'readonly'],
  guards: ['actions'],
};

/** Rooms that only some may import, whatever the chain says. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  lab: [],
  render: ['run', 'rehearse', 'serve', 'commands', 'main'],
  completion: ['commands'],
  explain: ['commands'],
  init: ['run', 'commands'],
  telemetry: ['run'],
};

const manifestSchema = z.object({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()).default({}),
});

interface Import {
  readonly from: string;
  readonly to: string;
  /** `src/plan/plan.ts -> ../guards/guard.ts` */
  readonly text: string;
}

test('every file of src lies in a room that the design knows', () => {
  const rooms = new Set([...CHAIN.flat(), ...Object.keys(BESIDE)]);
  expect(sources().filter((file) => !rooms.has(roomOf(file)))).toEqual([]);
});

test('imports point one way only', () => {
  const wrong = imports().filter(({ from, to }) => from !== to && !mayImport(from, to));
  expect(wrong.map(({ text }) => text)).toEqual([]);
});

test('no room is its own import, over however many others', () => {
  expect(cycles(imports())).toEqual([]);
});

test('only what rehearses names the lab, by its package, and only one file of it loads it', () => {
  const named = sources().filter((file) => specifiers(file).includes('runbook-lab'));
  expect(named.filter((file) => roomOf(file) !== 'rehearse')).toEqual([]);
  expect(named.filter((file) => imported(file).includes('runbook-lab'))).toEqual([]);
  const loading = named.filter((file) =>
    /(?<!typeof )import\('runbook-lab'\)/.test(readFileSync(join(SRC, file), 'utf8')),
  );
  expect(loading).toEqual(['rehearse/lab-package.ts']);
});

test.each([
  ['the program', '../package.json', (file: string) => roomOf(file) !== 'lab'],
  ['the lab', '../src/lab/package.json', (file: string) => roomOf(file) === 'lab'],
])('%s imports exactly the packages that it depends on, or has in its bundle', (_, manifest, isPart) => {
  const { dependencies, devDependencies } = manifestSchema.parse(
    JSON.parse(readFileSync(new URL(manifest, import.meta.url), 'utf8')),
  );
  const used = sources()
    .filter(isPart)
    .flatMap(specifiers)
    .filter((name) => !/^(\.|node:)/.test(name))
    .map((name) => (name.startsWith('@') ? name.split('/', 2).join('/') : (name.split('/')[0] ?? '')));
  const packages = [...new Set(used.filter((name) => name !== 'runbook-lab'))];
  expect(packages.filter((name) => !(name in devDependencies)).sort()).toEqual(Object.keys(dependencies).sort());
});

/** All that is imported until a command is called. Its packages, and the rooms with many files that it needs. */
test.each([
  ['completion', [], []],
  ['complete', ['yaml'], []],
  ['status', ['string-width', 'zod'], []],
  ['runs', ['string-width', 'zod'], []],
  ['logs', ['string-width', 'zod'], []],
  [
    'validate',
    ['@marcbachmann/cel-js', 'execa', 'semver', 'string-width', 'yaml', 'zod'],
    ['actions', 'documents', 'packages'],
  ],
])('%s loads no package and no room that it does not need', (command, packages, rooms) => {
  const loaded = loadedBy(['main.ts', `commands/${command}.ts`]);
  expect(loaded.packages.filter((name) => name !== 'commander')).toEqual(packages);
  expect(loaded.rooms.filter((room) => LARGE.has(room))).toEqual(rooms);
});

test('what is on a screen, and the SSH client, are loaded where they are used', () => {
  expect(loadedBy(['commands/apply.ts']).packages).not.toContain('listr2');
  expect(loadedBy(['commands/apply.ts']).packages).not.toContain('ssh2');
  expect(loadedBy(['commands/apply.ts']).packages.filter((name) => name.startsWith('@opentelemetry'))).toEqual([]);
});

test('what rehearses a plan loads nothing that reaches a node or starts a process', () => {
  const reaches = /^(node:(net|tls|dgram|dns|http|https|child_process|cluster)$|ssh2|execa|ssh-config)/;
  const wrong = filesBehind('rehearse/perform.ts').filter((file) => imported(file).some((name) => reaches.test(name)));
  expect(wrong).toEqual([]);
});

/** A file with all that it loads at once. */
function filesBehind(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  for (const name of imported(file))
    if (name.startsWith('.')) filesBehind(relative(SRC, join(SRC, file, '..', name)), seen);
  return [...seen];
}

/** Of each, all or nothing is needed. */
const LARGE = new Set(['actions', 'documents', 'guards', 'packages']);

function loadedBy(files: readonly string[]): { readonly packages: string[]; readonly rooms: string[] } {
  const seen = new Set<string>();
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const name of imported(file)) {
      if (name.startsWith('.')) visit(relative(SRC, join(SRC, file, '..', name)));
      else if (!name.startsWith('node:')) found.add(name);
    }
  };
  for (const file of files) visit(file);
  const rooms = new Set([...seen].map(roomOf));
  const isWhole = (room: string): boolean => [...seen].filter((file) => roomOf(file) === room).length > 15;
  return { packages: [...found].sort(), rooms: [...rooms].filter(isWhole).sort() };
}

test('packages, guards, plan, init, explain and known do no input or output', () => {
  const io = /^(node:(fs|net|child_process|http|https|dns|tls|tty|readline|process)\b|execa|ssh2)/;
  const files = sources().filter((file) =>
    ['packages', 'guards', 'plan', 'init', 'explain', 'known'].includes(roomOf(file)),
  );
  const wrong = files.flatMap((file) =>
    specifiers(file)
      .filter((name) => io.test(name))
      .map((name) => `${file}: ${name}`),
  );
  expect(wrong).toEqual([]);
});

test('the engine names no action', () => {
  // A step that waits is one of the decisions, whatever its action.
  const decision = 'wait';
  const named = sources()
    .filter((file) => roomOf(file) === 'engine')
    .flatMap((file) =>
      literals(file).flatMap((text) => (actions.has(text) && text !== decision ? [`${file}: ${text}`] : [])),
    );
  expect(named).toEqual([]);
});

/**
 * Text for people is a guard's `source`, which cites manuals, and two rooms that are text alone: what is explained, and
 * what tools print; other words are taken from the package manager itself.
 */
test('no file outside of packages and the lab names a package manager in code', () => {
  const found = sources()
    .filter((file) => !['packages', 'lab', 'rehearse', 'explain', 'known'].includes(roomOf(file)))
    .flatMap((file) => codeTexts(file).filter(({ text, property }) => property !== 'source' && named(text).length > 0))
    .map(({ text, file }) => `src/${file}: ${named(text).join(', ')} in ${text.slice(0, 80)}`);
  expect(found).toEqual([]);
});

test('a package manager is found in names and literals, not inside of other words', () => {
  expect(named('rpmFetch')).toEqual(['rpm']);
  expect(named('runs `apt-get update`')).toEqual(['apt']);
  expect(named("manager === 'dnf5'")).toEqual(['dnf']);
  expect(named('capture an adapted attempt')).toEqual([]);
});

test('the table itself refuses what it should', () => {
  expect(mayImport('engine', 'render')).toBe(false);
  expect(mayImport('transport', 'engine')).toBe(false);
  expect(mayImport('engine', 'lab')).toBe(false);
  expect(mayImport('commands', 'lab')).toBe(false);
  expect(mayImport('rehearse', 'lab')).toBe(false);
  expect(mayImport('run', 'rehearse')).toBe(false);
  expect(mayImport('completion', 'run')).toBe(false);
  expect(mayImport('lab', 'failure')).toBe(false);
  expect(mayImport('event', 'diagnostic')).toBe(true);
  expect(mayImport('diagnostic', 'event')).toBe(false);
  expect(cycles([edge('a', 'b'), edge('b', 'c'), edge('c', 'a')])).toEqual(['a -> b -> c -> a']);
});

function edge(from: string, to: string): Import {
  return { from, to, text: '' };
}

function mayImport(from: string, to: string): boolean {
  if (ONLY[to] !== undefined) return ONLY[to].includes(from);
  if (BESIDE[from] !== undefined) return BESIDE[from].includes(to);
  if (WITHIN[from]?.includes(to)) return true;
  const level = (room: string): number => CHAIN.findIndex((rooms) => rooms.some((name) => name === room));
  return level(to) !== -1 && level(to) < level(from);
}

function cycles(all: readonly Import[]): string[] {
  const targets = new Map<string, Set<string>>();
  for (const { from, to } of all) if (from !== to) targets.set(from, (targets.get(from) ?? new Set()).add(to));
  const found = new Set<string>();
  const walk = (path: readonly string[]): void => {
    for (const next of targets.get(path.at(-1) ?? '') ?? []) {
      const start = path.indexOf(next);
      // Each cycle once: from its first room by name.
      if (start === 0 && path.every((room) => path[0] === room || (path[0] ?? '') < room))
        found.add([...path, next].join(' -> '));
      if (start === -1) walk([...path, next]);
    }
  };
  for (const room of targets.keys()) walk([room]);
  return [...found];
}

function sources(): string[] {
  const entries = readdirSync(SRC, { recursive: true, encoding: 'utf8' });
  return entries.filter(
    (file) => !file.includes('node_modules') && file.endsWith('.ts') && statSync(join(SRC, file)).isFile(),
  );
}

/** The first folder below src, or a top-level file's name. */
function roomOf(file: string): string {
  return (file.split('/')[0] ?? '').replace(/\.ts$/, '');
}

function imports(): Import[] {
  return sources().flatMap((file) =>
    specifiers(file)
      .filter((name) => name.startsWith('.'))
      .map((name) => {
        const target = relative(SRC, join(SRC, file, '..', name));
        return { from: roomOf(file), to: roomOf(target), text: `src/${file} -> ${name}` };
      }),
  );
}

const known = new Map<string, readonly string[]>();

function specifiers(file: string): readonly string[] {
  const found = known.get(file) ?? readSpecifiers(file);
  known.set(file, found);
  return found;
}

/** Whatever a file imports: declarations, re-exports, `import()` and types by `import('...')`. */
function readSpecifiers(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(join(SRC, file), 'utf8'), ts.ScriptTarget.ESNext, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier && ts.isStringLiteralLike(specifier)) found.push(specifier.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What a file loads at once: types and `import()` are left out. */
function imported(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(join(SRC, file), 'utf8'), ts.ScriptTarget.ESNext, true);
  return source.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const isType = ts.isImportDeclaration(statement)
      ? statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      : statement.isTypeOnly;
    const specifier = statement.moduleSpecifier;
    return !isType && specifier && ts.isStringLiteralLike(specifier) ? [specifier.text] : [];
  });
}

/** The string literals of a file that are neither imported names nor types. */
function literals(file: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return;
    if (ts.isStringLiteralLike(node)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(join(SRC, file), 'utf8'), ts.ScriptTarget.ESNext, true));
  return found;
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return node.arguments[0];
  return undefined;
}

const PACKAGE_MANAGERS = ['apt', 'dpkg', 'dnf', 'yum', 'rpm', 'zypper', 'zypp'];

/** Words of text or of a camelCase name that are package managers. */
function named(text: string): string[] {
  const words = text.split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])/).map((word) => word.toLowerCase());
  return words.filter((word) => PACKAGE_MANAGERS.includes(word));
}

/** Identifiers, strings, parts of templates and regular expressions of a file, with the property that they are the value of. */
function codeTexts(file: string): { readonly file: string; readonly text: string; readonly property?: string }[] {
  const source = ts.createSourceFile(file, readFileSync(join(SRC, file), 'utf8'), ts.ScriptTarget.ESNext, true);
  const found: { file: string; text: string; property?: string }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) || ts.isLiteralExpression(node) || ts.isTemplateLiteralToken(node)) {
      const property = ts.isPropertyAssignment(node.parent) ? node.parent.name.getText() : undefined;
      found.push({ file, text: node.text, ...(property !== undefined && { property }) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
