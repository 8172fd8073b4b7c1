import { join } from 'node:path';
import { namedRunbooks } from '../documents/runbook-path.ts';
import type { Candidate } from './candidate.ts';
import { approvals, inputsOf, rawDocument, rawRunbook, rawText, text } from './documents.ts';
import { clustersOf, fleetIds, fleetNames } from './fleets.ts';
import { nodesIn, patternsIn } from './inventory.ts';
import type { Line } from './line.ts';
import { local, pathsFor, type Wanted } from './paths.ts';
import { nodesOf, runIds, stepsOf, unfinishedIds } from './runs.ts';
import type { KnownWords } from './words.ts';

interface Asked {
  readonly known: KnownWords;
  readonly line: Line;
  /** The value as far as it is typed. */
  readonly word: string;
}

type Values = (asked: Asked) => Promise<readonly Candidate[]> | readonly Candidate[];

/** By an option, the placeholder of its value, an argument, or an argument of one command. */
const VALUES: Readonly<Record<string, Values>> = {
  '--inventory': paths('yaml'),
  file: paths('any'),
  dir: paths('folder'),
  'file.yaml': paths('yaml'),
  'runbook.yaml': runbooks('yaml'),
  'runbook.yaml | plan.json': runbooks('yaml-or-json'),
  'plan.json': paths('yaml-or-json'),
  'facts.json': paths('yaml-or-json'),
  'key=value': inputs,
  pattern: async ({ line, word }) => patternsIn(await inventoryOf(line), word),
  'guard=reason': async ({ known, line, word }) => overrides(known, await inventoryOf(line), word),
  '--approve': async ({ line }) => approvals(await rawRunbook(runbookOf(line))).map((value) => ({ value })),
  '--treat': treatments,
  'close run-id': async ({ line }) => plain(await unfinishedIds(stateDirOf(line))),
  'resume run-id': async ({ line }) => plain(await unfinishedIds(stateDirOf(line))),
  'run-id': async ({ line }) => plain(await runIds(stateDirOf(line))),
  'run-id | plan.json': async (asked) => [
    ...plain(await runIds(stateDirOf(asked.line))),
    ...(await paths('yaml-or-json')(asked)),
  ],
  'logs node': async ({ line }) => plain(await nodesOf(stateDirOf(line), line.positionals[0] ?? '')),
  'logs step': async ({ line }) => {
    const [run = '', node = ''] = line.positionals;
    return plain(await stepsOf(stateDirOf(line), run, node));
  },
  fleet: ({ word }) => [...pathsFor(word, 'yaml'), ...pathsFor(word, 'folder')],
  runbook: runbooks('yaml'),
  'fleet-run': async ({ line }) => plain(await fleetIds(stateDirOf(line))),
  clusters: async ({ line }) => plain(clustersOf(await rawDocument(local(line.positionals[0] ?? '')))),
  '--retry': async ({ line }) => plain((await fleetNames(stateDirOf(line), line.positionals[0])).clusters),
  'fleet approve stage': async ({ line }) => plain((await fleetNames(stateDirOf(line), last(line, '--run'))).stages),
  'explain code': ({ known }) => known.codes.map(([value, description]) => ({ value, description })),
  'lab fault node': async ({ line }) => nodesIn(await rawDocument(join(labDirOf(line), 'inventory.yaml'))),
};

/** @param asked `names`: how the place is called, the most particular name first */
export async function valuesOf(
  asked: Asked & { readonly names: readonly string[] },
  choices: readonly string[] | undefined,
): Promise<readonly Candidate[]> {
  if (choices) return plain(choices);
  const name = asked.names.find((one) => Object.hasOwn(VALUES, one));
  return (name === undefined ? undefined : await VALUES[name]?.(asked)) ?? [];
}

function plain(values: readonly string[]): Candidate[] {
  return values.map((value) => ({ value }));
}

function paths(wanted: Wanted): Values {
  return ({ word }) => pathsFor(word, wanted);
}

/** Names in ./runbooks and of the runbooks that come with the program, and paths. */
function runbooks(wanted: Wanted): Values {
  return ({ word }) => {
    const own = namedRunbooks().filter(({ name }) => name.startsWith(word));
    const described = own.map((one) => {
      const description = text(rawText(one.path, one.text)['description']);
      return { value: one.name, ...(description !== '' && { description }) };
    });
    return [...pathsFor(word, wanted), ...described];
  };
}

async function inputs({ line, word }: Asked): Promise<Candidate[]> {
  const known = inputsOf(await rawRunbook(runbookOf(line)));
  const named = known.find(({ name }) => word.startsWith(`${name}=`));
  if (named) return named.values.map((value) => ({ value: `${named.name}=${value}` }));
  return known.map(({ name, description }) => ({ value: `${name}=`, description, open: true }));
}

function overrides({ guards }: KnownWords, inventory: Awaited<ReturnType<typeof rawDocument>>, word: string) {
  const [, guard] = /^([^@=]+)@/.exec(word) ?? [];
  if (guard !== undefined)
    return nodesIn(inventory).map(({ value }): Candidate => ({ value: `${guard}@${value}=`, open: true }));
  return guards.map(([id, title]): Candidate => ({ value: `${id}=`, description: title, open: true }));
}

/** `NODE/STEP=done`, `again`, `skip:REASON`, of the steps that were tried. */
async function treatments({ line, word }: Asked): Promise<Candidate[]> {
  if (line.path.startsWith('fleet ')) return clusterTreatments(line);
  const [id = (await unfinishedIds(stateDirOf(line)))[0] ?? ''] = line.positionals;
  const [, step] = /^(.*)=/.exec(word) ?? [];
  if (step !== undefined)
    return [...plain(['done', 'again', 'skip'].map((one) => `${step}=${one}`)), { value: `${step}=skip:`, open: true }];
  const [, node] = /^([^/]+)\//.exec(word) ?? [];
  if (node === undefined) {
    return (await nodesOf(stateDirOf(line), id)).map((value) => ({ value: `${value}/`, open: true }));
  }
  return (await stepsOf(stateDirOf(line), id, node)).map((one) => ({ value: `${node}/${one}=`, open: true }));
}

/** Of a fleet the runbook is named behind it. */
function runbookOf({ path, positionals }: Line): string | undefined {
  return positionals[path.startsWith('fleet ') ? 1 : 0];
}

async function clusterTreatments(line: Line): Promise<Candidate[]> {
  const { clusters } = await fleetNames(stateDirOf(line), line.positionals[0]);
  return clusters.flatMap((name) => [{ value: `${name}=done` }, { value: `${name}=skip:`, open: true as const }]);
}

function inventoryOf(line: Line) {
  return rawDocument(local(last(line, '--inventory') ?? process.env['RUNBOOK_INVENTORY'] ?? 'inventory.yaml'));
}

function stateDirOf(line: Line): string {
  return local(last(line, '--state-dir') ?? process.env['RUNBOOK_STATE_DIR'] ?? '.runbook');
}

function labDirOf(line: Line): string {
  return local(last(line, '--dir') ?? '.runbook/lab');
}

function last(line: Line, option: string): string | undefined {
  return line.given.get(option)?.at(-1);
}
