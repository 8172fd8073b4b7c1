import type { Inventory } from '../documents/model.ts';
import { targetFor } from '../documents/target.ts';
import { Failure } from '../failure.ts';
import { SshConfig } from '../transport/ssh-g.ts';
import type { Target } from '../transport/transport.ts';
import type { Console } from './console.ts';
import { wayTo, type Note } from './ways.ts';

/** What was shown in this process: a command may connect several times. */
const shown = new Set<string>();

/**
 * How to log in to the nodes of an inventory, with what ssh_config says of them. Before anything of it runs on this
 * machine it is shown, once: commands of `Match exec`, a ProxyCommand. Nothing runs before a node is asked for.
 */
export class Targets {
  readonly #console: Console;
  readonly #inventory: Inventory;
  readonly #config: SshConfig;
  readonly #targets = new Map<string, Promise<{ readonly target: Target; readonly notes: readonly Note[] }>>();

  constructor(console: Console, inventory: Inventory) {
    this.#console = console;
    this.#inventory = inventory;
    this.#config = new SshConfig({
      onExec: (lines) => {
        const detail = lines.map(({ file, line, text }) => `${file}:${line}: ${text}`);
        this.#say(`ssh_config has \`Match exec\`: \`ssh -G\` runs its commands on this machine`, detail);
      },
    });
  }

  /** @throws Failure (document) where the inventory has no such node, or ssh_config cannot be followed */
  async of(name: string): Promise<Target> {
    const [target] = await this.all([name]);
    if (!target) throw new Error(`no target for ${name}`);
    return target;
  }

  /** {@link of}, for several at once. */
  async all(names: readonly string[]): Promise<Target[]> {
    const found = await Promise.all(names.map((name) => this.#resolved(name)));
    const nodes = new Map<string, { note: Note; names: string[] }>();
    for (const { target, notes } of found) {
      for (const note of notes) {
        const same = nodes.get(note.text) ?? { note, names: [] };
        same.names.push(target.name);
        nodes.set(note.text, same);
      }
    }
    for (const { note, names: concerned } of nodes.values()) this.#show(note, concerned);
    return found.map(({ target }) => target);
  }

  #resolved(name: string): Promise<{ readonly target: Target; readonly notes: readonly Note[] }> {
    const known = this.#targets.get(name) ?? this.#resolve(name);
    this.#targets.set(name, known);
    return known;
  }

  async #resolve(name: string): Promise<{ readonly target: Target; readonly notes: readonly Note[] }> {
    const node = this.#inventory.nodes.find((one) => one.name === name);
    if (!node) {
      throw new Failure('document', `the inventory has no node ${name}`, [
        'Give the inventory that the run was started with by -i.',
      ]);
    }
    const way = await wayTo(node, this.#inventory.folder, this.#config);
    return { target: targetFor(node, this.#inventory, process.env, undefined, way), notes: way.notes };
  }

  #show({ kind, text }: Note, names: readonly string[]): void {
    const nodes = names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
    if (kind === 'proxy-command') this.#say(text, [`runs on this machine, to connect to ${nodes}`]);
    else
      this.#say(`${text} is not followed: host keys are verified`, [
        `for ${nodes}; \`ssh.hostKeyChecking\` in the inventory can say otherwise`,
      ]);
  }

  #say(text: string, detail: readonly string[]): void {
    if (shown.has(text)) return;
    shown.add(text);
    this.#console.info(text, detail);
  }
}
