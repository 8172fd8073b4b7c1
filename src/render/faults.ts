import type { Fault, Faults } from './faults-data.ts';
import { namesText } from './fold-names.ts';
import { createStyle, type Line, type Look, type Symbols } from './style.ts';
import { count } from './text.ts';
import { pad, widthOf, wrap } from './width.ts';

type FaultsLook = Look & { readonly columns: number };

const HEADS = ['stops', 'API', 'etcd', 'budgets'] as const;

/** The table of `rehearse --faults`. Ends with a newline. */
export function renderFaults(faults: Faults, look: FaultsLook): string {
  const style = createStyle(look);
  return style.text(faultLines(faults, { columns: look.columns, symbols: style.symbols }));
}

function faultLines({ rows, seed, without }: Faults, look: { columns: number; symbols: Symbols }): Line[] {
  const bad = rows.filter(({ ends }) => ends !== 'done').length;
  const cells = rows.map(cellsOf);
  const widths = HEADS.map((head, column) =>
    Math.max(widthOf(head), ...cells.map((row) => widthOf(row[column] ?? ''))),
  );
  const right = widths.reduce((sum, width) => sum + width + 2, 0);
  const room = Math.max(24, look.columns - right - 4);
  const columns = (row: readonly string[]): string =>
    widths.map((width, column) => `  ${pad(row[column] ?? '', width)}`).join('');
  return [
    [
      { text: `Misfortunes (${rows.length} tried, seed ${seed}): `, as: 'bold' },
      bad === 0
        ? { text: 'the run ends well after each', as: ['bold', 'green'] }
        : { text: `the run does not end well after ${bad}`, as: ['bold', 'red'] },
    ],
    [{ text: `    ${pad('what goes wrong', room)}${columns(HEADS)}`, as: 'dim' }],
    ...rows.flatMap((row, index): Line[] => {
      const isWell = row.ends === 'done';
      const [first = '', ...more] = wrap(row.what, room);
      const below = [...stateTexts(row), ...thenTexts(row)];
      return [
        [
          { text: `  ${isWell ? look.symbols.change : look.symbols.failed} `, as: isWell ? 'green' : 'red' },
          `${pad(first, room)}${columns(cells[index] ?? [])}`,
        ],
        ...more.map((text): Line => [`    ${text}`]),
        ...below
          .flatMap((text) => wrap(text, look.columns - 6))
          .map((text): Line => [{ text: `      ${text}`, as: 'dim' }]),
      ];
    }),
    ...(without.length === 0
      ? []
      : wrap(`No place for them in this plan: ${without.join(', ')}`, look.columns).map((text): Line => [
          { text, as: 'dim' },
        ])),
  ];
}

/** How the process of the run ends, and what still serves then: `failed`, `2/3`, `3/3`, `kept`. */
export function cellsOf({ outcome, serves: { api, etcd, short } }: Fault): readonly string[] {
  return [
    outcome === 'done' ? 'no' : outcome,
    `${api.answers.length}/${api.of}`,
    `${etcd.answers.length}/${etcd.of}${etcd.quorum ? '' : ' lost'}`,
    short.length === 0 ? 'kept' : `${short.length} short`,
  ];
}

/** The state in which the misfortune leaves the cluster. */
export function stateTexts({
  reason,
  state: { cordoned, notReady, kubelets, apiServers },
  serves: { short },
}: Fault): string[] {
  const versions = (of: Readonly<Record<string, readonly string[]>>): string =>
    Object.entries(of)
      .map(([version, nodes]) => `${version} on ${namesText(nodes)}`)
      .join(', ');
  const parts = [
    ...(cordoned.length === 0 ? [] : [`cordoned: ${namesText(cordoned)}`]),
    ...(notReady.length === 0 ? [] : [`not Ready: ${namesText(notReady)}`]),
    ...short.map(({ budget, healthy, wanted }) => `${budget} has ${healthy} of ${wanted} healthy pods`),
    `API servers ${versions(apiServers) || 'none'}`,
    `kubelets ${versions(kubelets)}`,
  ];
  return [...(reason === '' ? [] : [reason]), parts.join('; ')];
}

/** What continues the run, and how it ends then. */
export function thenTexts({ outcome, first, commands, ends, why }: Fault): string[] {
  if (outcome === 'done') return ['then: the run continues by itself, to its end'];
  const runs = commands.length > 1 ? `${commands[0] ?? ''}, ${count(commands.length, 'time')}` : (commands[0] ?? '');
  const done = [...(first === undefined ? [] : [first]), runs].join('; then ');
  return [`then: ${done}: ${ends === 'done' ? 'done, exit code 0' : `${ends}: ${why ?? ''}`}`];
}
