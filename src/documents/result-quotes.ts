import type { Diagnostic } from '../diagnostic.ts';
import { deferredVariables, waitsForResults } from './results.ts';
import { isMap } from './shapes.ts';
import { PLACE, quotedPlaces } from './shell-quotes.ts';
import { problem } from './source.ts';
import { parseTemplate } from './template.ts';
import type { Path, YamlDocument } from './yaml.ts';

/**
 * A result of a step in a script becomes a variable of the shell, so that it is never read as commands: where the shell
 * replaces no variable, it would not be there.
 */
export function checkQuotes(document: YamlDocument, step: Readonly<Record<string, unknown>>, path: Path): Diagnostic[] {
  const variables = deferredVariables(isMap(step['env']) ? step['env'] : {});
  return ['run', 'check'].flatMap((key) => {
    const script = step[key];
    if (typeof script !== 'string') return [];
    return quotedResults(script, variables).map(({ start, end, where }) =>
      problem(
        'quoted-result',
        `a result of a step has no effect ${where}`,
        document.inside([...path, key], start, end),
        WAY_OUT,
      ),
    );
  });
}

const WAY_OUT =
  'give it to the script by `env: { VALUE: "${{ steps... }}" }`, and write "$VALUE" where the shell replaces variables';

function quotedResults(script: string, variables: ReadonlySet<string>) {
  const { parts } = parseTemplate(script);
  const waiting = parts.flatMap((part) =>
    part.kind === 'expression' && waitsForResults(part.text, variables) ? [part] : [],
  );
  if (waiting.length === 0) return [];
  const lines = (text: string) => text.replaceAll(/[^\n]/g, '');
  const shell = parts.map((part) => {
    if (part.kind === 'text') return part.text;
    return waitsForResults(part.text, variables) ? PLACE : `x${lines(part.text)}`;
  });
  return quotedPlaces(shell.join('')).flatMap((where, index) => {
    const part = waiting[index];
    return where === undefined || !part ? [] : [{ where, start: part.offset, end: part.offset + part.text.length }];
  });
}
