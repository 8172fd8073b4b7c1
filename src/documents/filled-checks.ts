import { dirname } from 'node:path';
import type { Action } from '../actions/action.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { checkTemplate } from './expressions.ts';
import type { Declared } from './names.ts';
import type { Scripts } from './scripts.ts';
import { isMap } from './shapes.ts';
import { problem, Source } from './source.ts';
import { localPath } from './target.ts';
import { isTemplate } from './template.ts';
import type { Path, YamlDocument } from './yaml.ts';

/**
 * The expressions in the file that a step fills for each node, where its path is written out: one that an expression
 * gives is read while planning. A file that is missing is reported with all others.
 */
export function checkFilled(
  scripts: Scripts,
  document: YamlDocument,
  step: Path,
  settings: unknown,
  { fills }: Action,
  declared: Declared,
): Diagnostic[] {
  if (!fills || !isMap(settings) || settings[fills.when] !== true) return [];
  const written = settings[fills.source];
  if (typeof written !== 'string' || written === '' || isTemplate(written)) return [];
  const span = document.at([...step, 'with', fills.source]);
  const file = localPath(written, dirname(span.file));
  const text = scripts.read(file);
  if (!text.ok) {
    const isNoText = /not (?:UTF-8|a text)$/.test(text.why);
    return isNoText ? [problem('template', `${file} is not a text: template: true fills texts alone`, span)] : [];
  }
  const source = new Source(file, text.value);
  return checkTemplate(text.value, declared).problems.map(({ code, message, detail, start, end }) =>
    problem(code, message, source.span(start, end), detail),
  );
}
