import type { Action } from '../actions/action.ts';
import { parseDuration } from './duration.ts';
import { asList, given } from './fields.ts';
import { issueDiagnostics } from './issues.ts';
import { load } from './loaded.ts';
import type { InputSpec, Loaded, Phase, Runbook, Step, StepBase } from './model.ts';
import { checkRunbook } from './runbook-checks.ts';
import { type RawPhase, type RawRunbook, type RawStep, runbookSchema } from './runbook-schema.ts';
import { jsonSchemaOf } from './schema.ts';
import type { Path, YamlDocument } from './yaml.ts';

const schema = jsonSchemaOf(runbookSchema);

/** Reads a runbook. Never throws: all problems at once, each with its place, are in `diagnostics`. */
export function loadRunbook(file: string, text: string, actions: ReadonlyMap<string, Action>): Loaded<Runbook> {
  return load(file, text, 'Runbook', (document, value) => {
    const parsed = runbookSchema.safeParse(value);
    const issues = parsed.success ? [] : parsed.error.issues;
    const judged = { document, base: [], value, schema, called: 'the runbook' };
    return {
      diagnostics: [...issueDiagnostics(issues, judged), ...checkRunbook(document, value, actions)],
      build: () => (parsed.success ? build(parsed.data, document) : undefined),
    };
  });
}

function build(raw: RawRunbook, document: YamlDocument): Runbook {
  const inputs = Object.entries(raw.inputs ?? {}).map(([name, spec]): [string, InputSpec] => [
    name,
    { type: spec.type, ...given({ default: spec.default, description: spec.description, enum: spec.enum }) },
  ]);
  return {
    name: raw.name,
    ...given({ description: raw.description, hops: raw.hops }),
    inputs: Object.fromEntries(inputs),
    phases: raw.phases.map((phase, index) => buildPhase(phase, document, ['phases', index])),
  };
}

function buildPhase(raw: RawPhase, document: YamlDocument, path: Path): Phase {
  const nodes = asList(raw.nodes);
  const nodesAt = [...path, 'nodes'];
  return {
    name: raw.name,
    nodes,
    nodesSpans: nodes.map((_, index) => document.at(typeof raw.nodes === 'string' ? nodesAt : [...nodesAt, index])),
    serial: typeof raw.serial === 'string' ? `${Number.parseInt(raw.serial, 10)}%` : (raw.serial ?? 1),
    maxFailures: raw.maxFailures ?? 0,
    ...given({ if: conditionText(raw.if) }),
    steps: raw.steps.map((step, index) => buildStep(step, document, [...path, 'steps', index])),
    span: document.at(path),
  };
}

function buildStep(raw: RawStep, document: YamlDocument, path: Path): Step {
  const base: StepBase = {
    ...given({
      name: raw.name,
      if: conditionText(raw.if),
      env: raw.env && envText(raw.env, document, [...path, 'env']),
      timeout: raw.timeout === undefined ? undefined : parseDuration(raw.timeout),
      onTimeout: raw.onTimeout,
    }),
    retries: raw.retries ?? 0,
    span: document.at(path),
  };
  if (raw.uses !== undefined) return { ...base, kind: 'uses', uses: raw.uses, with: raw.with ?? {} };
  return {
    ...base,
    kind: 'run',
    run: raw.run ?? '',
    ...given({ check: raw.check }),
    on: raw.on ?? 'node',
    effect: raw.effect ?? 'once',
  };
}

function conditionText(value: string | boolean | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

/** A variable is text: `1.30` stays `1.30`, although YAML reads the number 1.3. */
function envText(env: NonNullable<RawStep['env']>, document: YamlDocument, path: Path): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : (document.written([...path, name]) ?? String(value)),
    ]),
  );
}
