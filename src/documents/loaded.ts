import type { Diagnostic } from '../diagnostic.ts';
import { sha256 } from '../digest.ts';
import { withoutOptimizing } from '../optimizer.ts';
import { TimeLimit, within } from './bounded.ts';
import { kindOf } from './issues.ts';
import { isKind, isPartKind, type Kind } from './kinds.ts';
import type { Loaded } from './model.ts';
import { isMap } from './shapes.ts';
import { hasErrors, problem, sortDiagnostics, Source } from './source.ts';
import { readYaml, type YamlDocument } from './yaml.ts';

/** The result of reading a document that is valid YAML and a map. */
export interface Reading<T> {
  readonly diagnostics: readonly Diagnostic[];
  /** Called where there are no errors at all. */
  readonly build: () => T | undefined;
}

/** Characters from which on a document is read with optimized code: an inventory of some hundred nodes. */
const LARGE = 50_000;

/** From text to value, for both kinds. Never throws; every problem is in `diagnostics`, by place. */
export function load<T>(
  file: string,
  text: string,
  kind: Kind,
  read: (document: YamlDocument, value: Readonly<Record<string, unknown>>) => Reading<T>,
): Loaded<T> {
  const readAndJudge = () => {
    const made = readYaml(new Source(file, text));
    return { document: made, reading: inTime(made, () => judge(made, kind, read)) };
  };
  const { document, reading } = text.length > LARGE ? readAndJudge() : withoutOptimizing(readAndJudge);
  const diagnostics = sortDiagnostics([...document.diagnostics, ...reading.diagnostics], file);
  const value = hasErrors(diagnostics) ? undefined : reading.build();
  return { file, text, digest: sha256(text), ...(value === undefined ? {} : { value }), diagnostics };
}

/** For what no other limit ends, e.g. thousands of expressions. */
const SECONDS = 30;

function inTime<T>(document: YamlDocument, judged: () => Reading<T>): Reading<T> {
  try {
    return within(SECONDS, judged);
  } catch (error) {
    if (!(error instanceof TimeLimit)) throw error;
    const summary = `the document could not be checked in ${SECONDS} s`;
    const large = problem('too-large', summary, document.at([]), 'split it into several documents');
    return { diagnostics: [large], build: () => undefined };
  }
}

function judge<T>(
  document: YamlDocument,
  kind: Kind,
  read: (document: YamlDocument, value: Readonly<Record<string, unknown>>) => Reading<T>,
): Reading<T> {
  const { value } = document;
  const stop = (...diagnostics: Diagnostic[]): Reading<T> => ({ diagnostics, build: () => undefined });
  // The parser's guess at broken YAML has problems that no one wrote.
  if (!document.sound) return stop();
  if (value === null || value === undefined) {
    return stop(problem('empty', 'the file is empty', document.at([]), `${withArticle(kind)} was expected`));
  }
  if (!isMap(value))
    return stop(problem('invalid-value', `${withArticle(kind)} must be a map, not ${kindOf(value)}`, document.at([])));
  const given = value['kind'];
  if (given !== kind && isKind(given)) {
    const detail = isPartKind(given) ? 'it is for runbooks that `include` it' : undefined;
    const summary = `this is ${withArticle(given)}, not ${withArticle(kind)}`;
    return stop(problem('wrong-kind', summary, document.at(['kind']), detail));
  }
  return read(document, value);
}

function withArticle(kind: Kind): string {
  if (isPartKind(kind)) return `a file of ${kind}`;
  return kind === 'Inventory' ? 'an Inventory' : `a ${kind}`;
}
