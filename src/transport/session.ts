import { begun, type Open } from './begin.ts';
import { collect } from './exec.ts';
import type { ReadSecret } from './identities.ts';
import type { Session, Target } from './transport.ts';

/** How one transport runs plain commands: what a session adds to it is the same for all. */
export interface Plain {
  /** Opens one command line by the login's shell, not elevated. */
  readonly open: Open;
  readonly closed: Promise<string>;
  close(): Promise<void>;
}

export function sessionOver(plain: Plain, target: Target, readSecret: ReadSecret): Session {
  const open = begun(plain.open, target, readSecret);
  return {
    target: target.name,
    closed: plain.closed,
    open,
    exec: async (command, options) => collect(target.name, open, command, options),
    close: async () => plain.close(),
  };
}
