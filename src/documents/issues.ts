import type { z } from 'zod';
import type { Diagnostic, Span } from '../diagnostic.ts';
import { suggest } from './nearest.ts';
import { jsonSchemaOf, keysAt } from './json-schema.ts';
import { problem, withoutText } from './source.ts';
import type { Path, YamlDocument } from './yaml.ts';

export type Issue = z.core.$ZodIssue;

/** The part of a document that a schema was held against. */
export interface Judged {
  readonly document: YamlDocument;
  readonly base: Path;
  readonly value: unknown;
  readonly schema: z.ZodType;
  /** How the whole part is called: `the runbook`, `` `with` of drain ``. */
  readonly called: string;
}

/** A schema's issues as problems with a place in the file. */
export function issueDiagnostics(issues: readonly Issue[], judged: Judged): Diagnostic[] {
  return issues.flatMap((issue) => one(issue, judged, []));
}

function one(issue: Issue, judged: Judged, above: Path): Diagnostic[] {
  const path = [...above, ...partsOf(issue.path)];
  const whole = [...judged.base, ...path];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, path, judged));
  if (valueAt(judged.value, path) === undefined && path.length > 0) {
    const parent = whole.slice(0, -1);
    return [
      problem('missing-key', `${label(path, judged)} is missing`, judged.document.at(parent), inPart(path, judged)),
    ];
  }
  if (issue.code === 'invalid_key') {
    const summary = `\`${String(path.at(-1))}\` ${issue.issues[0]?.message ?? 'is not a valid key'}`;
    return [problem('invalid-key', summary, shown(judged.document.keyAt(whole), path))];
  }
  if (issue.code === 'invalid_union') {
    const branch = branchMeant(issue.errors);
    if (branch) return branch.flatMap((error) => one(error, judged, path));
  }
  const summary = joined(label(path, judged), messageOf(issue, valueAt(judged.value, path)));
  const span = shown(judged.document.at(whole), path);
  return [problem('invalid-value', summary, span, choices(issue, valueAt(judged.value, path)))];
}

/** Where the source of a secret belongs, there may be the secret itself. */
function shown(span: Span, path: Path): Span {
  const key = path.findLast((part) => typeof part === 'string') ?? '';
  return key.endsWith('From') || path.includes('secrets') ? withoutText(span) : span;
}

/** The form that was probably meant: the one whose problems lie deepest, none where every one wants another type. */
function branchMeant(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const full = branches.filter((issues) => issues.length > 0);
  const deep = full.find((issues) => issues.every((issue) => issue.path.length > 0));
  return (
    deep ?? full.find((issues) => !issues.some((issue) => issue.code === 'invalid_type' && issue.path.length === 0))
  );
}

function unknownKey(key: string, path: Path, judged: Judged): Diagnostic {
  const owner = valueAt(judged.value, path);
  const taken = typeof owner === 'object' && owner !== null ? Object.keys(owner) : [];
  const known = keysAt(jsonSchemaOf(judged.schema), path).filter((candidate) => !taken.includes(candidate));
  const span = judged.document.keyAt([...judged.base, ...path, key]);
  const foreign = FOREIGN.get(key);
  const translated = foreign !== undefined && known.includes(foreign) ? `here it is called \`${foreign}\`` : undefined;
  const detail = translated ?? suggest(key, known, 'known keys') ?? 'no keys are known here';
  return problem('unknown-key', `unknown key \`${key}\``, span, detail);
}

/** Words that people bring along from Ansible and others. */
const FOREIGN: ReadonlyMap<string, string> = new Map([
  ['hosts', 'nodes'],
  ['tasks', 'steps'],
  ['when', 'if'],
  ['command', 'run'],
  ['module', 'uses'],
  ['environment', 'env'],
  ['plays', 'phases'],
  ['jobs', 'phases'],
]);

function messageOf(issue: Issue, value: unknown): string {
  if (!/^(?:Invalid|Too )/.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${EXPECTED[issue.expected] ?? issue.expected}, not ${kindOf(value)}`;
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `must be at least ${String(issue.minimum)}`;
    case 'too_big':
      return `must be at most ${String(issue.maximum)}`;
    case 'invalid_union':
      return `must not be ${kindOf(value)}`;
    default:
      return `is not valid: ${issue.message}`;
  }
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

/** How people call what YAML read. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'number') return `the number ${value}`;
  return typeof value === 'boolean' ? `${value}` : `a ${typeof value}`;
}

/** Of what kind a file is, as it says itself: it follows the name of the file. */
export function kindText(kind: unknown): string {
  if (kind === undefined || kind === null) return 'has no `kind`';
  return `is of kind ${typeof kind === 'string' ? kind : kindOf(kind)}`;
}

function choices(issue: Issue, value: unknown): string | undefined {
  if (issue.code !== 'invalid_value' || typeof value !== 'string') return undefined;
  const near = suggest(value, issue.values.map(String));
  return near?.startsWith('did you mean') ? near : undefined;
}

function joined(subject: string, message: string): string {
  return /^(?:must|needs|is|has|cannot|does|may) /.test(message) ? `${subject} ${message}` : `${subject}: ${message}`;
}

function label(path: Path, judged: Judged): string {
  const last = path.at(-1);
  if (last === undefined) return judged.called;
  if (typeof last === 'string') return `\`${last}\``;
  return path.length > 1 ? `entry ${last + 1} of ${label(path.slice(0, -1), judged)}` : `entry ${last + 1}`;
}

function inPart(path: Path, judged: Judged): string | undefined {
  const parent = label(path.slice(0, -1), judged);
  return path.length > 1 || judged.base.length > 0 ? `${parent} needs it` : undefined;
}

function partsOf(path: readonly PropertyKey[]): (string | number)[] {
  return path.map((part) => (typeof part === 'number' ? part : String(part)));
}

export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = Reflect.get(at, part);
  }
  return at;
}
