import type { Session } from '../transport/transport.ts';
import { Turns } from '../transport/turns.ts';
import type { ProbeResult } from './attempt.ts';
import { HelperChannel, type LastAnswer, type Request } from './helper-channel.ts';

/**
 * Requests at a time that follow attempts or ask for them, unless told otherwise: OpenSSH allows 10 channels per
 * connection, and files need some of them.
 */
const mostRequests = 3;

/** Scripts at a time: they never wait for an attempt to end. */
const mostScripts = 3;

/** Keeps channels open, and opens one for a request when all that are open are busy. */
export class HelperPool {
  private readonly session: Session;
  private readonly root: string;
  private readonly helpers = new Set<HelperChannel>();
  private readonly idle: HelperChannel[] = [];
  private readonly requests: Turns;
  private readonly scripts = new Turns(mostScripts);

  constructor(session: Session, root: string, attempts = mostRequests) {
    this.session = session;
    this.root = root;
    this.requests = new Turns(attempts);
    session.whenCrowded?.(() => this.giveUpIdle());
  }

  async ask(request: Request): Promise<LastAnswer> {
    return this.requests.during(() => this.with(request.verb === 'start', (helper) => helper.ask(request)));
  }

  /** Opens the channel of the attempts of a run, with their supervisor. */
  async prepare(words: readonly string[]): Promise<void> {
    await this.requests.during(() => this.with(true, (helper) => helper.ask({ verb: 'prepare', words })));
  }

  async probe(script: string, timeout?: number): Promise<ProbeResult> {
    return this.scripts.during(() => this.with(false, (helper) => helper.probe(script, timeout)));
  }

  async close(): Promise<void> {
    await Promise.all([...this.helpers].map(async (helper) => helper.close()));
  }

  /** An open channel that no request needs now is one less for files. */
  private giveUpIdle(): Promise<void>[] {
    return this.idle.splice(0).map(async (helper) => {
      this.helpers.delete(helper);
      await helper.close();
    });
  }

  private async with<T>(starts: boolean, work: (helper: HelperChannel) => Promise<T>): Promise<T> {
    const helper = await this.free(starts);
    try {
      return await work(helper);
    } finally {
      if (helper.usable) this.idle.push(helper);
      else this.helpers.delete(helper);
    }
  }

  /** One that has the next attempt's supervisor ready is kept for it. */
  private async free(starts: boolean): Promise<HelperChannel> {
    for (const helper of this.idle.filter(({ usable }) => !usable)) this.forget(helper);
    const ready = this.idle.find((helper) => helper.hasStarted === starts);
    const found = ready ?? (starts ? this.idle[0] : undefined);
    if (found) {
      this.idle.splice(this.idle.indexOf(found), 1);
      return found;
    }
    const helper = await HelperChannel.open(this.session, this.root);
    this.helpers.add(helper);
    return helper;
  }

  private forget(helper: HelperChannel): void {
    this.idle.splice(this.idle.indexOf(helper), 1);
    this.helpers.delete(helper);
  }
}
