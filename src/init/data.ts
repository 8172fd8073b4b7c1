import type { Diagnostic } from '../diagnostic.ts';
import { isMap, itemsOf } from '../documents/shapes.ts';
import { problem, type Source } from '../documents/source.ts';
import { type Path, readYaml, type YamlDocument } from '../documents/yaml.ts';

export type Map = Readonly<Record<string, unknown>>;

/** Reads fields of a document of another program, and keeps what is wrong with them. */
export class Data {
  readonly diagnostics: Diagnostic[];
  readonly root: Map;
  readonly #document: YamlDocument;

  /** @param what the document should be: `a kubeone.yaml` */
  constructor(source: Source, what: string) {
    this.#document = readYaml(source);
    this.diagnostics = [...this.#document.diagnostics];
    const { value, sound } = this.#document;
    this.root = isMap(value) ? value : {};
    if (sound && !isMap(value)) this.problem([], `${what} is a map of keys and values`);
  }

  get failed(): boolean {
    return this.diagnostics.some(({ severity }) => severity === 'error');
  }

  problem(path: Path, summary: string, detail?: string): undefined {
    this.diagnostics.push(problem('init', summary, this.#document.at(path), detail));
  }

  map(path: Path): Map {
    const value = this.#value(path);
    if (value !== undefined && value !== null && !isMap(value)) this.problem(path, `\`${nameOf(path)}\` must be a map`);
    return isMap(value) ? value : {};
  }

  list(path: Path): readonly unknown[] {
    const value = this.#value(path);
    if (value !== undefined && value !== null && !Array.isArray(value))
      this.problem(path, `\`${nameOf(path)}\` must be a list`);
    return itemsOf(value);
  }

  /** Numbers too: a name may be one. Undefined where it is empty or missing. */
  text(path: Path): string | undefined {
    const value = this.#value(path);
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'string') return value;
    if (typeof value === 'number') return this.#document.written(path) ?? String(value);
    return this.problem(path, `\`${nameOf(path)}\` must be text`);
  }

  port(path: Path): number | undefined {
    const text = this.text(path);
    if (text === undefined) return undefined;
    const port = Number(text);
    if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
    return this.problem(path, `\`${nameOf(path)}\` must be a port from 1 to 65535`);
  }

  #value(path: Path): unknown {
    return path.reduce<unknown>((value, part) => {
      if (typeof part === 'number') return itemsOf(value)[part];
      return isMap(value) && Object.hasOwn(value, part) ? value[part] : undefined;
    }, this.root);
  }
}

function nameOf(path: Path): string {
  return String(path.at(-1) ?? '');
}
