import { dirname, relative } from 'node:path';
import type { Action } from '../actions/action.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { sha256 } from '../digest.ts';
import { expand, type Expanded } from './expand.ts';
import { ONCE } from './fields.ts';
import { withRootSecrets } from './frame.ts';
import { issueDiagnostics } from './issues.ts';
import { load } from './loaded.ts';
import type { Loaded, Part, Phase, Runbook, RunbookData, Step } from './model.ts';
import { checkRunbook } from './runbook-checks.ts';
import { runbookSchema } from './runbook-schema.ts';
import { Scripts } from './scripts.ts';
import { readText, type ReadText } from './text.ts';
import type { Path, YamlDocument } from './yaml.ts';

/**
 * Reads a runbook and what it includes: `read` gives the texts of those files. Never throws: all problems at once, each
 * with its place, are in `diagnostics`.
 */
export function loadRunbook(
  file: string,
  text: string,
  actions: ReadonlyMap<string, Action>,
  read: ReadText = readText,
): Loaded<Runbook> {
  let parts: readonly Part[] = [];
  const loaded = load(file, text, 'Runbook', (document, value) => {
    const whole = expand(document, value, read);
    const scripts = new Scripts(read);
    const { diagnostics, data } = judgeRunbook(whole, actions, scripts);
    parts = [...whole.parts, ...scripts.parts()];
    return { diagnostics, build: () => data && placed(data, whole, scripts) };
  });
  if (parts.length === 0) return loaded;
  return { ...loaded, digest: digestWith(file, text, parts), parts };
}

/** Every problem of a runbook with all that it includes; where it is a part alone, its head has a schema of its own. */
export function judgeRunbook(
  whole: Expanded,
  actions: ReadonlyMap<string, Action>,
  scripts: Scripts,
  isWhole = true,
): { readonly diagnostics: readonly Diagnostic[]; readonly data?: RunbookData } {
  const { document, value } = whole;
  const parsed = runbookSchema.safeParse(value, ONCE);
  const all = parsed.success ? [] : parsed.error.issues;
  const issues = isWhole ? all : all.filter(({ path }) => path[0] === 'phases' && path.length > 1);
  const judged = { document, base: [], value, schema: runbookSchema, called: 'the runbook' };
  const found = [...issueDiagnostics(issues, judged), ...checkRunbook(whole, actions, scripts)];
  const diagnostics = once(found).map((one) => withInclude(one, whole));
  return { diagnostics, ...(parsed.success && { data: parsed.data }) };
}

/** What is included twice has its problems once. */
function once(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Map(diagnostics.map((one) => [JSON.stringify([one.code, one.span, one.summary]), one]));
  return [...seen.values()];
}

/** A problem of an included file says where that is included. */
function withInclude(diagnostic: Diagnostic, { includedAt }: Expanded): Diagnostic {
  const at = diagnostic.span && includedAt(diagnostic.span.file);
  if (!at) return diagnostic;
  const where = `included at ${at.file}:${at.line}:${at.column}`;
  return { ...diagnostic, detail: diagnostic.detail === undefined ? where : `${diagnostic.detail} (${where})` };
}

/** Where the files lie does not count, what they hold does. */
function digestWith(file: string, text: string, parts: readonly Part[]): string {
  const texts = parts
    .map((part) => [partName(file, part), part.text])
    .toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return sha256(JSON.stringify([text, ...texts]));
}

/** A part's path from the runbook's folder. */
export function partName(file: string, { path }: Pick<Part, 'path'>): string {
  return relative(dirname(file), path);
}

function placed({ phases, ...runbook }: RunbookData, whole: Expanded, scripts: Scripts): Runbook {
  return { ...runbook, phases: phases.map((phase, index) => placedPhase(phase, whole, scripts, ['phases', index])) };
}

function placedPhase(
  { always, ...phase }: RunbookData['phases'][number],
  whole: Expanded,
  scripts: Scripts,
  path: Path,
): Phase {
  const { document } = whole;
  const nodesAt = [...path, 'nodes'];
  const single = document.written(nodesAt) !== undefined;
  const { frame } = whole.placeOf(path);
  return {
    ...phase,
    nodesSpans: phase.nodes.map((_, index) => document.at(single ? nodesAt : [...nodesAt, index])),
    steps: phase.steps.map((step, index) => placedStep(step, whole, scripts, [...path, 'steps', index])),
    ...(always && {
      always: always.map((step, index) => placedStep(step, whole, scripts, [...path, 'always', index])),
    }),
    span: document.at(path),
    ...(frame && { frame }),
  };
}

type StepData = RunbookData['phases'][number]['steps'][number];

function placedStep(step: StepData, whole: Expanded, scripts: Scripts, path: Path): Step {
  const { document } = whole;
  const { frame } = whole.placeOf(path);
  const env = step.env && envText(step.env, document, [...path, 'env']);
  const common = { ...(env ? { env } : {}), span: document.at(path), ...(frame && { frame }) };
  if (step.kind === 'uses') return { ...step, ...common };
  const script = step.script === undefined ? undefined : scripts.of(step.script, document, [...path, 'script']);
  const args = step.args?.map((value, index) => writtenText(value, document, [...path, 'args', index]));
  const secrets =
    frame?.included &&
    step.secrets &&
    Object.fromEntries(Object.entries(step.secrets).map(([name, value]) => [name, withRootSecrets(frame, value)]));
  return {
    ...step,
    ...common,
    ...(args && { args }),
    ...(script?.ok && { text: script.value }),
    ...(secrets && { secrets }),
  };
}

/** A variable is text: `1.30` stays `1.30`, although YAML reads the number 1.3. */
function envText(env: NonNullable<Step['env']>, document: YamlDocument, path: Path): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, writtenText(value, document, [...path, name])]),
  );
}

function writtenText(value: string | number | boolean, document: YamlDocument, path: Path): string {
  return typeof value === 'string' ? value : (document.written(path) ?? String(value));
}
