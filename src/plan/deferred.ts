import { envNamesIn, expressionsIn } from '../documents/results.ts';
import { parseTemplate } from '../documents/template.ts';
import type { KnownRefs } from './refs.ts';
import { readsPlanned } from './results.ts';

/** What of one step waits for results: by variable of its script, the template that the run evaluates. */
export class Deferred {
  readonly #known: KnownRefs;
  readonly #templates = new Map<string, string>();
  /** By expression, its variable. */
  readonly #variables = new Map<string, string>();

  constructor(known: KnownRefs) {
    this.#known = known;
  }

  get templates(): Readonly<Record<string, string>> | undefined {
    return this.#templates.size === 0 ? undefined : Object.fromEntries(this.#templates);
  }

  /** The variables whose values are known; the others are given by the run. */
  env<T>(env: Readonly<Record<string, T>>): Record<string, T> {
    const entries = Object.entries(env);
    for (const [name, value] of entries)
      if (typeof value === 'string' && this.#waits(value)) this.#templates.set(name, value);
    return Object.fromEntries(entries.filter(([name]) => !this.#templates.has(name)));
  }

  /** A script with a variable in place of each expression that waits. */
  script(text: string): string {
    const parts = parseTemplate(text).parts.map((part) => {
      if (part.kind === 'text') return part.text;
      const written = `\${{ ${part.text} }}`;
      if (!this.#expressionWaits(part.text)) return written;
      return `\${${this.#variable(written)}}`;
    });
    return parts.join('');
  }

  #variable(written: string): string {
    const known = this.#variables.get(written);
    if (known !== undefined) return known;
    const name = `RUNBOOK_EXPR_${this.#variables.size + 1}`;
    this.#variables.set(written, name);
    this.#templates.set(name, written);
    return name;
  }

  #waits(text: string): boolean {
    return expressionsIn(text).some((expression) => readsPlanned(expression, this.#known));
  }

  #expressionWaits(expression: string): boolean {
    if (readsPlanned(expression, this.#known)) return true;
    const ofEnv = [...this.#templates.keys()].filter((name) => !/^RUNBOOK_EXPR_\d+$/.test(name));
    return ofEnv.length > 0 && (envNamesIn(expression)?.some((name) => ofEnv.includes(name)) ?? true);
  }
}

/** A text of the plan as its author wrote it. */
export function asWritten(text: string, deferred: Readonly<Record<string, string>> = {}): string {
  return text.replaceAll(/\$\{(RUNBOOK_EXPR_\d+)\}/g, (reference, name: string) => deferred[name] ?? reference);
}

/** Whether a script uses one of these variables. */
export function usesVariable(script: string, variables: Readonly<Record<string, string>> = {}): boolean {
  return Object.keys(variables).some((name) => new RegExp(`\\$(?:${name}\\b|\\{${name}\\b)`).test(script));
}
