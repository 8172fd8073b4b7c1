import { quote } from '../transport/quote.ts';
import type { FileFact, FileFacts, Facts } from '../facts/facts.ts';
import { contextOf, type DraftedStep } from '../plan/bind.ts';
import type { RemoteNode } from '../remote/attempt.ts';
import type { Fleet } from './fleet.ts';
import type { LocalFiles } from './local-file.ts';

/** Hashing hundreds of MB on a slow disk. Milliseconds. */
const MEASURE_TIMEOUT = 600_000;

/** Reads the files that these steps look at. Undefined: none looks at any. */
export async function readFiles(
  fleet: Fleet,
  localFiles: LocalFiles,
  steps: readonly DraftedStep[],
  facts: Facts,
): Promise<FileFacts | undefined> {
  const local: Record<string, FileFact> = {};
  const nodes: Record<string, Record<string, FileFact>> = {};
  let asked = false;
  for (const step of steps) {
    const { action, node } = step;
    if (!action.looksAt) continue;
    const wanted = action.looksAt(contextOf(step, facts));
    asked = true;
    for (const { path, text } of wanted.local ?? []) local[path] = await localFiles.describe(path, text);
    for (const path of wanted.node ?? []) {
      const fact = await fleet.with(node.name, (remote) => describeRemote(remote, path));
      nodes[node.name] = { ...nodes[node.name], [path]: fact };
    }
  }
  return asked ? { local, nodes } : undefined;
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
