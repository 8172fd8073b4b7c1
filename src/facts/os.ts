import type { Fact } from './fact.ts';

export interface OsFact {
  /** `ID` of os-release: debian, ubuntu, rhel, rocky ... */
  readonly id: string;
  readonly idLike: readonly string[];
  readonly versionId: string;
  readonly prettyName: string;
  readonly packageManager: 'apt' | 'dnf' | 'yum' | 'zypper' | 'unknown';
}

const managers = { 'apt-get': 'apt', dnf: 'dnf', yum: 'yum', zypper: 'zypper' } as const;

export const os: Fact<OsFact> = {
  command: 'cat /etc/os-release',
  remedy: 'Is this a Linux with an os-release file?',
  script: () =>
    `cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release || exit
for manager in ${Object.keys(managers).join(' ')}; do
  if command -v "$manager" >/dev/null 2>&1; then printf '\\nmanager: %s\\n' "$manager"; break; fi
done
true`,
  parse: parseOs,
};

export function parseOs(output: string): OsFact {
  const fields = new Map<string, string>();
  let packageManager: OsFact['packageManager'] = 'unknown';
  for (const line of output.split('\n')) {
    const field = /^\s*([A-Z_0-9]+)=(.*)$/.exec(line);
    if (field) fields.set(field[1] ?? '', unquote(field[2] ?? ''));
    const manager = /^manager: (.+)$/.exec(line)?.[1];
    if (isManager(manager)) packageManager = managers[manager];
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

function isManager(name: string | undefined): name is keyof typeof managers {
  return name !== undefined && name in managers;
}

/** os-release(5): values are quoted as in a shell. */
function unquote(value: string): string {
  const trimmed = value.trim();
  const quoted = /^(["'])(.*)\1$/.exec(trimmed);
  return (quoted?.[2] ?? trimmed).replace(/\\(["'$`\\])/g, '$1');
}
