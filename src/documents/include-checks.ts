import type { Diagnostic } from '../diagnostic.ts';
import type { DeclaredNames } from './declared.ts';
import { checkCondition, checkTemplate, type TemplateType, TYPE_WORDS } from './expressions.ts';
import type { PartKind } from './kinds.ts';
import { checkInput } from './inputs.ts';
import type { InputSpec } from './model.ts';
import type { Declared } from './names.ts';
import { suggest } from './nearest.ts';
import { secretInput } from './secrets.ts';
import { entriesOf } from './shapes.ts';
import { problem, withoutText } from './source.ts';
import { expressionDiagnostics } from './with.ts';
import type { Path, YamlDocument } from './yaml.ts';

interface Include {
  readonly document: YamlDocument;
  readonly path: Path;
  readonly entry: Readonly<Record<string, unknown>>;
  readonly kind: PartKind;
  readonly file: string;
  /** The runbook has `hops`. */
  readonly hop: boolean;
}

/** What an entry gives the file that it includes, held against what that declares. */
export function checkInclude(
  include: Include,
  outer: DeclaredNames,
  specs: Readonly<Record<string, InputSpec>>,
  declared: Declared['inputs'],
): Diagnostic[] {
  const { document, path, entry, kind, file } = include;
  const names: Declared = { ...outer, node: kind === 'Steps', cluster: true, hop: include.hop, env: [] };
  const given = entriesOf(entry['inputs']);
  const condition = entry['if'];
  const missing = Object.entries(specs).filter(
    ([name, spec]) => !given.some(([one]) => one === name) && (spec.default === undefined || spec.type === 'secret'),
  );
  return [
    ...(typeof condition === 'string' && condition !== ''
      ? expressionDiagnostics(checkCondition(condition, names), document, [...path, 'if'])
      : []),
    ...given.flatMap(([name, value]) => {
      const at = [...path, 'inputs', name];
      if (!Object.hasOwn(declared, name)) {
        const detail = suggest(name, Object.keys(declared), 'its inputs') ?? 'it declares no inputs';
        return [problem('unknown-input', `${file} has no input \`${name}\``, document.keyAt(at), detail)];
      }
      const spec = specs[name];
      return spec ? checkGiven(include, names, name, value, spec) : [];
    }),
    ...missing.map(([name, spec]) => {
      const form = spec.type === 'secret' ? '"${{ inputs.NAME }}", a secret of this file' : `a ${spec.type}`;
      const summary = `${file} needs the input \`${name}\``;
      return problem('missing-input', summary, document.at([...path, 'include']), `inputs: { ${name}: ... }, ${form}`);
    }),
  ];
}

function checkGiven(
  { document, path, file }: Include,
  names: Declared,
  name: string,
  value: unknown,
  spec: InputSpec,
): Diagnostic[] {
  const at = [...path, 'inputs', name];
  const span = document.at(at);
  if (spec.type === 'secret') {
    const input = typeof value === 'string' ? secretInput(value) : undefined;
    if (input !== undefined && names.inputs[input]?.type === 'secret') return [];
    const summary = `\`${name}\` of ${file} is a secret: it must be an input of type secret`;
    return [problem('secret', summary, withoutText(span), `e.g. ${name}: "\${{ inputs.token }}"`)];
  }
  const { problems, types } = checkTemplate(value, names);
  const found = expressionDiagnostics(problems, document, at);
  if (found.length > 0) return found;
  const type = types.get('[]');
  if (type !== undefined) {
    if (type === 'unknown' || type === TYPES[spec.type]) return [];
    const summary = `\`${name}\` of ${file} must be ${TYPE_WORDS[TYPES[spec.type]]}, the expression gives ${TYPE_WORDS[type]}`;
    return [problem('expression-type', summary, span)];
  }
  // A list with expressions is judged when these are known.
  const typed =
    types.size > 0 && Array.isArray(value) ? checkInput({ type: spec.type }, value) : checkInput(spec, value);
  return typed.ok ? [] : [problem('invalid-value', `\`${name}\` of ${file} ${typed.message}`, span)];
}

const TYPES = {
  string: 'string',
  version: 'string',
  duration: 'string',
  number: 'number',
  boolean: 'boolean',
  list: 'list',
} as const satisfies Record<Exclude<InputSpec['type'], 'secret'>, TemplateType>;
