import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { createWorld } from '../../src/lab/lab.ts';
import { runScript } from '../../src/lab/run-script.ts';
import type { World } from '../../src/lab/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld({ controlPlanes: 1, workers: 0, quick: true });
});

/** A command that ends with a status, and prints the one that it sees. */
const simple = fc.oneof(
  fc.constant('echo $?'),
  fc.nat(3).map((code) => `r ${code}`),
  fc.constantFrom('true', 'false', 'x=$(r 2)', 'x=1', ':', 'echo "$(echo $?)"', 'x=$?; echo "x $x"', '{ (exit 4); }'),
);

/**
 * Scripts in which every kind of compound command is in every place, also in another one's condition. Left out is what shells do
 * not agree on, and a subshell without braces in a branch of `case`, which the parser of the lab does not read.
 */
const { script } = fc.letrec<{ script: string; part: string }>((tie) => {
  const inner = tie('script');
  const two = fc.tuple(inner, inner);
  return {
    script: fc.array(tie('part'), { minLength: 1, maxLength: 3 }).map((parts) => `${parts.join('; ')}; echo $?`),
    part: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 3, arbitrary: simple },
      { weight: 1, arbitrary: two.map(([a, b]) => `if ${a}; r $?; then ${b}; fi`) },
      {
        weight: 1,
        arbitrary: fc.tuple(inner, inner, inner).map(([a, b, c]) => `if ${a}; r $?; then ${b}; else ${c}; fi`),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(inner, inner, inner)
          .map(([a, b, c]) => `if r 5; then ${a}; elif ${b}; r 1; then :; else ${c}; fi`),
      },
      { weight: 1, arbitrary: inner.map((a) => `n=0; while [ $n -lt 2 ]; do n=3; ${a}; done`) },
      { weight: 1, arbitrary: inner.map((a) => `until r $?; do ${a}; break; done`) },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.constantFrom('', 'a', 'a b'), inner).map(([w, a]) => `for w in ${w}; do ${a}; done`),
      },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.constantFrom('a', 'b'), inner).map(([w, a]) => `case ${w} in a) ${a} ;; esac`),
      },
      { weight: 1, arbitrary: fc.constantFrom('a', 'b').map((w) => `case ${w} in a) ;; esac`) },
      { weight: 1, arbitrary: two.map(([a, b]) => `{ ${a}; } && { ${b}; }`) },
      { weight: 1, arbitrary: two.map(([a, b]) => `{ ${a}; r $?; } || { ${b}; }`) },
      { weight: 1, arbitrary: inner.map((a) => `! { ${a}; }`) },
      { weight: 1, arbitrary: inner.map((a) => `{ ( ${a}; exit 3); }`) },
      { weight: 1, arbitrary: inner.map((a) => `f() { ${a}; return 2; }; f`) },
      { weight: 1, arbitrary: inner.map((a) => `{ ${a}; } | { read -r x; echo "read $x $?"; }`) },
      { weight: 1, arbitrary: inner.map((a) => `eval '${a.replaceAll("'", String.raw`'\''`)}'`) },
    ),
  };
});

test(
  'every command sees the status of the one before it, as in the shell of this machine',
  { timeout: 240_000 },
  async () => {
    const [machine] = world.machines;
    if (!machine) throw new Error('no machine');
    const property = fc.asyncProperty(script, fc.boolean(), async (body, ends) => {
      const whole = `r() { return $1; }\n${ends ? 'set -e\n' : ''}${body}\n`;
      const { status, stdout } = spawnSync('sh', ['-c', whole], { encoding: 'utf8' });
      const { code, stdout: printed } = await runScript(machine, whole);
      expect({ code, printed }, whole).toEqual({ code: status, printed: stdout });
    });
    await fc.assert(property, { numRuns: 300 });
  },
);
