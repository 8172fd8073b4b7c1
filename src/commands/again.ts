import { parse } from 'yaml';
import { quote } from '../transport/quote.ts';
import type { Plan } from '../plan/plan.ts';

/** The command that plans or applies the runbook of a plan once more, with what its own was given. */
export function again(command: 'plan' | 'apply', { inputs, inventory, limit, runbook }: Plan): string {
  const defaults = defaultsOf(runbook.text);
  const set = Object.entries(inputs).filter(([name, value]) => String(value) !== defaults.get(name));
  return [
    `runbook ${command} ${quote(runbook.file)} -i ${quote(inventory.file)}`,
    ...set.map(([name, value]) => `--set ${quote(`${name}=${String(value)}`)}`),
    ...(limit === undefined ? [] : [`--limit ${quote(limit)}`]),
  ].join(' ');
}

function defaultsOf(text: string): ReadonlyMap<string, string> {
  const document = parse(text) as {
    readonly inputs?: Readonly<Record<string, { readonly default?: string | number | boolean } | null>>;
  } | null;
  return new Map(
    Object.entries(document?.inputs ?? {}).flatMap(([name, input]) =>
      input?.default === undefined ? [] : [[name, String(input.default)]],
    ),
  );
}
