import { AsyncLocalStorage } from 'node:async_hooks';
import type { Attempt, ClaimRefusal, StartRequest } from '../../src/lab/attempts.ts';
import { FastTime } from '../../src/lab/fast-time.ts';
import * as lab from '../../src/lab/index.ts';
import type { Machine } from '../../src/lab/machine.ts';
import type { Tool, ToolSet } from '../../src/lab/shell/shell.ts';
import { restoreSnapshot, type Snapshot } from '../../src/lab/snapshot.ts';
import { tools } from '../../src/lab/tools/tools.ts';
import type { ProbeResult } from '../../src/remote/attempt.ts';
import { Memo } from '../../src/rehearse/memo.ts';
import { Twin } from '../../src/rehearse/twin.ts';

/** Who had a command run: a durable attempt, or a reader's script that is not kept. */
export type Origin =
  | { readonly kind: 'attempt'; readonly run: string; readonly id: string }
  | { readonly kind: 'probe'; readonly script: string };

/** One command of the audit log, with what it came from and when it ran. */
export interface Command {
  readonly node: string;
  /** Its place among the commands of its node that come from attempts, or among those that do not. */
  readonly index: number;
  readonly line: string;
  readonly origin: Origin;
  readonly began: number;
  ended?: number;
  exit?: number;
}

/** Where a crash may strike while a command runs. */
export interface CommandHooks {
  begun(command: Command): void;
  ended(command: Command): void;
  /** A node is about to take a claim. */
  claiming(node: string, run: string, id: string): void;
  /** A start request leaves its controller; milliseconds by which it is to arrive late, its sender being gone. */
  sending(node: string, id: string): number | undefined;
}

export const noHooks: CommandHooks = {
  begun: () => undefined,
  ended: () => undefined,
  claiming: () => undefined,
  sending: () => undefined,
};

export interface Size {
  readonly controlPlanes: number;
  /** Which have not joined. */
  readonly spareControlPlanes?: number;
  readonly workers: number;
}

export interface ClusterOptions {
  readonly size?: Size;
  readonly kubernetes?: string;
  /** What it continues from, at which time. */
  readonly from?: Snapshot;
  readonly now?: number;
}

/** Of the script that runs. One for all clusters: each one slows every promise down permanently. */
const origins = new AsyncLocalStorage<Origin>();

/** The simulated cluster on fake time, with every command attributed to the attempt that it belongs to. */
export class SimulatedCluster extends Twin {
  readonly commands: Command[] = [];
  hooks: CommandHooks = noHooks;
  /** A mutation: the nodes run an attempt although they know its id. */
  claimsTwice = false;
  /** Answers of reading scripts; `recall`: they may be given again. */
  memo: { readonly answers: Memo; recall: boolean } = { answers: new Memo(lab), recall: false };

  static async create(options: ClusterOptions = {}): Promise<SimulatedCluster> {
    const { size = { controlPlanes: 3, workers: 2 }, kubernetes = '1.31.9', from, now } = options;
    const time = new FastTime();
    let cluster: SimulatedCluster | undefined;
    const watched = (name: string, tool: Tool): Tool => {
      return async (context) => {
        const origin = origins.getStore();
        if (!cluster || !origin) throw new Error(`${name}: nobody asked for this command`);
        return cluster.#runCommand(context.machine, [name, ...context.args].join(' '), origin, () => tool(context));
      };
    };
    const audited = Object.fromEntries(
      Object.entries(tools.audited).map(([name, tool]) => [name, watched(name, tool)]),
    );
    const programs: ToolSet = { plain: tools.plain, audited };
    const world = await lab.createWorld({ ...size, kubernetes, clock: time }, programs);
    if (from) await restoreSnapshot(world, from);
    if (now !== undefined) time.jumpTo(now);
    cluster = new SimulatedCluster(lab, world, time);
    return cluster;
  }

  override sending(node: string, id: string): number | undefined {
    return this.hooks.sending(node, id);
  }

  override claim(machine: Machine, request: StartRequest): Attempt | ClaimRefusal {
    const { run, id, root } = request;
    return this.as({ kind: 'attempt', run, id }, () => {
      const known = machine.attempts.find(root, run, id) !== undefined;
      const twice = known && this.claimsTwice;
      if (!known || twice) this.hooks.claiming(machine.name, run, id);
      return super.claim(machine, twice ? { ...request, id: `${id}-again` } : request);
    });
  }

  override probe(machine: Machine, script: string): Promise<ProbeResult> {
    const { answers, recall } = this.memo;
    const ask = () => this.as({ kind: 'probe', script }, () => super.probe(machine, script));
    return answers.answer(this, machine, script, ask, recall);
  }

  /** Whatever the nodes run because of `work` is attributed to `origin`. */
  as<T>(origin: Origin, work: () => T): T {
    return origins.run(origin, work);
  }

  async #runCommand(
    machine: Machine,
    line: string,
    origin: Origin,
    tool: () => Promise<number> | number,
  ): Promise<number> {
    const alike = this.commands.filter((other) => other.node === machine.name && other.origin.kind === origin.kind);
    const index = alike.length;
    const command: Command = { node: machine.name, index, line, origin, began: this.time.now() };
    this.commands.push(command);
    try {
      this.hooks.begun(command);
      const exit = await tool();
      command.exit = exit;
      return exit;
    } finally {
      command.exit ??= 137;
      command.ended = this.time.now();
      this.hooks.ended(command);
    }
  }
}
