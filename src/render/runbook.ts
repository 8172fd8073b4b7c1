import type { Line, Look, Span } from './style.ts';
import { createStyle } from './style.ts';
import { pad, widthOf, wrap } from './width.ts';

interface RunbookRow {
  readonly name: string;
  readonly valid: boolean;
  readonly description: string;
  /** Inputs without a default. */
  readonly required: readonly string[];
}

type Shares = number | string | readonly (number | string)[];

interface RunbookView {
  readonly file: string;
  /** The lines of the comment at its top. */
  readonly header: readonly string[];
  readonly name: string;
  readonly description: string;
  /** The version that `hops` go to. */
  readonly hops: string | null;
  /** When steps may begin. */
  readonly window: string | null;
  readonly inputs: readonly {
    readonly name: string;
    readonly type: string;
    readonly required: boolean;
    readonly default: unknown;
    readonly enum: readonly unknown[];
    readonly description: string;
  }[];
  readonly phases: readonly {
    readonly name: string;
    readonly nodes: readonly string[];
    readonly serial: Shares;
    readonly maxFailures: Shares;
    readonly pause: string | null;
    /** What its gate asks. */
    readonly gate: string | null;
    readonly if: string | null;
    readonly steps: readonly ShownStep[];
    readonly always: readonly ShownStep[];
  }[];
}

interface ShownStep {
  readonly title: string;
  readonly if: string | null;
  /** The file that it is included from. */
  readonly from: string | null;
  readonly forEach: unknown;
}

type Columns = Look & { readonly columns: number };

/** The table of `runbook list`, in the order given. Ends with a newline. */
export function renderRunbooks(rows: readonly RunbookRow[], look: Columns): string {
  const style = createStyle(look);
  const width = Math.max(0, ...rows.map(({ name }) => widthOf(name)));
  const lines = rows.flatMap((row): Line[] => {
    const about = row.valid ? row.description || 'no description' : `not valid: see runbook validate ${row.name}`;
    const sets = row.required.map((input) => ` --set ${input}=...`).join('');
    const [first = '', ...more] = wrap(sets === '' ? about : `${about} (needs${sets})`, look.columns - width - 2);
    const name: Span = { text: pad(row.name, width), as: row.valid ? 'bold' : 'red' };
    return [[name, `  ${first}`], ...more.map((line): Line => [`${' '.repeat(width)}  ${line}`])];
  });
  lines.push([], [{ text: 'runbook show FILE: its header, inputs and phases', as: 'dim' }]);
  return style.text(lines);
}

/** What `runbook show` prints. Ends with a newline. */
export function renderRunbook(view: RunbookView, look: Columns): string {
  const lines: Line[] = [
    [
      { text: view.name, as: 'bold' },
      { text: `  ${view.file}`, as: 'dim' },
    ],
    ...(view.description === '' ? [] : [[view.description]]),
    ...(view.header.length === 0 ? [] : [[], ...view.header.map((line): Line => [line])]),
    [],
    [
      { text: 'Inputs', as: 'bold' },
      ...(view.inputs.length === 0 ? ['  none'] : [{ text: '  --set NAME=VALUE', as: 'dim' } as const]),
    ],
    ...view.inputs.flatMap(inputLines),
    [],
    [
      { text: 'Phases', as: 'bold' },
      ...(view.hops === null ? [] : [{ text: `  once for each minor up to ${view.hops}`, as: 'dim' } as const]),
      ...(view.window === null ? [] : [{ text: `  only ${view.window}`, as: 'dim' } as const]),
    ],
    ...view.phases.flatMap((phase, index) => phaseLines(phase, index + 1)),
  ];
  return createStyle(look).text(lines, look.columns);
}

function inputLines(input: RunbookView['inputs'][number]): Line[] {
  const allowed = input.enum.length > 0 ? input.enum.join(' | ') : input.type;
  const value = input.required ? 'required' : `default ${JSON.stringify(input.default)}`;
  return [
    [{ text: `  ${input.name}`, as: 'bold' }, `  ${allowed}, `, input.required ? { text: value, as: 'yellow' } : value],
    ...(input.description === '' ? [] : [[`      ${input.description}`]]),
  ];
}

function phaseLines(phase: RunbookView['phases'][number], number: number): Line[] {
  const about = [
    phase.nodes.join(', '),
    ...(phase.serial === 1 ? [] : [`${sharesText(phase.serial)} at a time`]),
    ...(phase.maxFailures === 0 ? [] : [`up to ${sharesText(phase.maxFailures)} may fail`]),
    ...(phase.pause === null ? [] : [`${phase.pause} between batches`]),
    ...(phase.gate === null ? [] : [`gate ${phase.gate.trim().split('\n')[0]}`]),
    ...(phase.if === null ? [] : [`if ${phase.if}`]),
  ];
  return [
    [
      { text: `  ${number} ${phase.name}`, as: 'bold' },
      { text: `  ${about.join('; ')}`, as: 'dim' },
    ],
    ...phase.steps.map(stepLine),
    ...(phase.always.length === 0 ? [] : [[{ text: '      always, after them:', as: 'dim' } as const]]),
    ...phase.always.map(stepLine),
  ];
}

function stepLine(step: ShownStep): Line {
  return [`      ${step.title}`, ...aboutStep(step).map((text): Span => ({ text: `  ${text}`, as: 'dim' }))];
}

function aboutStep({ if: condition, forEach, from }: ShownStep): string[] {
  const list = typeof forEach === 'string' ? forEach : JSON.stringify(forEach);
  return [
    ...(condition === null ? [] : [`if ${condition}`]),
    ...(forEach === null ? [] : [`for each of ${list}`]),
    ...(from === null ? [] : [`from ${from}`]),
  ];
}

/** `1, then 25%` */
function sharesText(shares: Shares): string {
  return typeof shares === 'object' ? shares.join(', then ') : String(shares);
}
