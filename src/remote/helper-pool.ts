import type { Session } from '../transport/transport.ts';
import { HelperChannel, type LastAnswer, type Request } from './helper-channel.ts';

/** OpenSSH allows 10 channels per connection; probes and files need some of them. */
const mostHelpers = 3;

/** Opens a channel for a request when all that are open are busy: `status` must be answered while `start` follows. */
export class HelperPool {
  private readonly session: Session;
  private readonly root: string;
  private readonly helpers = new Set<HelperChannel>();
  private readonly idle: HelperChannel[] = [];
  private readonly waiting: (() => void)[] = [];
  private busy = 0;

  constructor(session: Session, root: string) {
    this.session = session;
    this.root = root;
    session.whenCrowded?.(() => this.giveUpIdle());
  }

  async ask(request: Request): Promise<LastAnswer> {
    while (this.busy >= mostHelpers) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.busy += 1;
    try {
      const helper = await this.free();
      try {
        return await helper.ask(request);
      } finally {
        if (helper.usable) this.idle.push(helper);
        else this.helpers.delete(helper);
      }
    } finally {
      this.busy -= 1;
      this.waiting.shift()?.();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.helpers].map(async (helper) => helper.close()));
  }

  /** An open channel that no request needs now is one less for files and probes. */
  private giveUpIdle(): Promise<void>[] {
    return this.idle.splice(0).map(async (helper) => {
      this.helpers.delete(helper);
      await helper.close();
    });
  }

  private async free(): Promise<HelperChannel> {
    for (;;) {
      const helper = this.idle.pop();
      if (helper === undefined) break;
      if (helper.usable) return helper;
      this.helpers.delete(helper);
    }
    const helper = await HelperChannel.open(this.session, this.root);
    this.helpers.add(helper);
    return helper;
  }
}
