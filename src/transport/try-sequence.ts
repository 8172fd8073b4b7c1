import type { AnyAuthMethod, AuthenticationType } from 'ssh2';
import type { OneOfAgent } from './identities.ts';

/** One way to log in. */
export interface Try {
  readonly type: Exclude<AuthenticationType, 'agent'>;
  readonly label: string;
  /** Asks the operator, where there may be another way in. */
  readonly lastResort?: boolean;
  /** Whether what it sent was a password and nothing else. */
  sentPassword?(): boolean;
  /** What to send; or why it cannot be sent. */
  method(): Promise<Attempt | string>;
}

export interface Attempt {
  readonly send: AnyAuthMethod;
  readonly agent?: OneOfAgent;
}

/**
 * The order in which a login is tried. A server may want several things, one after the other (AuthenticationMethods).
 */
export class TrySequence {
  readonly tried: string[] = [];
  readonly #all: readonly Try[];
  readonly #accepted: Try[] = [];
  #queue: Try[];
  #current: (Attempt & { readonly entry: Try }) | undefined;
  /** What the server takes now; null: not known. */
  #wanted: readonly AuthenticationType[] | null = null;
  #probe: Try | undefined;

  /** `probe`: sent to learn what the server takes, where that decides whether to ask the operator. */
  constructor(tries: readonly Try[], probe: Try) {
    this.#all = tries;
    this.#queue = [...tries];
    this.#probe = probe;
  }

  /** What the server said of the last try. ssh2 does not pass it on where that was an agent's key. */
  answered(left: readonly AuthenticationType[] | null, partial: boolean): void {
    if (!this.#current) return;
    const { agent, entry } = this.#current;
    this.#wanted = agent ? null : left;
    if (!(agent ? agent.signed : partial)) return;
    this.#accepted.push(entry);
    // What was refused only because it was not its turn is tried again.
    const rest = this.#all.filter((other) => !this.#accepted.includes(other));
    // Where the answer is not known, another key is less likely: each wrong one counts.
    this.#queue = agent ? [...rest.filter(isNoKey), ...rest.filter((other) => !isNoKey(other))] : rest;
  }

  next(): Try | undefined {
    for (let entry = this.#queue.shift(); entry; entry = this.#queue.shift()) {
      if (this.#wanted && !this.#wanted.includes(entry.type)) continue;
      if (entry.lastResort !== true || this.#accepted.length > 0 || this.#wanted?.length === 1) return entry;
      const probe = this.#wanted ? undefined : this.#probe;
      this.#probe = undefined;
      if (probe) {
        this.#queue.unshift(entry);
        return probe;
      }
    }
    return undefined;
  }

  sending(entry: Try, attempt: Attempt): AnyAuthMethod {
    this.tried.push(entry.label);
    this.#current = { ...attempt, entry };
    return attempt.send;
  }

  /** Lines for a message: what was tried, what was accepted, what the server still wants. */
  report(): string[] {
    const accepted = this.#accepted.map(({ label }) => label).join(', ');
    const wanted = (this.#wanted ?? []).join(', ');
    return [
      ...(accepted === '' ? [] : [`the node accepted ${accepted}, and wants more`]),
      ...(wanted === '' ? [] : [`the node accepts${accepted === '' ? '' : ' now'}: ${wanted}`]),
    ];
  }

  wants(type: AuthenticationType): boolean {
    return this.#wanted?.includes(type) === true;
  }
}

const isNoKey = (entry: Try): boolean => entry.type !== 'publickey';
