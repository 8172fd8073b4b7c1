import { stepName } from '../../text.ts';
import type { ReportStep, RunReport } from '../../report-data.ts';
import { markup, type Markup } from '../markup.ts';
import { stepAnchor } from '../steps.ts';
import type { Page } from './open.ts';

/** Hits that are listed; all are counted. */
const MOST = 200;

interface Hit {
  readonly index: number;
  readonly step: ReportStep;
  /** The line with the words, where it is of a command or an output. */
  readonly line: string;
}

/** Finds steps by what they are called, why they ended so, what they ran and what that printed. */
export function addSearch(page: Page): void {
  const form = document.querySelector<HTMLFormElement>('form.find');
  const query = document.querySelector<HTMLInputElement>('#query');
  const count = document.querySelector<HTMLOutputElement>('#count');
  const list = document.querySelector<HTMLOListElement>('#hits');
  if (!form || !query || !count || !list) return;
  let find: ((words: string) => Hit[]) | undefined;
  let searched: RunReport | undefined;
  const show = (): void => {
    const words = query.value.trim().toLowerCase();
    if (words !== '' && searched !== page.report()) {
      searched = page.report();
      find = finder(searched);
    }
    const hits = find && words !== '' ? find(words) : [];
    list.hidden = hits.length === 0;
    list.innerHTML = markup`${hits.slice(0, MOST).map(item)}`.text;
    count.textContent = words === '' ? '' : countText(hits.length);
  };
  form.hidden = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    show();
  });
  query.addEventListener('input', show);
}

function countText(hits: number): string {
  if (hits === 0) return 'No step has these words.';
  const shown = hits > MOST ? `; the first ${MOST} are listed` : '';
  return `${hits} ${hits === 1 ? 'step has' : 'steps have'} these words${shown}.`;
}

function item({ index, step, line }: Hit): Markup {
  const found = line === '' ? undefined : markup` <code>${line}</code>`;
  return markup`<li><a href="#${stepAnchor(index)}">${step.node}: ${stepName(step)}</a>${found}</li>`;
}

function finder(report: RunReport): (words: string) => Hit[] {
  const texts = report.texts.map((text) => text.toLowerCase());
  const heads = report.steps.map((step) =>
    [step.node, step.step, step.title, step.reason, step.outcome, ...step.spans.map(({ reason }) => reason)]
      .join('\n')
      .toLowerCase(),
  );
  return (words) => {
    const known = new Map<number, string | undefined>();
    const lineIn = (index: number): string | undefined => {
      if (!known.has(index)) known.set(index, lineWith(report.texts[index] ?? '', texts[index] ?? '', words));
      return known.get(index);
    };
    return report.steps.flatMap((step, index): Hit[] => {
      if (heads[index]?.includes(words) === true) return [{ index, step, line: '' }];
      const all = [
        ...step.commands,
        ...step.spans.flatMap(({ attempts }) => attempts.flatMap(({ output }) => output ?? [])),
      ];
      const line = all.map(lineIn).find((text) => text !== undefined);
      return line === undefined ? [] : [{ index, step, line }];
    });
  };
}

function lineWith(text: string, lower: string, words: string): string | undefined {
  const at = lower.indexOf(words);
  if (at === -1) return undefined;
  const from = text.lastIndexOf('\n', at) + 1;
  const end = text.indexOf('\n', at);
  return text.slice(from, end === -1 ? undefined : end).slice(0, 200);
}
