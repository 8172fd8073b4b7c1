import type { Runbook } from './model.ts';
import { urlProblem } from './url.ts';

/** A text with at most one secret in it; the parts around it may contain `${{ }}`. */
export interface WithSecret {
  readonly before: string;
  /** The input. */
  readonly secret?: string;
  readonly after: string;
}

type Inputs = Readonly<Record<string, Partial<Pick<Runbook['inputs'][string], 'type'>>>>;

/** Undefined: it holds several secrets. */
export function withSecret(text: string, inputs: Inputs): WithSecret | undefined {
  const found = [...text.matchAll(/\$\{\{\s*inputs\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g)].filter(
    ([, name = '']) => Object.hasOwn(inputs, name) && inputs[name]?.type === 'secret',
  );
  const [first] = found;
  if (found.length > 1) return undefined;
  if (!first) return { before: text, after: '' };
  const [whole, secret = ''] = first;
  return { before: text.slice(0, first.index), secret, after: text.slice(first.index + whole.length) };
}

/** Why a hook cannot send to this address; undefined: it can. */
export function hookUrlProblem(url: string): string | undefined {
  return urlProblem(url, 'give the whole address as an input of type secret');
}
