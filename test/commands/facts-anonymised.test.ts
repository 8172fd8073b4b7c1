import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Facts } from '../../src/facts/facts.ts';
import { anonymised } from '../../src/facts-file/anonymised.ts';
import { type FactsDocument, factsDocument, factsText } from '../../src/facts-file/document.ts';
import { parseFacts } from '../../src/facts-file/parse.ts';
import { type Plan, planSchema } from '../../src/plan/plan.ts';
import { preflightSchema } from '../../src/render/preflight.ts';
import { planted } from '../facts-file/planted.ts';
import { folder } from './cli.ts';
import { labUp, runbook } from './in-process.ts';

/** What no one else calls anything. */
const PLANTED = /zebra/i;

function parsed(text: string): FactsDocument {
  const found = parseFacts(text);
  if ('document' in found) return found.document;
  throw new Error(found.problem);
}

async function ofLab(): Promise<FactsDocument> {
  const problems = ['naked', 'emptydir', 'blocked-pdb', 'swap@worker-2'];
  const lab = await labUp({ controlPlanes: 2, workers: 2, problems });
  const printed = await runbook(['facts', '-i', lab.inventory, '--state-dir', folder()]);
  expect(printed.code, printed.all).toBe(0);
  return parsed(printed.stdout);
}

/** The cluster as someone else would have called its parts. */
function renamed(document: FactsDocument): FactsDocument {
  const text = JSON.stringify(document)
    .replaceAll(/\b(cp|worker)-(\d)/g, 'zebra-$1-$2')
    .replaceAll('"namespace":"demo"', '"namespace":"zebra-ns"')
    .replaceAll(/"demo"/g, '"zebra-ns"')
    .replaceAll('"cluster":"lab"', '"cluster":"zebra"');
  const { format: _f, version: _v, digest: _d, ...content } = JSON.parse(text) as FactsDocument;
  const { cluster, nodes } = content.facts;
  const facts: Facts = {
    nodes,
    cluster: {
      ...cluster,
      nodes:
        cluster?.nodes?.map((node) => ({
          ...node,
          labels: { ...node.labels, 'zebra.example/rack': 'zebra-r1', 'node-role.kubernetes.io/zebra': '' },
          annotations: { ...node.annotations, 'zebra.example/owner': 'zebra@zebra.example', zebra: '{"zebra":1}' },
          taints: [...node.taints, { key: 'zebra.example/only', value: 'zebra-t', effect: 'PreferNoSchedule' }],
        })) ?? [],
      pods: cluster?.pods?.map((pod) => ({ ...pod, labels: { ...pod.labels, 'zebra-key': 'zebra-value' } })) ?? [],
      volumeAttachments: [{ name: 'csi-zebra', node: 'zebra-worker-1', volume: 'pvc-zebra' }],
    },
  };
  return factsDocument({ ...content, facts });
}

/** Names of nodes by their place, so that two plans can be compared. */
function shape(plan: Plan) {
  const place = new Map(plan.nodes.map(({ name }, at) => [name, at]));
  const at = (node: string | undefined) => (node === undefined ? undefined : place.get(node));
  return {
    steps: plan.phases.map(({ number, steps }) =>
      steps.map(({ id, node, action, predicted }) => [number, id, at(node), action, predicted.outcome]),
    ),
    findings: plan.findings.map(({ guard, severity, node, step }) => [guard, severity, at(node), step]),
    nodes: plan.nodes.map(({ role, before }) => [role, before?.unschedulable, before?.held]),
  };
}

test('an anonymised file has nothing that someone chose, and the same plan and findings', async () => {
  const original = renamed(await ofLab());
  const hidden = anonymised(original);
  expect(factsText(original)).toMatch(PLANTED);
  expect(factsText(hidden).match(/.*zebra.*/gi) ?? []).toEqual([]);
  expect(anonymised(original)).toEqual(hidden);

  const dir = folder();
  const of = async (name: string, document: FactsDocument) => {
    const file = join(dir, `${name}.json`);
    await writeFile(file, factsText(document));
    const out = join(dir, `${name}-plan.json`);
    const args = ['--facts', file, '--state-dir', join(dir, 'state')];
    const planned = await runbook(['plan', 'upgrade-1.32.yaml', '-o', out, ...args]);
    expect(planned.code, planned.all).toBe(3);
    const found = await runbook(['preflight', '--output', 'json', ...args]);
    const { findings, guards, nodes } = preflightSchema.parse(JSON.parse(found.stdout));
    return {
      plan: shape(planSchema.parse(JSON.parse(await readFile(out, 'utf8')))),
      preflight: findings.map(({ guard, severity, node }) => [guard, severity, node && nodes.indexOf(node)]),
      guards,
    };
  };
  const [before, after] = [await of('original', original), await of('hidden', hidden)];
  expect(before.plan.findings.length).toBeGreaterThan(3);
  expect(after).toEqual(before);
});

test('a text that is no known word is replaced, in whatever field it is', async () => {
  const document = await ofLab();
  const { format: _f, version: _v, digest: _d, ...content } = document;
  const facts = planted(document.facts) as Facts;
  const text = factsText(anonymised(factsDocument({ ...content, facts })));
  expect(JSON.stringify(facts).match(/zebra/g)?.length).toBeGreaterThan(1000);
  expect(text.match(/.*zebra.*/gi) ?? []).toEqual([]);
});
