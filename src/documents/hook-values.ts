import type { Runbook } from './model.ts';

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

/** Why a request cannot go there; undefined: it can. */
export function urlProblem(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) return 'is no http or https address';
  if (url.username !== '' || url.password !== '')
    return 'holds a password; give the whole address as an input of type secret';
  return undefined;
}
