import type { Diagnostic } from '../diagnostic.ts';
import { checkCel, typedEnvironment } from './cel.ts';
import { checkTemplate } from './expressions.ts';
import { labelKeys, type LabelledCluster, stageClusters, takes } from './fleet-stages.ts';
import { checkGate } from './gate-checks.ts';
import type { Declared, Names } from './names.ts';
import { isMap, itemsOf } from './shapes.ts';
import { problem, warning } from './source.ts';
import { isTemplate } from './template.ts';
import { expressionDiagnostics } from './with.ts';
import type { Path, YamlDocument } from './yaml.ts';

type Raw = Readonly<Record<string, unknown>>;

/** A fleet has no inputs, and its stages know no node. */
const NOTHING: Declared = { inputs: {}, node: false, cluster: false, hop: false, env: [] };

/** Checks beyond the schema, which reports parts of the wrong shape. */
export function checkFleet(document: YamlDocument, raw: Raw): Diagnostic[] {
  const clusters = itemsOf(raw['clusters']);
  const stages = itemsOf(isMap(raw['strategy']) ? raw['strategy']['stages'] : undefined);
  return [
    ...twice(document, clusters, ['clusters'], 'name', 'cluster'),
    ...twice(document, clusters, ['clusters'], 'inventory', 'cluster'),
    ...twice(document, stages, ['strategy', 'stages'], 'name', 'stage'),
    ...stages.flatMap((stage, index) =>
      isMap(stage) ? checkPace(document, stage, ['strategy', 'stages', index], index === stages.length - 1) : [],
    ),
    ...checkExpressions(document, clusters.flatMap(labelled), stages),
  ];
}

function twice(document: YamlDocument, items: readonly unknown[], at: Path, key: string, noun: string): Diagnostic[] {
  const seen = new Map<unknown, number>();
  return items.flatMap((item, index) => {
    const value = isMap(item) ? item[key] : undefined;
    if (typeof value !== 'string' || value === '') return [];
    const first = seen.get(value);
    if (first === undefined) seen.set(value, index);
    if (first === undefined) return [];
    const summary =
      key === 'name' ? `there are two ${noun}s called \`${value}\`` : `two ${noun}s have the inventory \`${value}\``;
    const detail = `the first one is in line ${document.at([...at, first]).line}`;
    return [problem(`duplicate-${noun}`, summary, document.at([...at, index, key]), detail)];
  });
}

function checkPace(document: YamlDocument, stage: Raw, at: Path, isLast: boolean): Diagnostic[] {
  const pointless = isLast ? ['soak', 'approve'].filter((key) => stage[key] !== undefined && stage[key] !== false) : [];
  const { problems } = checkTemplate(stage['window'], NOTHING);
  const gate = stage['gate'];
  return [
    ...pointless.map((key) => {
      const summary = `\`${key}\` lies between a stage and the next one, and no stage follows`;
      return warning('pointless', summary, document.keyAt([...at, key]), 'leave it out');
    }),
    ...checkGate(document, gate, NOTHING, at),
    ...(isMap(gate) && gate['on'] === 'control-plane'
      ? [
          problem(
            'gate-form',
            'the gate of a stage is asked from the machine that drives the fleet',
            document.at([...at, 'gate', 'on']),
            'leave out `on`',
          ),
        ]
      : []),
    ...expressionDiagnostics(problems, document, [...at, 'window']),
  ];
}

/** A cluster as far as it is written well enough to be judged. */
function labelled(cluster: unknown): LabelledCluster[] {
  if (!isMap(cluster) || typeof cluster['name'] !== 'string') return [];
  const { name, site, labels } = cluster;
  const texts = Object.entries(isMap(labels) ? labels : {}).flatMap(([key, value]) =>
    typeof value === 'string' ? [[key, value] as const] : [],
  );
  return [{ name, site: typeof site === 'string' ? site : 'default', labels: Object.fromEntries(texts) }];
}

function checkExpressions(
  document: YamlDocument,
  clusters: readonly LabelledCluster[],
  stages: readonly unknown[],
): Diagnostic[] {
  const keys = labelKeys(clusters);
  const labels: Names = Object.fromEntries(keys.map((key) => [key, 'string']));
  const names = { name: 'string', site: 'string', labels };
  const environment = typedEnvironment(names);
  const found: Diagnostic[] = [];
  const expressions = stages.map((stage, index) => {
    const text = isMap(stage) ? stage['clusters'] : undefined;
    const path = ['strategy', 'stages', index, 'clusters'];
    if (typeof text !== 'string' || text === '') return undefined;
    const wrong = problemsOf(document, text, path, () => checkCel(text, names, environment));
    if (wrong.length === 0) wrong.push(...valuelessFor(document, text, path, clusters, keys));
    found.push(...wrong);
    return wrong.length === 0 ? text : undefined;
  });
  // What a broken expression would have taken is not known.
  if (expressions.includes(undefined) || stages.length === 0) return found;
  const { stages: taken, left } = stageClusters(
    clusters,
    expressions.filter((one) => one !== undefined),
  );
  for (const [index, those] of taken.entries()) {
    if (those.length > 0) continue;
    const isTaken = clusters.some((one) => {
      const result = takes(expressions[index] ?? 'false', one, keys);
      return 'takes' in result && result.takes;
    });
    const detail = isTaken
      ? 'those that it is true for are in earlier stages'
      : 'it is true for none of the clusters; it may read `name`, `site` and `labels`';
    const span = document.at(['strategy', 'stages', index, 'clusters']);
    found.push(problem('empty-stage', 'this stage has no cluster', span, detail));
  }
  for (const { name } of left) {
    const index = clusters.findIndex((one) => one.name === name);
    const summary = `\`${name}\` is in no stage: nothing is done on it`;
    found.push(
      warning(
        'no-stage',
        summary,
        document.at(['clusters', index]),
        "a last stage with clusters: 'true' takes the rest",
      ),
    );
  }
  return found;
}

function problemsOf(
  document: YamlDocument,
  text: string,
  path: Path,
  check: () => ReturnType<typeof checkCel>,
): Diagnostic[] {
  if (isTemplate(text)) {
    const summary = 'the clusters of a stage are an expression as a whole';
    return [problem('expression-syntax', summary, document.at(path), 'leave out the ${{ }}')];
  }
  const result = check();
  if (!result.ok)
    return result.problems.map(({ code, message, detail, start, end }) =>
      problem(code, message, document.inside(path, start, end), detail),
    );
  if (result.value === 'bool' || result.value === 'dyn') return [];
  const summary = `the clusters of a stage are those for which it is true, this is ${result.value}`;
  return [problem('expression-type', summary, document.at(path))];
}

function valuelessFor(
  document: YamlDocument,
  text: string,
  path: Path,
  clusters: readonly LabelledCluster[],
  keys: readonly string[],
): Diagnostic[] {
  for (const one of clusters) {
    const result = takes(text, one, keys);
    if ('problem' in result)
      return [problem('expression-value', `it has no value for ${one.name}: ${result.problem}`, document.at(path))];
  }
  return [];
}
