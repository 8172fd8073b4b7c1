import { ConnectFailure, type Target } from './transport.ts';

/** A method that ended before the command began. */
export interface Ended {
  /** Exit status; undefined: a signal ended it. */
  readonly code: number | undefined;
  /** What it printed. */
  readonly text: string;
  /** Whether a password was sent to it. */
  readonly sent: boolean;
}

interface Known {
  readonly text: RegExp;
  readonly what: string;
  readonly next: string;
}

/** The method does not take the password, or wants one that no one gives: to ask it again changes nothing. */
export class PasswordRefused extends ConnectFailure {}

export function refusalOf(target: Target, { code, text, sent }: Ended): ConnectFailure {
  const { method } = target.become;
  const known = knownOf(target).find((one) => one.text.test(text));
  const lines = printedLines(text);
  if (known) return becomeFailure(target, known.what, [...lines, known.next]);
  if (sent && /incorrect password|try again|authentication failure/i.test(text)) return wrongPassword(target, lines);
  const end = code === undefined ? 'ended by a signal' : `exit ${code}`;
  const what = `${method} did not start the command (${end})`;
  // Its words may be of another language: a password that it may have refused is not sent again.
  if (sent) return new PasswordRefused(target.name, 'become', `${target.name}: ${what}`, [...lines, byHand(target)]);
  return becomeFailure(target, what, [...lines, byHand(target)]);
}

export function becomeFailure({ name }: Target, what: string, detail: readonly string[]): ConnectFailure {
  return new ConnectFailure(name, 'become', `${name}: ${what}`, detail);
}

export function wrongPassword(target: Target, lines: readonly string[] = []): ConnectFailure {
  const { method, password = 'nowhere' } = target.become;
  const what = `${method} refused the password of ${ownerOf(target)} (from ${password})`;
  const next = 'it is not sent again; give the right one by become.passwordFrom';
  return new PasswordRefused(target.name, 'become', `${target.name}: ${what}`, [...lines, next]);
}

export function wantsPassword(target: Target): ConnectFailure {
  const { method } = target.become;
  const what = `${method} wants the password of ${ownerOf(target)}`;
  return new PasswordRefused(target.name, 'become', `${target.name}: ${what}`, [passwordAdvice(method)]);
}

/** Whose password the method asks for. */
export function ownerOf({ user, become }: Target): string {
  return become.method === 'su' ? (become.user ?? 'root') : user;
}

/** A command that shows the same to a person. */
export function byHand({ user, host, port, become }: Target): string {
  const as = become.user === undefined || become.user === 'root' ? '' : ` -u ${become.user}`;
  const run = become.method === 'su' ? `su -c true ${become.user ?? 'root'}` : `${become.method} -n${as} true`;
  return `try it by hand: ssh ${port === 22 ? '' : `-p ${port} `}${user}@${host} '${run}'`;
}

/** The lines of what was printed, without empty ones. */
export function printedLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
}

function passwordAdvice(method: string): string {
  const how = 'set become.passwordFrom (prompt, env:NAME, file:PATH or command:CMD)';
  if (method === 'sudo') return `${how}, or allow NOPASSWD in sudoers`;
  return method === 'doas' ? 'allow it without a password: `permit nopass` in doas.conf' : how;
}

function knownOf({ user, become }: Target): readonly Known[] {
  const { method, user: other = 'root' } = become;
  const wants = { what: `${method} wants a password`, next: passwordAdvice(method) };
  const install = `install it, or set another become.method (none for a login as ${other})`;
  return [
    {
      text: /expired/i,
      what: `the password or account of ${user} has expired`,
      next: 'have it renewed (chage, passwd)',
    },
    { text: /password is required|no password was provided|askpass/i, ...wants },
    { text: /doas: Authorization required|doas: Authentication required|a tty is required/i, ...wants },
    {
      text: /must have a tty/i,
      what: `${method} wants a terminal (requiretty)`,
      next: `add to sudoers: Defaults:${user} !requiretty`,
    },
    {
      text: /not in the sudoers|may not run sudo|not allowed to/i,
      what: `${user} may not use sudo`,
      next: `allow ${user} in sudoers to run sh as ${other}`,
    },
    {
      text: /doas: Operation not permitted|doas is not enabled|doas: doas\.conf/i,
      what: `${user} may not use doas`,
      next: `allow it in doas.conf: permit nopass ${user} as ${other}`,
    },
    { text: /su: Permission denied/i, what: `${user} may not use su`, next: 'see pam_wheel in /etc/pam.d/su' },
    {
      text: /unknown user|user .* does not exist|no such user/i,
      what: `there is no user ${other} (become.user)`,
      next: 'give one that the node has',
    },
    {
      text: new RegExp(`${method}: .*not found|not found.*${method}|${method}: not found`, 'i'),
      what: `there is no ${method}`,
      next: install,
    },
    {
      text: /\bsh: command not found|unable to execute .*sh/i,
      what: `${method} finds no sh`,
      next: 'see secure_path in sudoers',
    },
  ];
}
