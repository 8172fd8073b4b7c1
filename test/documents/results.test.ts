import { expect, test } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { loadRunbook } from '../../src/documents/runbook.ts';
import { PLACE, quotedPlaces } from '../../src/documents/shell-quotes.ts';

/** Two phases; the lines are those of the last step of the second. */
function problems(lines: string): string[] {
  const text = `apiVersion: runbook/v1
kind: Runbook
name: test
phases:
  - name: First
    nodes: all
    steps:
      - { id: lb-out, run: 'echo key=1 >>"$RUNBOOK_OUTPUT"' }
  - name: Second
    nodes: all
    steps:
      - { id: drain, uses: drain }
      - { id: ask, run: 'true' }
      - name: Read
${lines.replaceAll(/^/gm, '        ')}
      - { id: late, run: 'true' }
`;
  const { diagnostics } = loadRunbook('test.yaml', text, actions);
  return diagnostics.map(({ span, summary, detail }) => `${span?.line}:${span?.column}: ${summary} (${detail ?? ''})`);
}

const RUN = 'run: \'echo "$V"\'\n';

test.each([
  `${RUN}env: { V: "\${{ steps['lb-out'].outputs.key }}" }`,
  `${RUN}if: steps.drain.outcome == 'changed' && has(steps.ask.outputs.key)`,
  `run: echo "\${{ steps.ask.outputs['a-b'] }}"`,
  `${RUN}check: test "\${{ steps.ask.outputs.key }}" = 1`,
  `${RUN}if: "'key' in nodes['w1'].steps.ask.outputs"`,
  `${RUN}if: nodes['w1'].steps.late.outcome == 'changed'`,
  `${RUN}env: { V: "\${{ nodes[node.vars.peer].steps.ask.outputs.key }}" }`,
])('an expression may read the results of steps before it: %s', (lines) => {
  expect(problems(lines)).toEqual([]);
});

test.each([
  [`${RUN}if: steps.aks.outcome == ''`, '16:19: `steps` has no `aks` (did you mean `ask`?)'],
  [`${RUN}if: steps.late.outcome == ''`, '16:19: step `late` comes later (only results of steps before it are known)'],
  [`${RUN}if: steps.lb-out.outcome == ''`, "`steps` has no `lb` (an id with - is written steps['lb-out'])"],
  [`${RUN}if: steps.drain.outputs.x == ''`, 'step `drain` is an action: it has an outcome and no outputs'],
  [`${RUN}if: steps.ask.output.x == ''`, '`steps.ask` has no `output`'],
  [`${RUN}if: nodes['w1'].steps.aks.outcome == ''`, '`nodes[...].steps` has no `aks` (did you mean `ask`?)'],
  [
    `uses: wait\nwith: { command: "\${{ steps.ask.outputs.x }}" }`,
    '`steps` is not known here (results of steps come with the run',
  ],
  [
    `${RUN}if: has(nodes['w1'].steps.ask.outputs.key)`,
    "names joined by dots alone, such as steps.ask.outputs.key (with a part in [ ], ask for the key: 'key' in nodes",
  ],
  ['id: ask\n' + RUN, '15:13: the id `ask` is taken'],
  ['id: 1a\n' + RUN, '`id` must be a letter, then letters, digits, - and _'],
  [`${RUN}env: { RUNBOOK_OUTPUT: x }`, '`RUNBOOK_OUTPUT` is reserved'],
  [`run: echo '\${{ steps.ask.outputs.x }}'`, '15:24: a result of a step has no effect in single quotes'],
  [`run: echo '\${{ env.V }}'\nenv: { V: "\${{ steps.ask.outputs.x }}" }`, 'has no effect in single quotes'],
])('%s is refused', (lines, expected) => {
  const found = problems(lines);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(expected);
});

test.each([
  ['echo @ "@" ${x:-@} $(echo @) `echo @` $((1<<@)) # it\'s @', ['', '', '', '', '', '', '']],
  [`echo '@' "it's @" \\@ \\\\@ "\\@" '\\'@`, ['single', '', 'backslash', '', 'backslash', '']],
  [`echo "$(echo '@' "@")" "\${x:-'@'}" \${x:-'@'} $'\\'@'@`, ['single', '', '', 'single', 'single', '']],
  ["cat <<A <<'B' >@\n@ '@' \\@\nA\n@\nB\n@", ['', '', '', 'backslash', 'here', '']],
  ['cat <<-"X"\n\t@\n\tX\n@ <<<\'@\'', ['here', '', 'single']],
  ["f() { (echo '@'); }\ncase $x in a) echo @ ;; esac; echo a#'@' #@", ['single', '', 'single', '']],
])('in %s it is known where the shell replaces no variable', (script, expected) => {
  const found = quotedPlaces(script.replaceAll('@', PLACE));
  expect(found.map((where) => /single|backslash|here/.exec(where ?? '')?.[0] ?? '')).toEqual(expected);
});
