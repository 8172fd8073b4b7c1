import { execa } from 'execa';
import type { Action } from '../actions/action.ts';
import type { Diagnostic, Span } from '../diagnostic.ts';
import { HOOKS } from './hook-schema.ts';
import { STEP_LISTS } from './step-ids.ts';
import type { Loaded, Part } from './model.ts';
import { entriesOf, isMap, itemsOf } from './shapes.ts';
import { problem, Source, warning } from './source.ts';
import { parseTemplate } from './template.ts';
import { type Path, readYaml, type YamlDocument } from './yaml.ts';

/** Milliseconds for a shell to read one script. */
const TIMEOUT = 10_000;

/**
 * What `sh -n` of this machine (for steps with `shell: bash`: `bash -n`) finds in the scripts of a runbook: it reads
 * them and runs nothing. Of a script for sh, what bash would accept is a warning, since `sh` is bash on RHEL.
 */
export async function shellProblems(
  { file, text, parts = [] }: Pick<Loaded<unknown>, 'file' | 'text' | 'parts'>,
  actions: ReadonlyMap<string, Action>,
): Promise<Diagnostic[]> {
  const documents = [{ path: file, text }, ...parts.filter(({ kind }) => kind !== 'script')];
  const found = await Promise.all([
    ...documents.flatMap((one) => {
      const document = readYaml(new Source(one.path, one.text));
      return scriptsOf(document, actions).map(async (script) => judged(document, script));
    }),
    ...parts.filter(({ kind }) => kind === 'script').map(judgedFile),
  ]);
  return found.flat();
}

interface Script {
  readonly path: Path;
  readonly text: string;
  /** What it is written for. */
  readonly shell: 'sh' | 'bash';
}

function scriptsOf(document: YamlDocument, actions: ReadonlyMap<string, Action>): Script[] {
  const raw = isMap(document.value) ? document.value : {};
  const phases = itemsOf(raw['phases']);
  const ofSteps = (list: unknown, path: Path) =>
    itemsOf(list).flatMap((step, index) => (isMap(step) ? scriptsOfStep(step, [...path, index], actions) : []));
  return [
    ...ofSteps(raw['steps'], ['steps']),
    ...phases.flatMap((phase, i) => [
      ...gateScript(phase, ['phases', i]),
      ...(isMap(phase) ? STEP_LISTS.flatMap((list) => ofSteps(phase[list], ['phases', i, list])) : []),
    ]),
    ...Object.keys(HOOKS).flatMap((key) => ofSteps(raw[key], [key])),
  ];
}

function gateScript(phase: unknown, path: Path): Script[] {
  const gate = isMap(phase) ? phase['gate'] : undefined;
  const text = isMap(gate) ? gate['run'] : undefined;
  return typeof text === 'string' ? [{ path: [...path, 'gate', 'run'], text, shell: 'sh' }] : [];
}

function scriptsOfStep(
  step: Readonly<Record<string, unknown>>,
  path: Path,
  actions: ReadonlyMap<string, Action>,
): Script[] {
  const action = typeof step['uses'] === 'string' ? actions.get(step['uses']) : undefined;
  const own = entriesOf(step).filter(([key]) => key === 'run' || key === 'check');
  const given = entriesOf(step['with']).filter(([key]) => action?.shellKeys?.includes(key));
  const shell = step['shell'] === 'bash' ? 'bash' : 'sh';
  return [
    ...own.map(([key, value]) => ({ path: [...path, key], value, shell }) as const),
    ...given.map(([key, value]) => ({ path: [...path, 'with', key], value, shell: 'sh' }) as const),
  ].flatMap(({ value, ...script }) =>
    typeof value === 'string' ? [{ ...script, path: script.path, text: value }] : [],
  );
}

async function judged(document: YamlDocument, { path, text, shell }: Script): Promise<Diagnostic[]> {
  return problemsIn(withWords(text), shell, (line) => {
    const { start, end } = lineAt(text, line);
    return document.inside(path, start, end);
  });
}

/** A script that is a file of its own, sent as it is. */
async function judgedFile({ path, text, shell }: Part): Promise<Diagnostic[]> {
  const source = new Source(path, text);
  return problemsIn(text, shell ?? 'sh', (line) => {
    const { start, end } = lineAt(text, line);
    return source.span(start, end);
  });
}

async function problemsIn(text: string, shell: Script['shell'], at: (line: number) => Span): Promise<Diagnostic[]> {
  const error = await syntaxError(shell, text);
  if (error === undefined) return [];
  const span = at(error.line);
  if (shell === 'sh' && (await syntaxError('bash', text)) === undefined) {
    const detail = 'bash reads it, and is `sh` on RHEL and its relatives alone: give the step `shell: bash`';
    return [warning('shell-syntax', `\`sh\` does not read this script: ${error.message}`, span, detail)];
  }
  return [problem('shell-syntax', `\`${shell}\` does not read this script: ${error.message}`, span)];
}

/** Any expression is a word, with as many lines as it had. */
function withWords(text: string): string {
  const { parts } = parseTemplate(text);
  return parts
    .map((part) => (part.kind === 'text' ? part.text : `x${'\n'.repeat(part.text.split('\n').length - 1)}`))
    .join('');
}

/** Undefined: it is read, or that shell is not here. */
async function syntaxError(
  shell: 'sh' | 'bash',
  script: string,
): Promise<{ readonly line: number; readonly message: string } | undefined> {
  const options = { input: script, reject: false, timeout: TIMEOUT, env: { LC_ALL: 'C' } } as const;
  // By a pipe: Node gives a socket, which cannot be opened by name, and only a script from a file has lines in bash.
  const { exitCode, stderr } = await execa('sh', ['-c', 'cat | "$0" -n /dev/stdin', shell], options);
  if (exitCode === undefined || exitCode === 0 || exitCode === 127) return undefined;
  // dash: `/dev/stdin: 4: Syntax error: ...`; bash and busybox: `/dev/stdin: line 4: syntax error ...`
  const [, line = '1', message = stderr.split('\n')[0] ?? ''] = /stdin: (?:line )?(\d+): (.*)/.exec(stderr) ?? [];
  return { line: Number(line), message: message.replace(/^syntax error:? ?/i, '') };
}

/** Offsets of a line of the text (1-based), the last one where it has no such line. */
function lineAt(text: string, line: number): { readonly start: number; readonly end: number } {
  const lines = text.trimEnd().split('\n');
  const index = Math.min(line, lines.length) - 1;
  const start = lines.slice(0, index).reduce((sum, one) => sum + one.length + 1, 0);
  const content = lines[index] ?? '';
  return { start: start + (content.length - content.trimStart().length), end: start + content.length };
}
