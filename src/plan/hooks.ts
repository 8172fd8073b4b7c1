import { ownScript } from '../actions/lib/own-script.ts';
import { evaluateText } from '../documents/expressions.ts';
import { HOOKS } from '../documents/hook-schema.ts';
import { hookUrlProblem, withSecret } from '../documents/hook-values.ts';
import type { Runbook } from '../documents/model.ts';
import { Failure } from '../failure.ts';
import type { HookValue, PlanHook } from './hook-schema.ts';
import { slug } from './slug.ts';

/** Milliseconds. */
const TIMEOUT = 60_000;

type Inputs = Readonly<Record<string, unknown>>;

/** The hooks of a runbook with these inputs. @throws Failure (document) where an expression or an address is wrong */
export function planHooks(runbook: Runbook, file: string, inputs: Inputs): PlanHook[] {
  const keys = ['onFailure', 'onStop', 'onSuccess'] as const;
  return keys.flatMap((key) =>
    (runbook[key] ?? []).map(({ name, run, notify, timeout = TIMEOUT }, index): PlanHook => {
      const where = `${file}: ${key}[${index}]`;
      const common = {
        on: HOOKS[key],
        timeout,
        id: `${key}.${index + 1}-${slug(name ?? (notify ? 'notify' : 'run'))}`,
      };
      if (notify) {
        const url = resolved(notify.url, runbook, inputs, where);
        const headers = Object.entries(notify.headers ?? {}).map(
          ([header, text]) => [header, resolved(text, runbook, inputs, where)] as const,
        );
        const why = typeof url === 'string' ? hookUrlProblem(url) : undefined;
        if (why !== undefined) throw new Failure('document', `${where}: \`url\` ${why}`);
        const body = notify.body === undefined ? {} : { body: notify.body };
        const title = name ?? `notify ${placeOf(url)}`;
        return { ...common, title, notify: { url, headers: Object.fromEntries(headers), ...body } };
      }
      const shown = evaluated(run ?? '', inputs, where);
      const [first = ''] = shown.trim().split('\n', 1);
      const title = name ?? (first.length > 60 ? `${first.slice(0, 57)}...` : first);
      const commands = shown.trimEnd().split('\n');
      return { ...common, title, commands, script: ownScript(shown, { shell: 'sh', strict: true }) };
    }),
  );
}

/** The inputs whose secrets it sends. */
export function secretsOfHook({ notify }: PlanHook): string[] {
  const values = notify ? [notify.url, ...Object.values(notify.headers)] : [];
  return [...new Set(values.flatMap((one) => (typeof one === 'string' ? [] : [one.secret])))];
}

/** What may be shown of an address: nothing where a secret is in it, and else no query. */
export function placeOf(url: HookValue): string {
  return typeof url === 'string' ? `${new URL(url).origin}${new URL(url).pathname}` : `the address in ${url.secret}`;
}

function resolved(text: string, { inputs: specs }: Runbook, inputs: Inputs, where: string): HookValue {
  const parts = withSecret(text, specs);
  if (!parts) throw new Failure('document', `${where}: at most one secret can be in a text`);
  const [before, after] = [evaluated(parts.before, inputs, where), evaluated(parts.after, inputs, where)];
  return parts.secret === undefined ? before + after : { before, secret: parts.secret, after };
}

function evaluated(text: string, inputs: Inputs, where: string): string {
  const result = evaluateText(text, { inputs, env: {}, cluster: { name: '', version: '' } });
  if (result.ok) return result.value;
  throw new Failure('document', `${where}: ${result.error.message}`);
}
