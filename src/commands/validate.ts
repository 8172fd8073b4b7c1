import { actions } from '../actions/registry.ts';
import { loadAny } from '../documents/read.ts';
import { runbookJsonSchema, inventoryJsonSchema } from '../documents/schema.ts';
import { eventJsonSchema } from '../event.ts';
import { planJsonSchema } from '../plan/plan.ts';
import { preflightJsonSchema } from '../render/preflight.ts';
import { withConsole } from '../run/console.ts';
import type { CommonOptions } from '../run/options.ts';

export function validate(files: readonly string[], options: CommonOptions): Promise<number> {
  return withConsole(options, 'stderr', async (console) => {
    let failed = false;
    for (const file of files) {
      const { diagnostics } = (await loadAny(file, actions)).loaded;
      for (const diagnostic of diagnostics) console.emit({ type: 'diagnostic', diagnostic });
      const errors = diagnostics.filter((one) => one.severity === 'error').length;
      failed ||= errors > 0;
      const text = errors === 0 ? `${file}: ok` : `${file}: ${errors} ${errors === 1 ? 'error' : 'errors'}`;
      console.emit({ type: 'message', level: errors === 0 ? 'info' : 'error', text, detail: [] });
    }
    return failed ? 2 : 0;
  });
}

const SCHEMAS = {
  runbook: () => runbookJsonSchema(actions),
  inventory: inventoryJsonSchema,
  event: eventJsonSchema,
  plan: planJsonSchema,
  preflight: preflightJsonSchema,
} as const;

/** Prints the JSON Schema of one kind. */
export function schema(kind: keyof typeof SCHEMAS): Promise<number> {
  process.stdout.write(`${JSON.stringify(SCHEMAS[kind](), null, 2)}\n`);
  return Promise.resolve(0);
}
