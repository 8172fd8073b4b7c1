import { cellsOf, stateTexts, thenTexts } from '../faults.ts';
import type { RunReport } from '../report-data.ts';
import { markup, type Markup } from './markup.ts';

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
    return markup`<tr id="f-${row.name}">${cells.map((cell, index) => markup`<td data-l="${heads[index]}">${cell}</td>`)}</tr>`;
  });
  const without =
    found.without.length === 0
      ? undefined
      : markup`<p>No place for them in this plan: ${found.without.join(', ')}.</p>`;
  return markup`<section id="faults"><h2>Misfortunes</h2><p>Each was tried on a twin of its own, seed ${found.seed}: what the run would leave, and the commands that were run there until its end.</p><table class="list"><thead><tr>${heads.map((head) => markup`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table>${without}</section>`;
}
