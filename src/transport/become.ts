import { refusalOf, type Ended } from './become-errors.ts';
import { quote } from './quote.ts';
import { ConnectFailure, type Become, type Target } from './transport.ts';

/** How a method is asked to run `sh -c "$1"` as another user. */
export interface Elevation {
  readonly name: Exclude<Become['method'], 'none'>;
  /** Words for sh. */
  readonly words: string;
  /** What it prints on stderr when it wants a password; undefined: it is never answered. */
  readonly question?: string;
  /** What its end before the command began means. */
  explain(ended: Ended): ConnectFailure;
}

/**
 * The words that a target's `become` needs; undefined where nothing is elevated. `mark` is unguessable.
 * @throws ConnectFailure where it cannot be done in a channel without a terminal
 */
export function elevationOf(target: Target, mark: string): Elevation | undefined {
  const { method, password, user = 'root' } = target.become;
  const explain = (ended: Ended): ConnectFailure => refusalOf(target, ended);
  const as = user === 'root' ? '' : ` -u ${quote(user)}`;
  switch (method) {
    case 'none':
      return undefined;
    case 'sudo':
      return password === undefined
        ? { name: method, words: `sudo -n${as} -- sh -c "$1"`, explain }
        : { name: method, words: `sudo -S -p ${mark}${as} -- sh -c "$1"`, question: mark, explain };
    case 'doas':
      if (password !== undefined) throw new ConnectFailure(target.name, 'become', `${target.name}: ${DOAS}`, [NOPASS]);
      return { name: method, words: `doas -n${as} -- sh -c "$1"`, explain };
    case 'su':
      // Its question is translated, and the shell of the other user may be none.
      return {
        name: method,
        words: `env LC_ALL=C su -s /bin/sh -c "unset LC_ALL; $1" ${quote(user)}`,
        question: SU,
        explain,
      };
  }
}

const SU = 'Password: ';
const DOAS = 'doas reads a password from a terminal only, so it cannot be given one (become.passwordFrom)';
const NOPASS = 'allow it without: `permit nopass USER as root` in doas.conf, or use sudo or su';
