import { Argument, type Command } from 'commander';
import { scriptFor, type Shell, SHELLS } from '../completion/scripts.ts';
import type { Run } from '../run/options.ts';

export function define(command: Command, run: Run): void {
  command
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText(
      'after',
      `
Print a script for your shell to read when it starts:
  bash  in ~/.bashrc:                   source <(runbook completion bash)
  zsh   in ~/.zshrc:                    source <(runbook completion zsh)
  fish  in ~/.config/fish/config.fish:  runbook completion fish | source`,
    )
    .action((shell: Shell) => run(() => completion(shell)));
}

function completion(shell: Shell): Promise<number> {
  process.stdout.write(scriptFor(shell));
  return Promise.resolve(0);
}
