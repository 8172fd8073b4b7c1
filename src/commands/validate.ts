import type { Command } from 'commander';
import { actions } from '../actions/registry.ts';
import { loadAny } from '../documents/read.ts';
import { withConsole } from '../run/console.ts';
import { type CommonOptions, outputOptions, type Run } from '../run/options.ts';

export function define(command: Command, run: Run): void {
  outputOptions(command.argument('<file.yaml...>')).action((files: string[], options: CommonOptions) =>
    run(() => validate(files, options)),
  );
}

function validate(files: readonly string[], options: CommonOptions): Promise<number> {
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
