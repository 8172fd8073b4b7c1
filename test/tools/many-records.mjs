// node test/tools/many-records.mjs PLAN.json STATE-DIR RECORDS: the state folder of a run of that saved plan with about
// so many records, stopped before its last step, for measuring `runbook status` and `runbook resume`.
import { hash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [planFile = 'plan.json', stateDir = 'state', wanted = '100000'] = process.argv.slice(2);
const plan = JSON.parse(readFileSync(planFile, 'utf8'));
const run = '20260101-000000-many-0000';
const begun = Date.parse('2026-01-01T00:00:00Z');
const lines = [];
let previous = '';

function add(body) {
  const seq = lines.length + 1;
  const text = JSON.stringify({ v: 3, seq, at: new Date(begun + seq * 500).toISOString(), ...body });
  previous = hash('sha256', `${previous}\n${text}`);
  lines.push(`${text.slice(0, -1)},"hash":"${previous}"}\n`);
}

function hostOf({ place, node }) {
  if (place === 'local' || place === 'node') return place === 'local' ? 'local' : node;
  return plan.nodes.find(({ role }) => role === 'control-plane').name;
}

add({ type: 'run-started', run, plan: plan.digest, epoch: 1, holder: { host: 'here', pid: 1, user: 'ops' } });
const steps = plan.phases.flatMap(({ steps: own, always = [], batches }) => {
  const rows = new Map(batches.flat().map((name) => [name, []]));
  for (const step of [...own, ...always]) rows.get(step.node)?.push(step);
  return [...rows.values()].flat();
});
const done = steps.slice(0, -1);
const attempts = Math.max(1, Math.floor((Number(wanted) / done.length - 1) / 2));
for (const step of done) {
  const ref = { step: step.id, node: step.node };
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const code = attempt === attempts ? 0 : 1;
    add({ type: 'attempt-started', ...ref, attempt, host: hostOf(step), scriptDigest: 'e'.repeat(64) });
    add({ type: 'attempt-ended', ...ref, attempt, state: { kind: 'exited', code } });
  }
  add({ type: 'step-finished', ...ref, outcome: 'changed', reason: '', duration: 400 });
}
add({ type: 'run-stopped', reason: 'stopped by the operator' });

const folder = join(stateDir, 'runs', run);
mkdirSync(folder, { recursive: true, mode: 0o700 });
writeFileSync(join(folder, 'journal.jsonl'), lines.join(''), { mode: 0o600 });
writeFileSync(join(folder, 'plan.json'), `${JSON.stringify(plan, null, 1)}\n`, { mode: 0o600 });
writeFileSync(join(folder, 'facts.json'), '{"nodes":{}}\n', { mode: 0o600 });
console.log(`${folder}: ${steps.length} steps, ${lines.length} records`);
