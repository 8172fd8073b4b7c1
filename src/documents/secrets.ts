import type { Diagnostic } from '../diagnostic.ts';
import { VARIABLE } from './fields.ts';
import { entriesOf, isMap } from './shapes.ts';
import type { Declared } from './names.ts';
import { suggest } from './nearest.ts';
import { problem, withoutText } from './source.ts';
import { parseTemplate } from './template.ts';
import type { Path, YamlDocument } from './yaml.ts';

/** The input that a value of `secrets` names: `${{ inputs.token }}`. */
export function secretInput(value: string): string | undefined {
  return /^\s*\$\{\{\s*inputs\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}\s*$/.exec(value)?.[1];
}

/** Inputs that a text names as `Bearer ${{ inputs.token }}` does; undefined where it has none, or other expressions. */
export function secretsIn(value: string): readonly string[] | undefined {
  const { parts, open } = parseTemplate(value);
  const named = parts.flatMap((part) => (part.kind === 'text' ? [] : [INPUT.exec(part.text)?.[1]]));
  if (open !== undefined || named.length === 0) return undefined;
  return named.every((name) => name !== undefined) ? named : undefined;
}

const INPUT = /^\s*inputs\.([A-Za-z_][A-Za-z0-9_]*)\s*$/;

/** The `secrets` of a step: inputs of type secret alone, under names of their own, and none of them in its `check`. */
export function checkSecrets(
  document: YamlDocument,
  step: Readonly<Record<string, unknown>>,
  declared: Declared,
  path: Path,
): Diagnostic[] {
  const names = entriesOf(step['secrets']).filter(([name]) => VARIABLE.test(name));
  return names.flatMap(([name, value]) => {
    const key = withoutText(document.keyAt([...path, 'secrets', name]));
    const taken = isMap(step['env']) && Object.hasOwn(step['env'], name);
    return [
      ...(taken ? [problem('secret', `\`${name}\` is a variable of \`env\` too`, key)] : []),
      ...(name.startsWith('RUNBOOK_') ? [problem('reserved', 'names with RUNBOOK_ are reserved', key)] : []),
      ...checkValue(document, name, value, declared, [...path, 'secrets', name]),
      ...inCheck(document, name, step['check'], [...path, 'check']),
    ];
  });
}

function checkValue(
  document: YamlDocument,
  name: string,
  value: unknown,
  declared: Declared,
  path: Path,
): Diagnostic[] {
  if (typeof value !== 'string' || value === '') return [];
  const input = secretInput(value);
  const span = withoutText(document.at(path));
  if (input === undefined) {
    const summary = `\`${name}\` must be an input of type secret, and nothing besides`;
    return [problem('secret', summary, span, `e.g. ${name}: "\${{ inputs.token }}"`)];
  }
  if (!Object.hasOwn(declared.inputs, input)) {
    const detail = suggest(input, Object.keys(declared.inputs), '`inputs` has') ?? 'the runbook declares no inputs';
    return [problem('unknown-name', `\`inputs\` has no \`${input}\``, span, detail)];
  }
  const type = declared.inputs[input]?.type;
  if (type === undefined || type === 'secret') return [];
  const detail = 'give the input `type: secret`, or put it into `env`';
  return [problem('secret', `\`inputs.${input}\` is no secret, its type is ${type}`, span, detail)];
}

function inCheck(document: YamlDocument, name: string, check: unknown, path: Path): Diagnostic[] {
  const found = typeof check === 'string' ? new RegExp(`\\$\\{?${name}\\b`).exec(check) : null;
  if (!found) return [];
  const span = document.inside(path, found.index, found.index + found[0].length);
  const detail = 'planning runs it too, and reads no secret: let it look at what the step leaves behind';
  return [problem('secret', `\`check\` has no secrets, so no \`${name}\``, span, detail)];
}
