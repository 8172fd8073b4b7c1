import { sha256 } from '../digest.ts';
import { fileText, isBeginningOf, type KeptFile, keptScript, parseKept } from './kept.ts';
import { type Answer, type AskNode, askOne, hereDocument, nodeScript, putFile } from './node-script.ts';

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
  readonly #lines: string[] = [];

  /** @param before the journal so far: whole lines */
  constructor(options: MirrorOptions, before: Buffer = Buffer.alloc(0)) {
    this.#options = options;
    this.#writers = options.nodes.map((node) => new NodeWriter(node, options, before, this.#lines));
  }

  get nodes(): readonly string[] {
    return this.#options.nodes;
  }

  /** A record of the journal, one line without its end. Returns at once. */
  push(line: string): void {
    this.#lines.push(line);
    for (const writer of this.#writers) writer.pushed();
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

/** Bytes of plan and journal from which on it is worth a request to ask what of them a node has. */
const LARGE = 64_000;

/** One node's copy: requests one after the other, in order. */
class NodeWriter {
  readonly #node: string;
  readonly #options: MirrorOptions;
  /** The journal as it was when this process opened it. */
  readonly #before: Buffer;
  /** Every line since: a node that was away gets the whole. */
  readonly #lines: readonly string[];
  #written = 0;
  #begun = false;
  #reported = false;
  #busy: Promise<void> | undefined;
  #gathering: NodeJS.Timeout | undefined;

  constructor(node: string, options: MirrorOptions, before: Buffer, lines: readonly string[]) {
    this.#node = node;
    this.#options = options;
    this.#before = before;
    this.#lines = lines;
  }

  pushed(): void {
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
    const upTo = this.#lines.length;
    const answer = this.#begun ? await this.#append(upTo) : await this.#begin(upTo);
    if ('value' in answer) {
      this.#begun = true;
      this.#written = upTo;
      return;
    }
    // How much of it arrived is unknown: the next request begins again.
    this.#begun = false;
    this.#written = 0;
    if (this.#reported) return;
    this.#reported = true;
    this.#options.say(`${this.#node} keeps no copy of the run's plan and journal: ${answer.problem}`, [
      'The run continues; if the state folder is lost, it cannot be rebuilt from this node.',
    ]);
  }

  #append(upTo: number): Promise<Answer<unknown>> {
    const { root } = this.#options;
    return this.#ask(appendScript(root, this.#file, textOf(this.#lines.slice(this.#written, upTo))));
  }

  /** Sends the whole, or only what the node does not have of it. */
  async #begin(upTo: number): Promise<Answer<unknown>> {
    const { ask, plan, root, run } = this.#options;
    const text = textOf(this.#lines.slice(0, upTo));
    if (this.#before.length > 0 && this.#before.length + plan.length >= LARGE) {
      const kept = await askOne(this.#node, ask, keptScript(root, run), parseKept);
      if ('problem' in kept) return kept;
      const whole = Buffer.concat([this.#before, Buffer.from(text)]);
      const part = longest(kept.value, whole);
      const script = part && continueScript(root, run, this.#file, { part, whole, plan, kept: kept.value });
      const answer = script === undefined ? undefined : await this.#ask(script);
      if (answer && ('problem' in answer || answer.value.trim() === 'whole')) return answer;
    }
    return this.#ask(beginScript(root, run, this.#file, plan, this.#before.toString() + text));
  }

  get #file(): string {
    const { run, epoch } = this.#options;
    return `$root/${run}/journal.${epoch}`;
  }

  #ask(script: string): Promise<Answer<string>> {
    return askOne(this.#node, this.#options.ask, script, (stdout) => stdout);
  }
}

/** Of the journals that a node keeps the longest that is a beginning of the one here. */
function longest(files: readonly KeptFile[], whole: Buffer): KeptFile | undefined {
  const journals = files.filter(({ name, length }) => name !== 'plan.json' && length > 0);
  return journals.toSorted((a, b) => b.length - a.length).find((file) => isBeginningOf(file, whole));
}

/** The plan comes last: a copy with a plan has a journal. */
function beginScript(root: string, run: string, file: string, plan: string, text: string): string {
  return nodeScript(
    root,
    `make_root "$root/${run}"
${putFile(file, text)}${putPlan(run, plan)}${removeOlder(run, file)}`,
  );
}

/**
 * Makes the journal from the node's own beginning of it and the rest. Prints `whole` where it came to what it must be:
 * an earlier controller may still write there.
 */
function continueScript(
  root: string,
  run: string,
  file: string,
  of: { readonly part: KeptFile; readonly whole: Buffer; readonly plan: string; readonly kept: readonly KeptFile[] },
): string {
  const { part, whole, plan, kept } = of;
  const rest = whole.subarray(part.length).toString();
  const hasPlan = kept.some(({ name, digest }) => name === 'plan.json' && digest === sha256(fileText(plan)));
  return nodeScript(
    root,
    `make_root "$root/${run}"
s=
head -c ${part.length} "$root/${run}/${part.name}" >"${file}.new" || refuse "cannot write ${file}"
${hereDocument(rest, `LC_ALL=C dd of="${file}.new" oflag=append conv=notrunc,fsync`)}[ $? = 0 ] && s=$(sha256sum <"${file}.new")
if [ "\${s%% *}" = ${sha256(whole)} ]; then
mv -f "${file}.new" "${file}" || refuse "cannot write ${file}"
${hasPlan ? '' : putPlan(run, plan)}${removeOlder(run, file)}
echo whole
else rm -f "${file}.new"; fi`,
  );
}

function putPlan(run: string, plan: string): string {
  return putFile(`$root/${run}/plan.json`, plan);
}

function removeOlder(run: string, file: string): string {
  return `for f in "$root/${run}"/journal.*; do
  if [ "\${f##*.}" -lt ${file.slice(file.lastIndexOf('.') + 1)} ] 2>/dev/null; then rm -f "$f"; fi
done`;
}

function appendScript(root: string, file: string, text: string): string {
  const append = `LC_ALL=C dd of="${file}" oflag=append conv=notrunc,fsync`;
  return nodeScript(root, `${hereDocument(text, append)}[ $? = 0 ] || refuse "cannot write ${file}"`);
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
