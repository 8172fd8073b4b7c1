import { compareEditions } from '../packages/lib/pin.ts';
import type { InstalledPackage } from '../packages/manager.ts';
import { onNode } from '../packages/registry.ts';
import { quote } from '../transport/quote.ts';

/** One package of any repository, as a node's package manager has it. Revisions have their epoch, if there is one. */
export interface SoftwareFact {
  readonly installed?: InstalledPackage & {
    /** Seconds since the epoch, by the node's clock. */
    readonly at?: number;
  };
  /** What the configured repositories offer now, newest first; undefined: they were not asked. */
  readonly offered?: readonly string[];
  /** What the package manager itself would choose: it knows the priorities of repositories. */
  readonly candidate?: string;
  /** Why not all repositories could be asked. */
  readonly error?: string;
}

export interface SoftwareQuestion {
  readonly name: string;
  /** A revision that needs no question where it is installed; undefined: what is offered is always asked. */
  readonly exact?: string;
}

/**
 * A script that reads these packages. `offers`: also what the repositories offer, by lists or metadata that are
 * fetched for this question: the lists of apt do not change.
 */
export function softwareScript(questions: readonly SoftwareQuestion[], offers: boolean): string {
  const each = questions.map(({ name, exact }) => {
    const satisfied = exact === undefined ? '' : `case $found in *[' ':]${quote(`${exact} `)}*) ;; *) `;
    return `found=$(software ${quote(name)}); printf '%s\\n' "$found"
${satisfied}asked="$asked ${name}"${satisfied === '' ? '' : ' ;; esac'}`;
  });
  return `${onNode(({ software }) => software, 'software() { :; }; offers() { echo "failed: there is no package manager"; }')}
asked=
${each.join('\n')}
${offers ? 'if [ -n "$asked" ]; then printf \'asked: %s\\n\' $asked; offers $asked; fi' : ''}
true
`;
}

/** By name; of what is neither installed nor offered nothing but that is known. */
export function parseSoftware(names: readonly string[], output: string): Record<string, SoftwareFact> {
  const lines = output.split('\n').map((line) => line.trimEnd().split(/\s+/));
  const of = (kind: string, name: string) =>
    lines.flatMap(([first, second, ...rest]) => (first === `${kind}:` && second === name ? [rest] : []));
  const error = /^failed: (.+)$/m.exec(output)?.[1];
  return Object.fromEntries(
    names.map((name) => {
      const installed = installedOf(of('installed', name).at(-1));
      const offered = [...new Set(of('offer', name).map(([revision = '']) => withoutZero(revision)))];
      const candidate = of('candidate', name)[0]?.[0];
      const asked = of('asked', name).length > 0;
      const fact: SoftwareFact = {
        ...(installed && { installed }),
        ...(asked && { offered: offered.toSorted((a, b) => compareEditions(b, a)) }),
        ...(candidate === undefined ? {} : { candidate }),
        ...(asked && error !== undefined ? { error } : {}),
      };
      return [name, fact];
    }),
  );
}

function installedOf([revision, status, at]: readonly string[] = []): SoftwareFact['installed'] {
  if (revision === undefined || status === undefined || !/^[a-z][iUFHWt]/.test(status)) return undefined;
  const time = Number(at);
  return { revision: withoutZero(revision), status, ...(at !== undefined && time > 0 ? { at: time } : {}) };
}

/** rpm has an epoch for every package. */
function withoutZero(revision: string): string {
  return revision.replace(/^(0|\(none\)):/, '');
}
