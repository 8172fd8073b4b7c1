import type { Diagnostic } from '../diagnostic.ts';
import { checkCel, typedEnvironment } from './cel.ts';
import { checkTemplate } from './expressions.ts';
import { type Declared, namesOf } from './names.ts';
import { parseDuration } from '../duration.ts';
import { secretsIn } from './secrets.ts';
import { entriesOf, isMap } from './shapes.ts';
import { problem, withoutText } from './source.ts';
import { isTemplate } from './template.ts';
import { urlProblem } from './url.ts';
import { expressionDiagnostics } from './with.ts';
import type { Path, YamlDocument } from './yaml.ts';

type Raw = Readonly<Record<string, unknown>>;

/** What a gate's condition knows. */
const ANSWER = { status: 'double', body: 'string', json: 'dyn' } as const;

/** Checks of a `gate` beyond its schema. It is asked about no node, so its expressions know none. */
export function checkGate(document: YamlDocument, gate: unknown, phase: Declared, at: Path): Diagnostic[] {
  if (!isMap(gate)) return [];
  const declared = { ...phase, node: false };
  const path = [...at, 'gate'];
  return [
    ...checkForm(document, gate, path),
    ...checkTimes(document, gate, path),
    ...expressionDiagnostics(checkTemplate(gate['run'], declared).problems, document, [...path, 'run']),
    ...(isMap(gate['http']) ? checkHttp(document, gate['http'], declared, [...path, 'http']) : []),
  ];
}

function checkForm(document: YamlDocument, gate: Raw, path: Path): Diagnostic[] {
  const runs = gate['run'] !== undefined;
  const asks = gate['http'] !== undefined;
  if (runs === asks) {
    const detail = 'it needs either `run` (commands) or `http` (a query)';
    return [
      problem('gate-form', runs ? 'this gate asks two things' : 'this gate asks nothing', document.at(path), detail),
    ];
  }
  if (runs || gate['on'] === undefined) return [];
  return [
    problem('gate-form', '`on` belongs to `run`: `http` is asked from this machine', document.keyAt([...path, 'on'])),
  ];
}

function checkTimes(document: YamlDocument, gate: Raw, path: Path): Diagnostic[] {
  const [holds, timeout] = [gate['for'], gate['timeout'] ?? '30m'].map((value) =>
    typeof value === 'string' ? parseDuration(value) : undefined,
  );
  if (holds === undefined || timeout === undefined || holds < timeout) return [];
  const detail = 'make `timeout` longer than `for`, with some time for the gate to come to hold';
  return [
    problem('gate-form', 'it cannot hold for so long before its `timeout`', document.at([...path, 'for']), detail),
  ];
}

function checkHttp(document: YamlDocument, http: Raw, declared: Declared, path: Path): Diagnostic[] {
  const headers = entriesOf(http['headers']).filter(([, value]) => !isSecret(value, declared));
  return [
    ...expressionDiagnostics(checkTemplate(http['url'], declared).problems, document, [...path, 'url']),
    ...checkUrl(document, http['url'], [...path, 'url']),
    ...headers.flatMap(([name, value]) =>
      expressionDiagnostics(checkTemplate(value, declared).problems, document, [...path, 'headers', name]),
    ),
    ...checkCondition(document, http['condition'], declared, [...path, 'condition']),
  ];
}

/** A secret stands among plain text alone: no other expression sees it. */
function isSecret(value: unknown, { inputs }: Declared): boolean {
  const named = typeof value === 'string' ? secretsIn(value) : undefined;
  return named?.every((input) => Object.hasOwn(inputs, input) && inputs[input]?.type === 'secret') ?? false;
}

function checkUrl(document: YamlDocument, url: unknown, path: Path): Diagnostic[] {
  if (typeof url !== 'string' || isTemplate(url)) return [];
  const why = gateUrlProblem(url);
  return why === undefined ? [] : [problem('gate-url', `\`url\` ${why}`, withoutText(document.at(path)))];
}

/** Why a gate cannot ask this address; undefined: it can. */
export function gateUrlProblem(url: string): string | undefined {
  return urlProblem(url, 'send it in `headers`');
}

function checkCondition(document: YamlDocument, text: unknown, declared: Declared, path: Path): Diagnostic[] {
  if (typeof text !== 'string' || text === '') return [];
  if (isTemplate(text)) {
    const detail = 'leave out the ${{ }}: it is evaluated when the answer is there';
    return [
      problem('expression-syntax', 'the condition of a gate is an expression as a whole', document.at(path), detail),
    ];
  }
  const { inputs } = namesOf(declared);
  const names = { ...ANSWER, inputs: inputs ?? {} };
  const result = checkCel(text, names, typedEnvironment(names));
  if (result.ok) {
    if (result.value === 'bool' || result.value === 'dyn') return [];
    return [
      problem('expression-type', `a condition must be true or false, this is ${result.value}`, document.at(path)),
    ];
  }
  return result.problems.map(({ code, message, detail, start, end }) =>
    problem(code, message, document.inside(path, start, end), detail),
  );
}
