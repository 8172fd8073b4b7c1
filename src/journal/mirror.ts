import { type AskNode, askOne, hereDocument, nodeScript, putFile } from './node-script.ts';

export interface MirrorOptions {
  /** The nodes that keep a copy. */
  readonly nodes: readonly string[];
  readonly root: string;
  readonly run: string;
  /** Each controller writes a journal of its own: what an earlier one still sends mixes with nothing. */
  readonly epoch: number;
  /** plan.json. */
  readonly plan: string;
  readonly ask: AskNode;
  /** Milliseconds for which lines gather, so that quick steps need no request each; 0: none. */
  readonly gather: number;
  /** Called once per node that keeps no copy. */
  readonly say: (text: string, detail: readonly string[]) => void;
}

/**
 * Runs whose plan and journal stay on the nodes after they are done; the lines about their attempts stay permanently.
 */
export const KEPT_RUNS = 5;

/**
 * The plan and the journal on the nodes, under `<root>/<run>/`: `plan.json`, `journal.<epoch>`, and in the end `done`.
 * The journal on this machine never waits for it: lines gather, also while a node is busy, and go there in one request.
 */
export class Mirror {
  readonly #options: MirrorOptions;
  readonly #writers: readonly NodeWriter[];

  /** @param lines the journal so far. */
  constructor(options: MirrorOptions, lines: readonly string[] = []) {
    this.#options = options;
    this.#writers = options.nodes.map((node) => new NodeWriter(node, options, lines));
  }

  get nodes(): readonly string[] {
    return this.#options.nodes;
  }

  /** A record of the journal, one line without its end. Returns at once. */
  push(line: string): void {
    for (const writer of this.#writers) writer.push(line);
  }

  /** Resolves when every node has the plan and all lines, synced, or cannot be written now. Never rejects. */
  async flush(): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.flush()));
  }

  /** Marks the run as done on the nodes, and removes the plans of older runs. */
  async finish(): Promise<void> {
    await this.flush();
    const { nodes, root, run, ask } = this.#options;
    await Promise.all(nodes.map((node) => askOne(node, ask, doneScript(root, run, 'done'), () => undefined)));
  }
}

/** Marks a run on a node as over, and removes plans and journals of all but the newest such runs. */
export function doneScript(root: string, run: string, word: 'done' | 'abandoned'): string {
  return nodeScript(
    root,
    `[ -d "$root/${run}" ] || exit 0
${putFile(`$root/${run}/done`, word)}
n=0
for d in "$root"/*; do [ ! -e "$d/plan.json" ] || [ ! -e "$d/done" ] || n=$((n + 1)); done
for d in "$root"/*; do
  [ -e "$d/plan.json" ] && [ -e "$d/done" ] || continue
  [ $n -gt ${KEPT_RUNS} ] || break
  rm -f "$d/plan.json" "$d"/journal.*
  n=$((n - 1))
done`,
  );
}

/** One node's copy: requests one after the other, in order. */
class NodeWriter {
  readonly #node: string;
  readonly #options: MirrorOptions;
  /** Every line of the run: a node that was away gets the whole. */
  readonly #lines: string[];
  #written = 0;
  #begun = false;
  #reported = false;
  #busy: Promise<void> | undefined;
  #gathering: NodeJS.Timeout | undefined;

  constructor(node: string, options: MirrorOptions, lines: readonly string[]) {
    this.#node = node;
    this.#options = options;
    this.#lines = [...lines];
  }

  push(line: string): void {
    this.#lines.push(line);
    if (this.#options.gather === 0) void this.flush();
    // Who ends before it flushes.
    else this.#gathering ??= setTimeout(() => void this.flush(), this.#options.gather).unref();
  }

  /**
   * Resolves when all that was pushed before is written, or the node cannot be written now (the next flush tries
   * again).
   */
  async flush(): Promise<void> {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const upTo = this.#lines.length;
    while (this.#written < upTo || !this.#begun) {
      this.#busy ??= this.#write().finally(() => {
        this.#busy = undefined;
      });
      const before = this.#written;
      await this.#busy;
      if (this.#written === before) return;
    }
  }

  async #write(): Promise<void> {
    const { ask, epoch, plan, root, run, say } = this.#options;
    const upTo = this.#lines.length;
    const file = `$root/${run}/journal.${epoch}`;
    const script = this.#begun
      ? appendScript(root, file, this.#lines.slice(this.#written, upTo))
      : beginScript(root, run, file, plan, this.#lines);
    const answer = await askOne(this.#node, ask, script, () => undefined);
    if ('value' in answer) {
      this.#begun = true;
      this.#written = upTo;
      return;
    }
    // How much of it arrived is unknown: the next request sends everything again.
    this.#begun = false;
    this.#written = 0;
    if (this.#reported) return;
    this.#reported = true;
    say(`${this.#node} keeps no copy of the run's plan and journal: ${answer.problem}`, [
      'The run continues; if the state folder is lost, it cannot be rebuilt from this node.',
    ]);
  }
}

/** The plan comes last: a copy with a plan has a journal. */
function beginScript(root: string, run: string, file: string, plan: string, lines: readonly string[]): string {
  return nodeScript(
    root,
    `make_root "$root/${run}"
${putFile(file, textOf(lines))}${putFile(`$root/${run}/plan.json`, plan)}for f in "$root/${run}"/journal.*; do
  if [ "\${f##*.}" -lt ${file.slice(file.lastIndexOf('.') + 1)} ] 2>/dev/null; then rm -f "$f"; fi
done`,
  );
}

function appendScript(root: string, file: string, lines: readonly string[]): string {
  const append = `LC_ALL=C dd of="${file}" oflag=append conv=notrunc,fsync`;
  return nodeScript(root, `${hereDocument(textOf(lines), append)}[ $? = 0 ] || refuse "cannot write ${file}"`);
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
