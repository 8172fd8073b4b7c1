import { Failure } from '../failure.ts';
import { ForwardRefused } from './forward-refused.ts';
import type { Place } from './host-key.ts';
import { printedLines } from './become-errors.ts';
import { ConnectFailure, type Login } from './transport.ts';

export type LinkPhase = 'dialling' | 'handshake' | 'authentication';

/** Turns what went wrong before a link was ready into a sentence that names the node and its address. */
export function describeFailure(
  { name, login, place }: { readonly name: string; readonly login: Login; readonly place: Place },
  phase: LinkPhase,
  cause: unknown,
  { tried = [], banner = '' }: { readonly tried?: readonly string[]; readonly banner?: string } = {},
): ConnectFailure {
  const said = printedLines(banner).map((line) => `  ${line}`);
  const report = [...(said.length > 0 ? ['the node printed:', ...said] : []), ...tried];
  const fail = (reason: ConnectFailure['reason'], what: string, detail: readonly string[] = []): ConnectFailure =>
    new ConnectFailure(name, reason, `${name} (${place.label}): ${what}`, detail, { cause });
  const seconds = `${login.connectTimeout / 1000} s`;
  switch (cause) {
    case 'time limit':
      return fail('timeout', `${PHASES[phase]} within ${seconds}`, phase === 'authentication' ? report : []);
    case 'aborted':
      return fail('unreachable', 'stopped before the connection was ready');
    case 'change password':
      return fail('authentication', 'the password has expired and must be changed first', report);
    case 'closed':
      if (phase !== 'authentication')
        return fail('protocol', 'the connection was closed during the SSH handshake', [SLOW]);
      // systemd keeps people out while a machine boots or shuts down (pam_nologin): it may end by itself.
      if (NOT_YET.test(banner)) return fail('unreachable', 'it takes no logins now', report);
      if (/expired/i.test(banner)) return fail('authentication', 'the account or password has expired', report);
      return fail('authentication', 'the connection was closed during authentication', report);
    default:
      return describeError(fail, phase, cause, report);
  }
}

const NOT_YET = /booting up|shut(ting)? ?down|going down|not permitted to log in yet/i;

const PHASES: Readonly<Record<LinkPhase, string>> = {
  dialling: 'no answer',
  handshake: 'connected, but no SSH server answered',
  authentication: 'the login did not finish',
};

const SLOW = 'it may be no SSH server, or one with too many logins under way (MaxStartups in sshd_config): try again';

const SOCKET_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'its network is unreachable',
  ETIMEDOUT: 'no answer',
  ENOTFOUND: 'its name does not resolve',
  EAI_AGAIN: 'its name cannot be resolved now',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
};

function describeError(
  fail: (reason: ConnectFailure['reason'], what: string, detail?: readonly string[]) => ConnectFailure,
  phase: LinkPhase,
  cause: unknown,
  tried: readonly string[],
): ConnectFailure {
  if (cause instanceof ForwardRefused) return fail('unreachable', cause.message, cause.detail);
  if (cause instanceof Failure) return fail('authentication', cause.message, [...cause.detail, ...tried]);
  if (!(cause instanceof Error)) return fail('protocol', String(cause));
  const level = 'level' in cause ? cause.level : undefined;
  const code = 'code' in cause ? cause.code : undefined;
  if (level === 'client-authentication' || /authentication failures/i.test(cause.message)) {
    return fail('authentication', 'login refused', [...(level ? [] : [cause.message]), ...tried]);
  }
  if (typeof code === 'string') return fail('unreachable', SOCKET_ERRORS[code] ?? cause.message);
  if (/before handshake/.test(cause.message)) return fail('protocol', 'it closed the connection at once', [SLOW]);
  return fail(phase === 'dialling' || level === 'client-socket' ? 'unreachable' : 'protocol', cause.message);
}
