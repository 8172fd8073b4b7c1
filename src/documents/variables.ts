/** Bytes that Linux takes as one string of an environment (MAX_ARG_STRLEN in its binfmts.h, pages of 4 KiB). */
const LONGEST = 128 * 1024;
/** Bytes of a whole environment, below what any usual limit of a stack leaves (execve(2), "Limits on size"). */
const MOST = 1024 * 1024;

export interface VariableProblem {
  readonly name: string;
  readonly message: string;
  readonly detail: string;
}

/** The variables with which no command of a step could be started. Values that are not text are left out. */
export function checkVariables(env: Readonly<Record<string, unknown>>): VariableProblem[] {
  const sizes = Object.entries(env).flatMap(([name, value]) =>
    // `NAME=value` and the NUL at its end.
    typeof value === 'string' ? [{ name, size: Buffer.byteLength(name) + Buffer.byteLength(value) + 2 }] : [],
  );
  const long = sizes.filter(({ size }) => size > LONGEST);
  if (long.length > 0) {
    return long.map(({ name, size }) => ({
      name,
      message: `\`${name}\` has ${kib(size)}: Linux starts no command with a variable longer than ${kib(LONGEST)}`,
      detail: INSTEAD,
    }));
  }
  const whole = sizes.reduce((sum, { size }) => sum + size, 0);
  const [largest] = sizes.toSorted((a, b) => b.size - a.size);
  if (whole <= MOST || !largest) return [];
  const message = `all variables together have ${kib(whole)}, \`${largest.name}\` the most: the limit is ${kib(MOST)}`;
  return [{ name: largest.name, message, detail: INSTEAD }];
}

const INSTEAD = 'put the text into a file on the node, and its path into the variable';

function kib(bytes: number): string {
  return `${Math.ceil(bytes / 1024)} KiB`;
}
