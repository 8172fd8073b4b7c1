import { evaluateText, factsIn, namesInTemplate } from '../documents/expressions.ts';
import { gateUrlProblem } from '../documents/gate-checks.ts';
import type { Phase, Runbook, Scope } from '../documents/model.ts';
import { secretsIn } from '../documents/secrets.ts';
import type { FactId } from '../facts/facts.ts';
import { Failure } from '../failure.ts';
import type { PlanGate } from './pace.ts';

const ANSWERED = 'status >= 200 && status < 300';

/** The gate of a phase with its expressions resolved. @throws Failure (document) */
export function draftGate(
  phase: Pick<Phase, 'name' | 'gate' | 'span'>,
  inputs: Runbook['inputs'],
  scope: Scope,
  called = 'phase',
): PlanGate | undefined {
  const { gate } = phase;
  if (!gate) return undefined;
  const text = (value: string): string => {
    const result = evaluateText(value, scope);
    if (!result.ok) throw wrong(phase, called, result.error.message);
    return result.value;
  };
  const times = { for: gate.for ?? 0, every: gate.every, timeout: gate.timeout };
  const { http } = gate;
  if (!http) return { ask: { kind: 'run', script: text(gate.run ?? ''), place: gate.on ?? 'local' }, ...times };
  const url = text(http.url);
  const why = gateUrlProblem(url);
  if (why !== undefined) throw wrong(phase, called, `its \`url\` ${why}`);
  const headers = Object.entries(http.headers ?? {});
  const isSecret = ([, value]: readonly [string, string]) =>
    secretsIn(value)?.every((input) => inputs[input]?.type === 'secret') ?? false;
  return {
    ask: {
      kind: 'http',
      url,
      method: http.method ?? 'GET',
      headers: Object.fromEntries(headers.filter((one) => !isSecret(one)).map(([name, value]) => [name, text(value)])),
      secretHeaders: Object.fromEntries(headers.filter(isSecret)),
      condition: http.condition ?? ANSWERED,
    },
    ...times,
  };
}

/** Of these inputs, those that a condition reads: all where it names none by itself. */
export function inputsRead(condition: string, inputs: Scope['inputs']): Scope['inputs'] {
  const read = namesInTemplate(condition, true).filter(([root]) => root === 'inputs');
  if (read.some(([, name]) => name === undefined)) return inputs;
  const names = new Set(read.map(([, name]) => name));
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => names.has(name)));
}

/** The facts that must be read before the gate of a phase can be resolved. */
export function factsOfGate({ gate }: Phase): readonly FactId[] {
  return factsIn({ run: gate?.run, url: gate?.http?.url, headers: gate?.http?.headers });
}

function wrong(
  { span: { file, line, column }, name }: Pick<Phase, 'name' | 'span'>,
  called: string,
  message: string,
): Failure {
  return new Failure('document', `${file}:${line}:${column}: the gate of ${called} ${name}: ${message}`);
}
