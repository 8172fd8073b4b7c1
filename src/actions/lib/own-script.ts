import { quote } from '../../transport/quote.ts';

export type OwnShell = 'sh' | 'bash';

export interface OwnForm {
  readonly shell: OwnShell;
  /** It ends at the first command that fails, at a variable that is not set, at a pipeline of which a part fails. */
  readonly strict: boolean;
  /** Its positional parameters, each one word of sh. */
  readonly args?: readonly string[];
}

/**
 * A script of the runbook as it runs, under `sh`: its author's lines, and before them what makes it strict, its
 * arguments and its shell. An attempt's script is a file, which bash reads again from its start.
 */
export function ownScript(text: string, { shell, strict, args = [] }: OwnForm): string {
  const lines = [
    ...(shell === 'bash'
      ? [`if [ -n "\${BASH_VERSION-}" ]; then set +o posix; else ${HAS_BASH}; exec bash "$0"; fi`]
      : []),
    ...(strict ? [STRICT] : []),
    ...(args.length > 0 ? [`set -- ${args.join(' ')}`] : []),
  ];
  return `${lines.map((line) => `${line}\n`).join('')}${text}`;
}

/** A script that may come from anywhere but a file, under bash. */
export function underBash(text: string): string {
  return `${HAS_BASH}\nexec bash -c ${quote(text)}\n`;
}

const HAS_BASH =
  "command -v bash >/dev/null 2>&1 || { echo 'the step has shell: bash, and bash is not installed here' >&2; exit 127; }";

/** POSIX has pipefail since 2024 only: dash before 0.5.13 does not know it, bash and busybox ash do. */
const STRICT = 'set -eu; if (set -o pipefail) 2>/dev/null; then set -o pipefail; fi';
