import { printedLines } from './become-errors.ts';
import { ConnectFailure, type Target } from './transport.ts';

/** How a login shell failed to run a command: it ended, or ran nothing within the time limit. */
export type ShellEnd = { readonly kind: 'ended'; readonly code: number | undefined } | { readonly kind: 'late' };

/** The login worked; its shell, or what runs in place of it, did not run the command. `text`: what it printed. */
export function shellFailure(target: Target, end: ShellEnd, text: string): ConnectFailure {
  const { name, user, connectTimeout } = target;
  const lines = printedLines(text);
  const printed = lines.length === 0 ? ['it printed nothing'] : ['it printed:', ...lines.map((line) => `  ${line}`)];
  const how =
    end.kind === 'late'
      ? `ran no command within ${connectTimeout / 1000} s (ssh.connectTimeout)`
      : `ended without running a command (${end.code === undefined ? 'by a signal' : `exit ${end.code}`})`;
  const fail = (what: string, next: string): ConnectFailure =>
    new ConnectFailure(name, 'shell', `${name}: ${what}`, [...printed, next]);
  if (/password.*(expired|must be changed)|expired.*password|password change required/i.test(text))
    return fail(
      `logged in, but the password of ${user} has expired`,
      `change it: log in by hand once, or ask for chage`,
    );
  if (/account is (currently )?not available|account has expired/i.test(text))
    return fail(`logged in, but ${user} has no login shell there`, `give ${user} one (usermod -s /bin/sh ${user})`);
  if (end.kind === 'ended' && end.code === 127)
    return fail(`logged in, but the login shell of ${user} finds no sh`, 'see PATH in the start files of that shell');
  return fail(`logged in, but the login shell of ${user} ${how}`, hint(target));
}

function hint({ user, host, port }: Target): string {
  const ssh = `ssh ${port === 22 ? '' : `-p ${port} `}${user}@${host} true`;
  return `try it by hand: ${ssh}; see the start files of that shell (.bashrc), command= in authorized_keys and ForceCommand in sshd_config`;
}
