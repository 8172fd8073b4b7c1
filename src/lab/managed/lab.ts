import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { usageFailure } from '../failure.ts';
import { quote } from '../shell/quote.ts';
import { defaultAddon } from './addons.ts';
import { type ManagedState, stateFile, writeState } from './state.ts';

export interface ManagedOptions {
  /** The minor of the control plane, `1.32`. */
  readonly minor: string;
  /** Node groups by name, with their minors. */
  readonly groups: ReadonlyMap<string, string>;
  readonly timeScale: number;
}

const NAME = 'lab';

/** True where a folder holds a managed lab. */
export function isManaged(dir: string): boolean {
  return existsSync(stateFile(resolve(dir)));
}

/**
 * A managed cluster: nothing runs, its state is a file, and the provider's CLI in `bin/aws` works on it.
 * @returns the path of its inventory
 */
export async function startManaged(dir: string, options: ManagedOptions): Promise<string> {
  const folder = resolve(dir);
  await mkdir(join(folder, 'bin'), { recursive: true, mode: 0o700 });
  writeState(stateFile(folder), stateOf(options));
  const program = join(folder, 'bin', 'aws');
  const words = [process.execPath, programFile(), stateFile(folder)].map(quote);
  await writeFile(program, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`);
  await chmod(program, 0o755);
  const inventory = join(folder, 'inventory.yaml');
  await writeFile(inventory, inventoryOf([...options.groups.keys()]), { mode: 0o600 });
  return inventory;
}

function stateOf({ minor, groups, timeScale }: ManagedOptions): ManagedState {
  const seconds = (value: number) => value / timeScale;
  return {
    cluster: { name: NAME, version: minor },
    nodegroups: [...groups].map(([name, version]) => ({ name, version, amiType: 'AL2023_x86_64_STANDARD' })),
    addons: ['coredns', 'kube-proxy', 'vpc-cni'].map((name) => ({ name, version: defaultAddon(name, minor) })),
    insights: [
      { name: 'Kubelet version skew', status: 'PASSING', reason: 'Node kubelet versions match the cluster version.' },
      {
        name: 'Deprecated APIs',
        status: 'PASSING',
        reason: 'No deprecated API usage detected within the last 30 days.',
      },
    ],
    seconds: { cluster: seconds(20), nodegroup: seconds(10), addon: seconds(3) },
    updates: [],
    faults: [],
    calls: [],
  };
}

/** The hosts do not resolve: whoever connects to one of them finds out. */
function inventoryOf(groups: readonly string[]): string {
  return `apiVersion: runbook/v1
kind: Inventory
cluster: ${NAME}
nodes: # the control plane by the cluster's name, each node group by its own; nothing connects to them
  - { name: ${NAME}, host: ${NAME}.invalid }
${groups.map((name) => `  - { name: ${name}, host: ${name}.invalid }\n`).join('')}groups:
  eks: [${NAME}]
  node-groups: [${groups.join(', ')}]
`;
}

/** The compiled program, also where this runs from the sources. */
function programFile(): string {
  const compiled = fileURLToPath(new URL('./aws-main.js', import.meta.url));
  if (existsSync(compiled)) return compiled;
  const built = fileURLToPath(new URL('../dist/managed/aws-main.js', import.meta.url));
  if (existsSync(built)) return built;
  throw usageFailure('the lab is not built', ['Run `npm run build` first.']);
}
