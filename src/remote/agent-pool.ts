import type { Session } from '../transport/transport.ts';
import { AgentChannel, type LastAnswer, type Request } from './agent-channel.ts';

/** OpenSSH allows 10 channels per connection; probes and files need some of them. */
const mostAgents = 3;

/** Opens a channel for a request when all that are open are busy: `status` must be answered while `start` follows. */
export class AgentPool {
  private readonly session: Session;
  private readonly root: string;
  private readonly agents = new Set<AgentChannel>();
  private readonly idle: AgentChannel[] = [];
  private readonly waiting: (() => void)[] = [];
  private busy = 0;

  constructor(session: Session, root: string) {
    this.session = session;
    this.root = root;
  }

  async ask(request: Request): Promise<LastAnswer> {
    while (this.busy >= mostAgents) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.busy += 1;
    try {
      const agent = await this.free();
      try {
        return await agent.ask(request);
      } finally {
        if (agent.usable) this.idle.push(agent);
        else this.agents.delete(agent);
      }
    } finally {
      this.busy -= 1;
      this.waiting.shift()?.();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.agents].map(async (agent) => agent.close()));
  }

  private async free(): Promise<AgentChannel> {
    for (;;) {
      const agent = this.idle.pop();
      if (agent === undefined) break;
      if (agent.usable) return agent;
      this.agents.delete(agent);
    }
    const agent = await AgentChannel.open(this.session, this.root);
    this.agents.add(agent);
    return agent;
  }
}
