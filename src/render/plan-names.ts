import { stepsOfPlan } from '../plan/all-steps.ts';
import type { Plan, PlanStep } from '../plan/plan.ts';
import { checkTexts, detailsOf } from './plan-fold.ts';

/** What stands for a node's own name in text that several nodes share. */
export interface OwnNames {
  readonly node: string;
  /** The text with the node's own name, address and Node object replaced. */
  shared(text: string, node: string): string;
  /** The text of {@link shared} with the node's own names again. */
  own(text: string, node: string): string;
  /** The placeholder of that number. */
  mark(number: number): string;
}

/** Brackets for placeholders: the first that no text of the plan has, so that a placeholder is never taken for text. */
const BRACKETS = [
  ['<', '>'],
  ['{', '}'],
  ['<<', '>>'],
  ['{<', '>}'],
] as const;

export function ownNames(plan: Plan): OwnNames {
  const texts = stepsOfPlan(plan)
    .flatMap(textsOf)
    .concat(plan.findings.flatMap(({ summary, remedy, overridden = '' }) => [summary, remedy, overridden]));
  const all = [...new Set(texts)];
  const isFree = ([open, close]: readonly [string, string]): boolean => {
    const marks = ['node', 'host', 'object'].map((word) => `${open}${word}${close}`);
    const number = new RegExp(`${escapeRegExp(open)}\\d+${escapeRegExp(close)}`);
    return !all.some((text) => text.includes(open) && (marks.some((mark) => text.includes(mark)) || number.test(text)));
  };
  const [open, close] = BRACKETS.find(isFree) ?? ['<<<', '>>>'];
  const hosts = new Map<string, number>();
  for (const { host } of plan.nodes) hosts.set(host, (hosts.get(host) ?? 0) + 1);
  const own = new Map(
    plan.nodes.map(({ name, host, object }) => {
      const words: [string, string][] = [[name, `${open}node${close}`]];
      if (object !== undefined && object !== name) words.push([object, `${open}object${close}`]);
      if (host !== name && host !== object && hosts.get(host) === 1) words.push([host, `${open}host${close}`]);
      // A number alone would be found everywhere. The longest first: one may be a part of another.
      const found = words.filter(([word]) => !/^\d*$/.test(word)).sort(([one], [other]) => other.length - one.length);
      return [name, found.map(([word, mark]) => ({ word, mark, whole: wholeWord(word) }))] as const;
    }),
  );
  return {
    node: `${open}node${close}`,
    mark: (number) => `${open}${number}${close}`,
    shared: (text, node) => {
      let shared = text;
      for (const { word, mark, whole } of own.get(node) ?? [])
        if (shared.includes(word)) shared = shared.replaceAll(whole, () => mark);
      return shared;
    },
    own: (text, node) => (own.get(node) ?? []).reduce((all, { word, mark }) => all.replaceAll(mark, () => word), text),
  };
}

/** All that is compared between nodes, whether it is shown or not. */
function textsOf(step: PlanStep): string[] {
  const { title, predicted, commands, script = '', with: options } = step;
  const shown = [title, predicted.reason, ...commands, ...checkTexts(step), ...detailsOf(step)];
  return [...shown, JSON.stringify(options), script];
}

/** The name where it is no part of a longer one. */
function wholeWord(word: string): RegExp {
  return new RegExp(`(?<![A-Za-z0-9])${escapeRegExp(word)}(?![A-Za-z0-9])`, 'g');
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
}
