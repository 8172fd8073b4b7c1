import { parseFaultEffect } from '../audit.ts';
import { type Answer, notFound, SERVICE_ERROR, usage, USAGE_ERROR } from './answer.ts';
import { type Call, operations, settle } from './eks.ts';
import { formatText, queries } from './query.ts';
import { changeState, type ManagedState } from './state.ts';

// The provider's CLI in a lab: `node aws.js STATE-FILE eks OPERATION ...`, called by the lab's bin/aws.

const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'describe-cluster': ['name'],
  'list-nodegroups': ['cluster-name'],
  'describe-nodegroup': ['cluster-name', 'nodegroup-name'],
  'list-addons': ['cluster-name'],
  'describe-addon': ['cluster-name', 'addon-name'],
  'describe-addon-versions': ['addon-name', 'kubernetes-version'],
  'list-insights': ['cluster-name', 'filter'],
  'list-updates': ['name'],
  'describe-update': ['name', 'update-id'],
  'update-cluster-version': ['name', 'kubernetes-version'],
  'update-nodegroup-version': ['cluster-name', 'nodegroup-name', 'kubernetes-version'],
  'update-addon': ['cluster-name', 'addon-name', 'addon-version'],
};

const OPTIONAL: Readonly<Record<string, readonly string[]>> = {
  'list-updates': ['nodegroup-name', 'addon-name'],
  'describe-update': ['nodegroup-name', 'addon-name'],
  'update-cluster-version': ['client-request-token', 'force'],
  'update-nodegroup-version': ['client-request-token', 'force'],
  'update-addon': ['client-request-token', 'resolve-conflicts'],
};

const GLOBAL = ['region', 'profile', 'output', 'query'];
const FLAGS = ['force'];

interface Line {
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

function run(file: string, argv: readonly string[]): number {
  const now = Date.now();
  const line = readLine(argv);
  const answer = 'kind' in line ? line : answered(file, argv, line, now);
  if (answer.kind === 'error') {
    process.stderr.write(`${answer.text}\n`);
    return answer.exit;
  }
  const query = 'kind' in line ? undefined : line.options.get('query');
  const isText = !('kind' in line) && line.options.get('output') === 'text';
  const value = query === undefined ? answer.value : queries[query]?.(answer.value);
  process.stdout.write(isText ? formatText(value) : `${JSON.stringify(value ?? null, null, 4)}\n`);
  return 0;
}

function answered(file: string, argv: readonly string[], { words, options }: Line, now: number): Answer {
  const [service, operation = ''] = words;
  const handle = operations[operation];
  if (service !== 'eks' || !handle || words.length > 2)
    return usage(`argument operation: Found invalid choice '${words.join(' ')}' (the lab's aws knows few operations)`);
  const wrong = wrongOptions(operation, options);
  if (wrong) return wrong;
  return changeState(file, (state) => {
    const began = new Date(now).toISOString();
    settle(state, now);
    const fault = takeFault(state, options, argv.join(' '));
    const call: Call = { operation, options, now, fails: fault?.kind === 'fail', slower: slowness(fault) };
    const answer = fault?.kind === 'exit' ? lost(fault.code) : answerTo(state, call, handle);
    state.calls.push({ at: began, line: argv.join(' '), exit: answer.kind === 'error' ? answer.exit : 0 });
    return answer;
  });
}

function answerTo(state: ManagedState, call: Call, handle: (state: ManagedState, call: Call) => Answer): Answer {
  const cluster = call.options.get('cluster-name') ?? call.options.get('name');
  if (cluster !== undefined && cluster !== state.cluster.name)
    return notFound(call, `No cluster found for name: ${cluster}.`);
  return handle(state, call);
}

function readLine(argv: readonly string[]): Line | Answer {
  const words: string[] = [];
  const options = new Map<string, string>();
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const name = /^--([a-z-]+)$/.exec(word)?.[1];
    if (name === undefined) words.push(word);
    else if (FLAGS.includes(name)) options.set(name, 'true');
    else {
      const value = argv[(at += 1)];
      if (value === undefined) return usage(`argument --${name}: expected one argument`);
      options.set(name, value);
    }
  }
  return { words, options };
}

function wrongOptions(operation: string, options: ReadonlyMap<string, string>): Answer | undefined {
  const needed = NEEDED[operation] ?? [];
  const missing = needed.filter((name) => !options.has(name)).map((name) => `--${name}`);
  if (missing.length > 0) return usage(`the following arguments are required: ${missing.join(', ')}`);
  const known = [...needed, ...(OPTIONAL[operation] ?? []), ...GLOBAL];
  const strange = [...options.keys()].find((name) => !known.includes(name));
  if (strange !== undefined) return usage(`Unknown options: --${strange}`);
  const output = options.get('output') ?? 'json';
  if (output !== 'json' && output !== 'text') return usage(`the lab's aws knows no --output ${output}`);
  const query = options.get('query');
  if (query !== undefined && !queries[query])
    return { kind: 'error', text: `\nBad value for --query ${query}: the lab's aws knows it not`, exit: USAGE_ERROR };
  return undefined;
}

type Fault =
  { readonly kind: 'fail' } | { readonly kind: 'exit'; readonly code: number } | { kind: 'slow'; ms: number };

function takeFault(state: ManagedState, options: ReadonlyMap<string, string>, line: string): Fault | undefined {
  const unit = options.get('nodegroup-name') ?? state.cluster.name;
  const index = state.faults.findIndex((fault) => fault.unit === unit && new RegExp(fault.on).test(line));
  const fault = state.faults[index];
  if (!fault) return undefined;
  fault.times -= 1;
  if (fault.times <= 0) state.faults.splice(index, 1);
  return managedEffect(fault.effect);
}

/** @returns undefined for what is not `fail`, `exit:N` or `slow:DURATION` */
export function managedEffect(text: string): Fault | undefined {
  if (text === 'fail') return { kind: 'fail' };
  const effect = parseFaultEffect(text);
  return effect?.kind === 'exit' || effect?.kind === 'slow' ? effect : undefined;
}

function slowness(fault: Fault | undefined): number {
  return fault?.kind === 'slow' ? fault.ms : 0;
}

function lost(exit: number): Answer {
  const text =
    exit === SERVICE_ERROR ? 'An error occurred (ServerException): try again' : 'Could not connect to the endpoint URL';
  return { kind: 'error', text: `\n${text}`, exit };
}

/** The whole program. */
export function main(argv: readonly string[]): void {
  const [file = '', ...rest] = argv;
  process.exitCode = run(file, rest);
}
