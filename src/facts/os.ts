import { managers, onNode } from '../packages/registry.ts';
import type { Fact } from './fact.ts';

export interface OsFact {
  /** `ID` of os-release: debian, ubuntu, rhel, rocky ... */
  readonly id: string;
  readonly idLike: readonly string[];
  readonly versionId: string;
  readonly prettyName: string;
  /** Its program: `apt`, `dnf` ...; else `unknown`. */
  readonly packageManager: string;
}

export const os: Fact<OsFact> = {
  command: 'cat /etc/os-release',
  remedy: 'Is this a Linux with an os-release file?',
  script: () =>
    `cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release || exit
printf '\\nmanager: '
${onNode(({ identify }) => identify)}`,
  parse: parseOs,
};

function parseOs(output: string): OsFact {
  const fields = new Map<string, string>();
  let packageManager = 'unknown';
  for (const line of output.split('\n')) {
    const field = /^\s*([A-Z_0-9]+)=(.*)$/.exec(line);
    if (field) fields.set(field[1] ?? '', unquote(field[2] ?? ''));
    const id = /^manager: (.+)$/.exec(line)?.[1];
    packageManager = managers.find((manager) => manager.id === id)?.program ?? packageManager;
  }
  const id = fields.get('ID');
  if (id === undefined) throw new Error('os-release names no ID');
  return {
    id,
    idLike: (fields.get('ID_LIKE') ?? '').split(/\s+/).filter((word) => word !== ''),
    versionId: fields.get('VERSION_ID') ?? '',
    prettyName: fields.get('PRETTY_NAME') ?? id,
    packageManager,
  };
}

/** os-release(5): values are quoted as in a shell. */
function unquote(value: string): string {
  const trimmed = value.trim();
  const quoted = /^(["'])(.*)\1$/.exec(trimmed);
  return (quoted?.[2] ?? trimmed).replace(/\\(["'$`\\])/g, '$1');
}
