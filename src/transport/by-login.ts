import { chooseTransport, type Choice } from './choice.ts';
import { addressOf } from './jump.ts';
import { OpensshTransport, type OpensshOptions } from './openssh.ts';
import { Ssh2Transport } from './ssh2.ts';
import { surveyLogin } from './survey.ts';
import type { Session, Target, Transport } from './transport.ts';

export interface ByLoginOptions extends OpensshOptions {
  /** Called once for each reason for which a node's login goes by OpenSSH's client, unasked. */
  readonly onOpenssh?: (target: Target, reason: string) => void;
}

/** Connects to each node by ssh2 or by OpenSSH's client, as the inventory says or as the login needs. */
export class TransportByLogin implements Transport {
  readonly #ssh2: Ssh2Transport;
  readonly #openssh: OpensshTransport;
  readonly #onOpenssh: NonNullable<ByLoginOptions['onOpenssh']>;
  /** By node: the answer of the first connection holds for the next. */
  readonly #choices = new Map<string, Promise<Choice>>();
  readonly #shown = new Set<string>();

  constructor({ onOpenssh = () => undefined, ...options }: ByLoginOptions = {}) {
    this.#onOpenssh = onOpenssh;
    this.#ssh2 = new Ssh2Transport(options);
    this.#openssh = new OpensshTransport(options);
  }

  async connect(target: Target, signal?: AbortSignal): Promise<Session> {
    const choice = this.#choices.get(target.name) ?? choiceFor(target);
    this.#choices.set(target.name, choice);
    const { name, reasons } = await choice;
    for (const reason of reasons.filter((text) => !this.#shown.has(text))) {
      this.#shown.add(reason);
      this.#onOpenssh(target, reason);
    }
    return (name === 'openssh' ? this.#openssh : this.#ssh2).connect(target, signal);
  }
}

async function choiceFor(target: Target): Promise<Choice> {
  if (target.transport !== undefined) return chooseTransport(target.transport, []);
  const hops = target.jump.map((hop) => surveyLogin(hop, `jump host ${addressOf(hop)}: `));
  return chooseTransport(undefined, await Promise.all([surveyLogin(target, ''), ...hops]));
}
