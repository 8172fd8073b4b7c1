import type { ScriptNode } from 'just-bash';

const known = new WeakMap<ScriptNode, boolean>();

/** Shell constructs that {@link Interpreter} leaves to just-bash. */
const foreignTypes = new Set([
  'CStyleFor',
  'ArithmeticCommand',
  'ConditionalCommand',
  'ProcessSubstitution',
  'BraceExpansion',
  'Indirection',
  'ArrayKeys',
  'VarNamePrefix',
  'Transform',
  'CaseModification',
  'PatternReplacement',
  'Substring',
  'LengthSliceError',
  'BadSubstitution',
  'ArithCommandSubst',
  'ArithBracedExpansion',
  'ArithDynamicBase',
  'ArithDynamicNumber',
  'ArithConcat',
  'ArithArrayElement',
  'ArithDoubleSubscript',
  'ArithNumberSubscript',
  'ArithSyntaxError',
  'ArithSingleQuote',
  'ArithDynamicAssignment',
  'ArithDynamicElement',
]);
const foreignCommands = new Set([
  'exec',
  'wait',
  'jobs',
  'getopts',
  'alias',
  'declare',
  'typeset',
  'let',
  'source',
  'mapfile',
]);

/** Whether a script is of the plain POSIX kind that most scripts are. */
export function isPlain(tree: ScriptNode): boolean {
  const before = known.get(tree);
  if (before !== undefined) return before;
  const plain = plainNode(tree);
  known.set(tree, plain);
  return plain;
}

function plainNode(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(plainNode);
  if (typeof value !== 'object' || value === null) return true;
  const node = value as Readonly<Record<string, unknown>>;
  const { type } = node;
  if (typeof type === 'string' && foreignTypes.has(type)) return false;
  if (type === 'Statement' && node['deferredError'] !== undefined) return false;
  if (type === 'ParameterExpansion' && node['parameter'] === '!') return false;
  if (type === 'Pipeline' && (node['timed'] === true || (node['pipeStderr'] as boolean[] | undefined)?.some(Boolean)))
    return false;
  if (type === 'Assignment' && node['array'] !== null) return false;
  if (type === 'Redirection' && !plainRedirection(node)) return false;
  if (type === 'CaseItem' && node['terminator'] !== ';;') return false;
  if (type === 'SimpleCommand' && foreignCommands.has(literal(node['name']))) return false;
  return Object.values(node).every(plainNode);
}

function plainRedirection({ fd, fdVariable, operator }: Readonly<Record<string, unknown>>): boolean {
  const isKnown = ['<', '>', '>>', '>&', '<<', '<<-', '>|', '<>'].includes(String(operator));
  return isKnown && fdVariable === undefined && (fd === null || fd === 0 || fd === 1 || fd === 2);
}

function literal(word: unknown): string {
  const parts = (word as { readonly parts?: readonly { readonly type: string; readonly value?: string }[] } | null)
    ?.parts;
  return parts?.length === 1 && parts[0]?.type === 'Literal' ? (parts[0].value ?? '') : '';
}
