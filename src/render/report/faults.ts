import { cellsOf, stateTexts, thenTexts } from '../faults.ts';
import type { RunReport } from '../report-data.ts';
import { count } from '../text.ts';
import { markup, type Markup } from './markup.ts';

/** Columns of one word: beside each other on a narrow screen. */
const SHORT = new Set([2, 3, 4, 5]);

/** What each misfortune would leave, and how the run continues after it. */
export function faults({ faults: found }: RunReport): Markup | undefined {
  if (!found) return undefined;
  const heads = [
    'Ends',
    'What goes wrong',
    'Stops',
    'API',
    'etcd',
    'Budgets',
    'State of the cluster then',
    'What continues the run',
  ];
  const bad = found.rows.filter(({ ends }) => ends !== 'done').length;
  const verdict =
    bad === 0
      ? markup`<b class="s changed">The run ends well after each.</b>`
      : markup`<b class="s failed">The run does not end well after ${bad} of ${found.rows.length}.</b>`;
  const rows = found.rows.map((row) => {
    const isWell = row.ends === 'done';
    const mark = markup`<span class="s ${isWell ? 'changed' : 'failed'}"><span aria-hidden="true">${isWell ? '✔' : '✖'}</span> ${isWell ? 'well' : row.ends}</span>`;
    const cells: (string | Markup)[] = [
      mark,
      row.what,
      ...cellsOf(row),
      stateTexts(row).join('; '),
      thenTexts(row)
        .join(' ')
        .replace(/^then: /, ''),
    ];
    return markup`<tr id="f-${row.name}">${cells.map((cell, index) => markup`<td data-l="${heads[index]}"${SHORT.has(index) ? markup` class="short"` : undefined}>${cell}</td>`)}</tr>`;
  });
  const without =
    found.without.length === 0
      ? undefined
      : markup`<p>No place for them in this plan: ${found.without.join(', ')}.</p>`;
  return markup`<section id="faults" tabindex="-1"><h2>Misfortunes</h2><p>${verdict} ${count(found.rows.length, 'misfortune')} tried, each on a twin of its own, seed ${found.seed}: what the run would leave, and the commands that were run there until its end.</p><table class="list"><thead><tr>${heads.map((head) => markup`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table>${without}</section>`;
}
