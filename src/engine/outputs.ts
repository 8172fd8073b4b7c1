import type { Evaluated } from '../documents/expressions.ts';
import { checkVariables } from '../documents/variables.ts';
import type { DraftedStep } from '../plan/bind.ts';
import type { ResultOf } from '../plan/refs.ts';
import { deferredValues } from '../plan/step-scope.ts';
import { redactText } from '../redact.ts';
import { MOST_OUTPUTS } from '../remote/attempt.ts';
import type { RunContext } from './context.ts';

/** Of one step. */
const MOST_KEYS = 1000;

const KEY = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** What a script left in the file of `$RUNBOOK_OUTPUT`, or why it cannot be taken: never a part of a value. */
export type Outputs = { readonly outputs: Readonly<Record<string, string>> } | { readonly problem: string };

/** Lines `key=value`, and `key<<END`, lines, `END`; empty lines count for nothing. Pure, apart from secrets. */
export function parseOutputs(bytes: Buffer): Outputs {
  if (bytes.length > MOST_OUTPUTS) return bad(`it has more than ${MOST_OUTPUTS / 1024} KiB`);
  const text = bytes.toString('utf8');
  if (text.includes('\0') || !Buffer.from(text).equals(bytes)) return bad('it is not text');
  const lines = text.split('\n');
  const outputs = new Map<string, string>();
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line === '') continue;
    const [, key = '', sign, rest = ''] = /^([^=<]*)(=|<<)(.*)$/s.exec(line) ?? [];
    if (!KEY.test(key) || (sign === '<<' && rest === ''))
      return bad(`line ${at + 1} is neither key=value nor key<<END`);
    if (key in Object.prototype)
      return bad(
        `in line ${at + 1}, a key cannot be called \`${key}\`: every JavaScript object has something of this name`,
      );
    let value = rest;
    if (sign === '<<') {
      const end = lines.indexOf(rest, at + 1);
      if (end === -1) return bad(`the value that begins in line ${at + 1} has no end`);
      value = lines.slice(at + 1, end).join('\n');
      at = end;
    }
    if (redactText(key) !== key || redactText(value) !== value)
      return bad(`line ${at + 1} holds a secret, and outputs are kept in the journal`);
    outputs.set(key, value);
  }
  if (outputs.size > MOST_KEYS) return bad(`it has more than ${MOST_KEYS} keys`);
  return { outputs: Object.fromEntries(outputs) };
}

function bad(problem: string): Outputs {
  return { problem: `what it wrote to $RUNBOOK_OUTPUT is refused: ${problem}` };
}

/** What the journal knows of the steps that ended. */
export function resultsOf({ progress }: Pick<RunContext, 'progress'>): ResultOf {
  return (key) => {
    const { outcome, outputs = {} } = progress.get(key) ?? {};
    return outcome && { outcome, outputs };
  };
}

/** All variables of a step's script, those that wait for results too. */
export function variablesOf(
  context: Pick<RunContext, 'progress' | 'facts'>,
  step: DraftedStep,
): Evaluated<Readonly<Record<string, string>>> | { readonly ok: false; readonly error: Error } {
  const values = deferredValues(step, context.facts ?? { nodes: {} }, resultsOf(context));
  if (!values.ok) return values;
  const value = { ...step.env, ...values.value };
  const [tooLong] = checkVariables(value);
  return tooLong ? { ok: false, error: new Error(`env: ${tooLong.message}`) } : { ok: true, value };
}
