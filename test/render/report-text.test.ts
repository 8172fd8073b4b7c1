import { expect, test } from 'vitest';
import { renderJunit } from '../../src/render/report-junit.ts';
import { renderMarkdown } from '../../src/render/report-markdown.ts';
import { attemptKey } from '../../src/run/report/build.ts';
import { attempt, begun, finished, outPlan, ref, reportOf } from '../run/report-bench.ts';

const hostile = '</failure><script>alert(1)</script> ]]> & "quoted" \u0000\u001b[31m\ud800';

function failed() {
  const plan = outPlan({ title: hostile, commands: ['echo "<b>" && false'] });
  const report = reportOf(
    { ...plan, runbook: { ...plan.runbook, name: 'a | b' } },
    [
      [0, begun],
      ...attempt(ref('1.1-drain'), 1, 1, 4),
      [5, finished(ref('1.1-drain'), 'changed')],
      ...attempt(ref('1.2-work'), 1, 6, 8, 3),
      [9, finished(ref('1.2-work'), 'failed', hostile)],
    ],
    { outputs: new Map([[attemptKey('n1', '1.2-work', 1), { text: '```\n]]> <i>\u0001' }]]) },
  );
  // Its times are those of this machine's zone.
  return { ...report, about: ['died'] };
}

test('JUnit has a suite per node and a case per step, and no text ends its element', () => {
  expect(renderJunit(failed())).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="a | b on test: 20260101-100000-test-0000" tests="3" failures="1" errors="0" skipped="1" time="7.000" timestamp="2026-01-01T10:00:00.000Z">
    <testsuite name="n1" hostname="n1" tests="3" failures="1" errors="0" skipped="1" time="7.000" timestamp="2026-01-01T10:00:01.000Z">
    <testcase classname="1 one" name="1.1-drain drain" time="4.000"/>
    <testcase classname="1 one" name="1.2-work &lt;/failure&gt;&lt;script&gt;alert(1)&lt;/script&gt; ]]&gt; &amp; &quot;quoted&quot; �" time="3.000">
    <failure message="&lt;/failure&gt;&lt;script&gt;alert(1)&lt;/script&gt; ]]&gt; &amp; &quot;quoted&quot; �" type="failed">$ echo &quot;&lt;b&gt;&quot; &amp;&amp; false
    \`\`\`
    ]]&gt; &lt;i&gt;
    exit status 3</failure>
    </testcase>
    <testcase classname="1 one" name="1.3-uncordon uncordon" time="0.000">
    <skipped message="pending"/>
    </testcase>
    </testsuite>
    </testsuites>
    "
  `);
});

test('JUnit drops what XML cannot hold', () => {
  const report = { ...failed(), cluster: `c\u0000\ufffe\ud800-\u{1f600}` };
  expect(renderJunit(report)).toContain('on c-\u{1f600}: ');
});

test('Markdown is what a ticket needs, and no text becomes markup', () => {
  expect(renderMarkdown(failed())).toMatchInlineSnapshot(`
    "# a \\| b on test: died

    |  |  |
    | --- | --- |
    | State | died; died |
    | Run | 20260101-100000-test-0000 |
    | Started | 2026-01-01 11:00:00 +01:00 |
    | Last record | 2026-01-01 11:00:09 +01:00, after 9.0s |
    | Steps | 1 changed, 1 failed, 1 pending |
    | Inputs | none |
    | Plan digest | d |

    ## Nodes

    | Node | Role | Versions | Out of service | Now |
    | --- | --- | --- | --- | --- |
    | n1 | other | not known | 8.0s, since 11:00:01 |  |

    ## Phases

    |  | Phase | Started | Took | Steps |
    | --- | --- | --- | --- | --- |
    | 1 | one | 2026-01-01 11:00:01 +01:00 | 8.0s | 1 changed, 1 failed, 1 pending |

    ## Failures

    ### n1: \\</failure\\>\\<script\\>alert(1)\\</script\\> \\]\\]\\> \\& "quoted" � (1.2-work)

    failed at 2026-01-01 11:00:09 +01:00: \\</failure\\>\\<script\\>alert(1)\\</script\\> \\]\\]\\> \\& "quoted" �.

    \`\`\`\`text
    $ echo "<b>" && false
    \`\`\`
    ]]> <i>
    [attempt 1: exit status 3]
    \`\`\`\`

    ## What happened

    | When | What | Where | By |  |
    | --- | --- | --- | --- | --- |
    | 2026-01-01 11:00:00 +01:00 | started |  | ann on laptop (process 7) | the run started |
    | 2026-01-01 11:00:09 +01:00 | failed | n1 1.2-work |  | \\</failure\\>\\<script\\>alert(1)\\</script\\> \\]\\]\\> \\& "quoted" �: \\</failure\\>\\<script\\>alert(1)\\</script\\> \\]\\]\\> \\& "quoted" � |

    ## Not in this report

    - The versions before the run are not kept here.
    - The versions after the run are not kept here.
    - 1 attempt printed nothing, or their output is not kept here.
    "
  `);
});

test('a failure that a later attempt made good stays in the Markdown, with what became of it', () => {
  const work = ref('1.2-work');
  const report = reportOf(outPlan(), [
    [0, begun],
    ...attempt(work, 1, 1, 2, 1),
    [3, finished(work, 'failed', 'exit status 1')],
    ...attempt(work, 2, 4, 5),
    [6, finished(work, 'changed', 'exited with 0')],
  ]);
  expect(renderMarkdown(report)).toContain('exit status 1. Later: changed.');
  expect(renderJunit(report)).toContain('failures="0"');
});
