import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** Characters of a name or a value from the file that are shown. */
const SHOWN = 60;

/** What does not have the form, by its place as jq writes it, the first of them in words. */
export function problemsOf(issues: readonly Issue[], whole: unknown): string {
  const [first] = issues;
  if (first === undefined) return 'the file cannot be understood';
  const more = issues.length - 1;
  return `${problemOf(first, whole)}${more > 0 ? ` (and ${more} more ${more === 1 ? 'problem' : 'problems'})` : ''}`;
}

function problemOf(issue: Issue, whole: unknown): string {
  const [key] = issue.code === 'unrecognized_keys' ? issue.keys : [];
  if (key !== undefined) return `${placeOf([...issue.path, key])} is not known to this runbook`;
  const [inKey] = issue.code === 'invalid_key' ? issue.issues : [];
  if (inKey !== undefined) return `${placeOf(issue.path)}: ${inKey.message}`;
  const found = valueAt(whole, issue.path);
  const place = placeOf(issue.path);
  if (found === undefined) return `${place} is missing`;
  return `${place} ${wordsOf(issue, found)}`;
}

function wordsOf(issue: Issue, found: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${EXPECTED[issue.expected] ?? issue.expected}, not ${called(found)}`;
    case 'invalid_value':
      return `must be ${issue.values.map((one) => JSON.stringify(one)).join(' or ')}, not ${called(found)}`;
    case 'too_small':
    case 'too_big':
      return issue.origin === 'number' ? `cannot be ${called(found)}` : 'must not be empty';
    case 'invalid_format':
    case 'custom':
      return issue.message.startsWith('is ') ? issue.message : `is ${called(found)}: ${issue.message}`;
    default:
      return `is not valid: ${issue.message}`;
  }
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** As JSON has it. */
function called(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'string') return `the text ${cut(JSON.stringify(value))}`;
  return typeof value === 'number' ? `the number ${value}` : String(value);
}

/** `facts.nodes["cp-1.example.com"].disk.places[0].size` */
export function placeOf(path: readonly PropertyKey[]): string {
  const parts = path.map((part) => {
    if (typeof part === 'number') return `[${part}]`;
    return /^[A-Za-z_]\w*$/.test(String(part)) ? `.${String(part)}` : `[${cut(JSON.stringify(String(part)))}]`;
  });
  return parts.join('').replace(/^\./, '') || 'the file';
}

function cut(text: string): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}..."`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = Reflect.get(at, part);
  }
  return at;
}
