import { describe, expect, test } from 'vitest';
import type { Plan, PlanStep } from '../../src/plan/plan.ts';
import { renderPlanMarkdown } from '../../src/render/plan-markdown.ts';
import { planFor } from '../plan/scale.ts';
import { samplePlan } from './samples.ts';

const REQUEST = { from: ['1.31.9'], apply: 'runbook apply plan.json' };

/** The text of a section, by its heading. */
function section(text: string, heading: string): string {
  const [, rest] = text.split(`\n${heading}\n`);
  if (rest === undefined) throw new Error(`no section ${heading}`);
  return rest.split(/\n#{2,3} /)[0]?.trim() ?? '';
}

describe('a real plan as a change request', () => {
  test('has each step once, the order of nodes, what is disrupted, how long it takes and how to go back', async () => {
    const { plan } = await planFor(23);
    const text = renderPlanMarkdown(plan, REQUEST);
    expect(text).toMatch(/^# Change: upgrade on lab\n/);
    expect(text).toContain('| Releases | 1.31.9 -\\> 1.32.9 |');
    expect(text).toContain(`| Plan digest | ${plan.digest} |`);
    expect(text).toMatch(/\| Takes \| about 2 h 5 min \(not measured here yet\) \|/);
    expect(section(text, '## Risks')).toBe(
      '- 23 drains, pods move: cp-\\[1:3\\], worker-\\[1:20\\]\n- 3 restarts of an API server: cp-\\[1:3\\]',
    );
    expect(section(text, '## Nodes in order')).toContain('| 6 | Workers | worker-\\[1:20\\], one at a time |');
    expect(section(text, '### Notes')).toContain('the network plugin is not upgraded');
    expect(text.split('kubectl --kubeconfig /etc/kubernetes/admin.conf drain <node>')).toHaveLength(3);
    expect(section(text, '### Phase 6: Workers')).toMatch(/^- forecast: 8 pods move;/m);
    expect(section(text, '### Phase 6: Workers')).toContain('**change** 6.6-restart-kubelet: as 5.3');
    const rollback = section(text, '## Rollback');
    expect(rollback).toMatch(/^The runbook: Kubernetes has no downgrade: .*\n\n- /);
    expect(rollback).toContain('The plan takes no snapshot of etcd.');
    expect(section(text, '## Run it')).toMatch(/^```text\nrunbook apply plan\.json\n```/);
    expect(text).not.toMatch(/undefined|\[object|NaN/);
  });

  test('has each node with whole scripts where more is wanted', () => {
    const scripted = changed(samplePlan(), (step) => ({ ...step, script: `set -eu\necho script of ${step.id}` }));
    expect(renderPlanMarkdown(scripted, REQUEST)).not.toContain('## Each node');
    const nodes = section(renderPlanMarkdown(scripted, { ...REQUEST, verbose: true }), '## Each node');
    for (const { name } of scripted.nodes) expect(nodes).toContain(`<b>${name}</b>`);
    for (const { id } of scripted.phases.flatMap(({ steps }) => steps)) expect(nodes).toContain(`echo script of ${id}`);
  });

  test('names the snapshot of etcd that it takes, and the runbook that restores it', () => {
    const backup = changed(samplePlan(), (step) =>
      step.id === '1.2-install-packages' ? { ...step, action: 'etcd-snapshot', with: { dest: '/srv/b' } } : step,
    );
    const rollback = section(renderPlanMarkdown(backup, REQUEST), '## Rollback');
    expect(rollback).toContain('Step 1.2-install-packages takes a snapshot of etcd into /srv/b');
    expect(rollback).toContain('`runbook apply etcd-restore.yaml --set snapshot=FILE.db`');
    expect(rollback).not.toContain('takes no snapshot');
  });

  test('sets refusals apart from what is overridden, with the reason', () => {
    const plan = samplePlan();
    const [refused] = plan.findings;
    if (!refused) throw new Error('the sample has no refusal');
    const overridden = { ...refused, guard: 'swap', severity: 'warn', overridden: 'we | know' } as const;
    const text = renderPlanMarkdown(
      { ...plan, findings: [...plan.findings, overridden], overrides: [{ guard: 'swap', reason: 'we | know' }] },
      REQUEST,
    );
    expect(section(text, '### Refused: apply would stop here')).toBe(
      [
        '- **cp-1 1.3-kubeadm-upgrade-apply:** 1.31.9 to 1.33.4 skips a minor (version-skew)',
        '  - do: upgrade to 1.32 first: --set version=1.32.9',
        '  - rule: Kubernetes version skew policy',
      ].join('\n'),
    );
    expect(section(text, '### Warnings')).toContain('  - **overridden:** we \\| know');
    expect(section(text, '## Overridden guards')).toContain('| swap | everywhere | we \\| know |');
  });

  test('says so where nothing is disrupted and nothing was found', () => {
    const done = changed(samplePlan(), (step) => ({ ...step, predicted: { outcome: 'unchanged', reason: 'is so' } }));
    const text = renderPlanMarkdown({ ...done, findings: [] }, REQUEST);
    expect(section(text, '## Risks')).toBe('No drain, no reboot, no restart of an API server.');
    expect(section(text, '## Findings of the guards')).toBe('None.');
  });
});

test('no text of a plan becomes markup or HTML, or ends its fence', () => {
  const hostile = '</summary></details>\n\n<script>alert(1)</script> | `x` **b** [a](javascript:b)\u001b[31m\u202e';
  const plan = changed(samplePlan(), (step) => ({
    ...step,
    title: hostile,
    commands: [`echo ${hostile}`, '````\n</details>\n# heading'],
    predicted: { outcome: 'change', reason: hostile },
  }));
  const text = renderPlanMarkdown(
    {
      ...plan,
      runbook: { ...plan.runbook, name: hostile, text: `# Back  ${hostile.replaceAll('\n', ' ')}\n` },
      inventory: { ...plan.inventory, cluster: hostile },
      inputs: { version: hostile },
      overrides: [{ guard: hostile, reason: hostile }],
      findings: plan.findings.map((finding) => ({ ...finding, summary: hostile, remedy: hostile, source: hostile })),
      phases: plan.phases.map((phase) => ({ ...phase, name: hostile })),
    },
    { ...REQUEST, apply: `runbook apply '${hostile}'` },
  );
  const outside = withoutFences(text);
  const html = outside.replaceAll(/\\[\\`*_{}[\]<>#|~&$]/g, '').match(/<\/?[a-z]+/g) ?? [];
  expect(new Set(html)).toEqual(new Set(['<details', '<summary', '<b', '</b', '</summary', '</details']));
  expect(html.filter((tag) => tag === '<details')).toHaveLength(html.filter((tag) => tag === '</details').length);
  expect(outside.replaceAll(/\\[`|*[\]]/g, '').replaceAll(/<summary>.*<\/summary>/g, '')).not.toMatch(/`x|\]\(/);
  expect(text).not.toMatch(/[\u001b\u202e]/);
  expect(outside).not.toMatch(/^# heading/m);
});

/** What a reader of Markdown takes for text: a fence ends only with as many backticks as it begins with. */
function withoutFences(text: string): string {
  let fence = '';
  const lines = text.split('\n').filter((line) => {
    const [ticks = ''] = /^`{3,}/.exec(line) ?? [];
    if (fence === '') fence = ticks;
    else if (line === fence) fence = '';
    else return false;
    return ticks === '';
  });
  expect(fence).toBe('');
  return lines.join('\n');
}

function changed(plan: Plan, step: (one: PlanStep) => PlanStep): Plan {
  return { ...plan, phases: plan.phases.map((phase) => ({ ...phase, steps: phase.steps.map(step) })) };
}
