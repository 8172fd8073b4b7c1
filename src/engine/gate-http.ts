import { secretsIn } from '../documents/secrets.ts';
import { evaluateCel } from '../documents/cel.ts';
import { messageOf } from '../failure.ts';
import type { PlanGate } from '../plan/pace.ts';

type Query = Extract<PlanGate['ask'], { kind: 'http' }>;

/** What a look at a gate saw. */
export type Look = { readonly holds: true } | { readonly holds: false; readonly why: string };

/** Milliseconds for an answer. */
const TIMEOUT = 10_000;
/** Bytes of an answer that are read. */
const MOST = 1024 * 1024;
/** Characters of an answer that are shown. */
const SHOWN = 160;

/** What a header may hold (RFC 9110, section 5.5). */
const HEADER_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

export interface Surroundings {
  readonly inputs: Readonly<Record<string, unknown>>;
  /** @throws Failure where its source gives nothing */
  readonly secret?: (input: string) => Promise<string>;
  readonly signal: AbortSignal;
  /** Milliseconds that the gate has left. */
  readonly rest: number;
}

/** Milliseconds for one look: what it usually has, but no more than the gate has left, and one second at least. */
export function patienceOf(usual: number, rest: number): number {
  return Math.ceil(Math.max(1000, Math.min(usual, rest)));
}

/** Asks once. Whatever goes wrong is an answer too: the gate does not hold, and why. */
export async function askHttp(query: Query, { inputs, secret, signal, rest }: Surroundings): Promise<Look> {
  const patience = patienceOf(TIMEOUT, rest);
  const over = AbortSignal.timeout(patience);
  let answer: Answer;
  try {
    const headers = { ...query.headers, ...(await withSecrets(query.secretHeaders, secret)) };
    const response = await fetch(query.url, {
      method: query.method,
      headers,
      signal: AbortSignal.any([signal, over]),
      // As in send.ts: another host might be sent the secrets.
      redirect: 'manual',
    });
    answer = { status: response.status, body: await textOf(response) };
  } catch (error) {
    const why = over.aborted ? `no answer within ${Math.round(patience / 1000)} s` : reasonOf(error);
    return { holds: false, why: `${new URL(query.url).host}: ${why}` };
  }
  return judge(query.condition, answer, inputs);
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function judge(condition: string, answer: Answer, inputs: Readonly<Record<string, unknown>>): Look {
  const result = evaluateCel(condition, { ...answer, json: jsonOf(answer.body), inputs });
  if (result.ok && result.value === true) return { holds: true };
  const problem = result.ok
    ? result.value === false
      ? 'the condition is false'
      : 'the condition is neither true nor false'
    : `the condition has no value: ${result.problems[0]?.message ?? ''}`;
  const body = answer.body.trim().replaceAll(/\s+/g, ' ');
  const shown = body.length > SHOWN ? `${body.slice(0, SHOWN)} ...` : body;
  return { holds: false, why: `status ${answer.status}, ${problem}${shown === '' ? '' : `: ${shown}`}` };
}

async function withSecrets(
  templates: Readonly<Record<string, string>>,
  secret: Surroundings['secret'],
): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, template] of Object.entries(templates)) {
    let value = template;
    for (const input of secretsIn(template) ?? []) {
      const text = (await secret?.(input)) ?? '';
      // The error of `fetch` would hold it.
      if (!HEADER_VALUE.test(text)) throw new Error(`the secret ${input} cannot be the value of the header ${name}`);
      value = value.replace(new RegExp(`\\$\\{\\{\\s*inputs\\.${input}\\s*\\}\\}`), () => text);
    }
    headers[name] = value;
  }
  return headers;
}

/** @throws Error where it is too long */
async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MOST) throw new Error(`the answer is longer than ${MOST / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function jsonOf(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body);
    return value;
  } catch {
    return null;
  }
}

/** `fetch` itself says only that it failed. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error)) return messageOf(error);
  if (cause instanceof AggregateError) return cause.errors.map(messageOf).join('; ');
  return cause.message === '' ? messageOf(error) : cause.message;
}
