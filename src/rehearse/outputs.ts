import type { LogOpener } from '../engine/context.ts';
import { attemptKey } from '../run/report/build.ts';
import { type OutputText, outputOf } from '../run/report/outputs.ts';

/** What the attempts of a rehearsal printed, in memory. */
export class Outputs {
  readonly #chunks = new Map<string, Buffer[]>();

  /** For the engine, which keeps logs by it. */
  readonly open: LogOpener = ({ node, id }, attempt) => {
    const key = attemptKey(node, id, attempt);
    const chunks = this.#chunks.get(key) ?? [];
    this.#chunks.set(key, chunks);
    return { file: `${key} of the rehearsal`, write: (chunk) => void chunks.push(chunk), close: () => undefined };
  };

  /** By attempt, as a report has them. */
  get texts(): ReadonlyMap<string, OutputText> {
    const texts = [...this.#chunks].flatMap(([key, chunks]) => {
      const text = outputOf(Buffer.concat(chunks));
      return text ? [[key, text] as const] : [];
    });
    return new Map(texts);
  }
}
