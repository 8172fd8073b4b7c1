import type { Action } from '../actions/action.ts';
import { issueDiagnostics } from './issues.ts';
import { load } from './loaded.ts';
import type { Loaded, Phase, Runbook, RunbookData, Step } from './model.ts';
import { checkRunbook } from './runbook-checks.ts';
import { runbookSchema } from './runbook-schema.ts';
import type { Path, YamlDocument } from './yaml.ts';

/** Reads a runbook. Never throws: all problems at once, each with its place, are in `diagnostics`. */
export function loadRunbook(file: string, text: string, actions: ReadonlyMap<string, Action>): Loaded<Runbook> {
  return load(file, text, 'Runbook', (document, value) => {
    const parsed = runbookSchema.safeParse(value);
    const issues = parsed.success ? [] : parsed.error.issues;
    const judged = { document, base: [], value, schema: runbookSchema, called: 'the runbook' };
    return {
      diagnostics: [...issueDiagnostics(issues, judged), ...checkRunbook(document, value, actions)],
      build: () => (parsed.success ? placed(parsed.data, document) : undefined),
    };
  });
}

function placed({ phases, ...runbook }: RunbookData, document: YamlDocument): Runbook {
  return { ...runbook, phases: phases.map((phase, index) => placedPhase(phase, document, ['phases', index])) };
}

function placedPhase({ always, ...phase }: RunbookData['phases'][number], document: YamlDocument, path: Path): Phase {
  const nodesAt = [...path, 'nodes'];
  const single = document.written(nodesAt) !== undefined;
  return {
    ...phase,
    nodesSpans: phase.nodes.map((_, index) => document.at(single ? nodesAt : [...nodesAt, index])),
    steps: phase.steps.map((step, index) => placedStep(step, document, [...path, 'steps', index])),
    ...(always && { always: always.map((step, index) => placedStep(step, document, [...path, 'always', index])) }),
    span: document.at(path),
  };
}

function placedStep(step: RunbookData['phases'][number]['steps'][number], document: YamlDocument, path: Path): Step {
  const env = step.env && envText(step.env, document, [...path, 'env']);
  return { ...step, ...(env ? { env } : {}), span: document.at(path) };
}

/** A variable is text: `1.30` stays `1.30`, although YAML reads the number 1.3. */
function envText(env: NonNullable<Step['env']>, document: YamlDocument, path: Path): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : (document.written([...path, name]) ?? String(value)),
    ]),
  );
}
