import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFleetJournal } from '../../../src/fleet/embedded/journal.ts';
import type { FleetRecord } from '../../../src/fleet/record.ts';
import { onTerminal } from '../../commands/on-terminal.ts';
import { folder, runbook, startRunbook } from '../../commands/cli.ts';

/** A fleet whose steps all run on this machine, by the built program: no node is contacted. */
export interface LocalFleet {
  readonly dir: string;
  readonly stateDir: string;
  /** `fleet.yaml` and the runbook, then the state folder. */
  readonly apply: readonly string[];
  readonly fleet: (...words: string[]) => ReturnType<typeof runbook>;
  readonly start: (...words: string[]) => ReturnType<typeof startRunbook>;
  /** On one of 80 columns that moves no cursor. */
  readonly onTerminal: (...words: string[]) => ReturnType<typeof onTerminal>;
  /** Makes a file that steps look for, as `NAME.ok`. */
  readonly touch: (file: string) => void;
  readonly has: (file: string) => boolean;
  readonly records: () => Promise<readonly FleetRecord[]>;
}

/**
 * @param clusters each of one node
 * @param steps of the runbook, indented by 6; `${{ node.vars.at }}` is the folder and the name of the cluster
 */
export function localFleet(clusters: readonly string[], stages: string, steps: string): LocalFleet {
  const dir = folder();
  const [fleetFile, book, state] = [join(dir, 'fleet.yaml'), join(dir, 'local.yaml'), join(dir, 'state')];
  mkdirSync(join(dir, 'inventories'));
  for (const name of clusters)
    writeFileSync(
      join(dir, 'inventories', `${name}.yaml`),
      `apiVersion: runbook/v1\nkind: Inventory\ncluster: ${name}\nnodes:\n  - { name: n1, host: n1.invalid, vars: { at: ${join(dir, name)} } }\n`,
    );
  const entries = clusters.map((name) => `  - { name: ${name}, inventory: inventories/${name}.yaml }\n`).join('');
  writeFileSync(
    fleetFile,
    `apiVersion: runbook/v1\nkind: Fleet\nname: prod\nclusters:\n${entries}strategy:\n  stages:\n${stages}`,
  );
  writeFileSync(
    book,
    `apiVersion: runbook/v1\nkind: Runbook\nname: local\nphases:\n  - name: Work\n    nodes: all\n    steps:\n${steps}`,
  );
  const own = ['--state-dir', state];
  return {
    dir,
    stateDir: state,
    apply: ['apply', fleetFile, book],
    fleet: (...words) => runbook(['fleet', ...words, ...own]),
    start: (...words) => startRunbook(['fleet', ...words, ...own]),
    onTerminal: (...words) => onTerminal(['fleet', ...words, ...own], [80, 24], dir, { TERM: 'dumb' }),
    touch: (file) => writeFileSync(join(dir, file), ''),
    has: (file) => readdirSync(dir).includes(file),
    records: async () => {
      const [run = ''] = readdirSync(join(state, 'fleets'));
      return readFleetJournal(join(state, 'fleets', run, 'journal.jsonl'));
    },
  };
}
