import { quote } from '../transport/quote.ts';
import type { FileFact, Facts } from '../facts/facts.ts';
import type { Looked } from '../facts/lib/looked.ts';
import { parseSoftware, softwareScript } from '../facts/software.ts';
import { parseUnits, unitsScript } from '../facts/units.ts';
import { Turns } from '../transport/turns.ts';
import type { DraftedStep } from '../plan/bind.ts';
import type { RemoteNode } from '../remote/attempt.ts';
import type { Links } from './links.ts';
import type { LocalFiles } from './local-file.ts';
import { type Looks, looksOf, type NodeLooks } from './looks.ts';

/** Hashing hundreds of MB on a slow disk. Milliseconds. */
const MEASURE_TIMEOUT = 600_000;

/** Nodes that are asked at once: what a repository offers is read by each of them. */
const ASKING = 32;

/** Asks the repositories of a node for what they offer. Milliseconds. */
const ASK_TIMEOUT = 300_000;

/**
 * Reads what these steps look at. `offers`: also what repositories offer, which takes seconds. Undefined: none looks at
 * anything.
 */
export async function readLooked(
  links: Links,
  localFiles: LocalFiles,
  steps: readonly DraftedStep[],
  facts: Facts,
  offers: boolean,
): Promise<Looked | undefined> {
  const looks = looksOf(steps, facts);
  if (!looks) return undefined;
  const local = await describeLocal(localFiles, looks);
  const turns = new Turns(ASKING);
  const read = await Promise.all(
    [...looks.nodes].map(([name, own]) =>
      turns.during(() => links.with(name, (remote) => lookOn(remote, name, own, offers))),
    ),
  );
  return {
    files: { local, nodes: Object.fromEntries(read.map(({ name, files }) => [name, files])) },
    nodes: Object.fromEntries(read.map(({ name, software, units }) => [name, { software, units }])),
  };
}

/** The files of the operator's machine that steps look at, as they are now. */
export async function describeLocal(localFiles: LocalFiles, { local }: Looks): Promise<Record<string, FileFact>> {
  const described: Record<string, FileFact> = {};
  for (const [path, withText] of local) described[path] = await localFiles.describe(path, withText);
  return described;
}

async function lookOn(remote: RemoteNode, name: string, { files, packages, units }: NodeLooks, offers: boolean) {
  const described: Record<string, FileFact> = {};
  for (const path of files) described[path] = await describeRemote(remote, path);
  const ask = async (script: string) => (await remote.probe(script, { timeout: ASK_TIMEOUT })).stdout;
  const names = [...packages.keys()];
  const software =
    names.length === 0 ? {} : parseSoftware(names, await ask(softwareScript([...packages.values()], offers)));
  return {
    name,
    files: described,
    software,
    units: units.size === 0 ? {} : parseUnits(await ask(unitsScript([...units]))),
  };
}

/** A file of a node; root reads it. */
export async function describeRemote(remote: RemoteNode, path: string): Promise<FileFact> {
  const { code, stdout, stderr } = await remote.probe(measureScript(path), { timeout: MEASURE_TIMEOUT });
  const [size, sha256, mode, owner] = stdout.trim().split(' ');
  if (code !== 0 || size === undefined || sha256 === undefined)
    return { missing: true, error: stderr.trim() || `${path} is not there` };
  return {
    size: Number(size),
    sha256,
    ...(mode === undefined ? {} : { mode }),
    ...(owner === undefined ? {} : { owner }),
  };
}

function measureScript(path: string): string {
  return `file=${quote(path)}
[ -f "$file" ] || exit 1
size=$(wc -c < "$file") && sum=$(sha256sum < "$file") || exit 1
echo "$(echo $size)" "\${sum%% *}" "$(stat -c '%a %U:%G' "$file" 2>/dev/null)"
`;
}
