import { dirname, isAbsolute, join } from 'node:path';
import type { Diagnostic } from '../diagnostic.ts';
import type { Part } from './model.ts';
import { problem } from './source.ts';
import { isTemplate } from './template.ts';
import type { ReadText, Text } from './text.ts';
import type { Path, YamlDocument } from './yaml.ts';

type Raw = Readonly<Record<string, unknown>>;

/** The files that steps name by `script`, each read once. */
export class Scripts {
  readonly #read: ReadText;
  readonly #texts = new Map<string, Text>();

  /** Those of steps with `shell: bash`. */
  readonly #bash = new Set<string>();

  constructor(read: ReadText) {
    this.#read = read;
  }

  /** A file that is no script. */
  read(path: string): Text {
    return this.#read(path);
  }

  needsBash(path: string): void {
    this.#bash.add(path);
  }

  /** The text of a file that the document at this place names. */
  of(script: string, document: YamlDocument, path: Path): Text & { readonly path: string } {
    const target = isAbsolute(script) ? script : join(dirname(document.at(path).file), script);
    const text = this.#texts.get(target) ?? this.#read(target);
    this.#texts.set(target, text);
    return { ...text, path: target };
  }

  parts(): Part[] {
    return [...this.#texts].flatMap(([path, text]) => {
      if (!text.ok) return [];
      const bash = this.#bash.has(path) || programOf(text.value) === 'bash';
      return [{ path, kind: 'script', text: text.value, ...(bash && { shell: 'bash' as const }) }];
    });
  }
}

/** That the script of a step is there, and is one for a shell. */
export function checkScript(scripts: Scripts, document: YamlDocument, step: Raw, path: Path): Diagnostic[] {
  const { script, shell } = step;
  if (typeof script !== 'string' || script === '') return [];
  const at = [...path, 'script'];
  const span = document.at(at);
  if (isTemplate(script)) {
    return [problem('template', 'a script is read before any value is known: no ${{ }} here', span, 'give it `args`')];
  }
  const file = scripts.of(script, document, at);
  if (!file.ok) return [problem('missing-file', `cannot read the script ${file.path}: ${file.why}`, span)];
  if (shell === 'bash') scripts.needsBash(file.path);
  if (file.value.trim() === '') return [problem('script', `the script ${file.path} is empty`, span)];
  const program = programOf(file.value);
  if (program === undefined || program === 'sh' || program === 'bash' || program === 'dash') return [];
  const detail = 'copy it to the node, and start it by `run`';
  return [problem('script', `the script ${file.path} is for ${program}, not for sh or bash`, span, detail)];
}

/** The shell that a script names in its first line. */
export function shellOf(text: string): 'sh' | 'bash' {
  return programOf(text) === 'bash' ? 'bash' : 'sh';
}

/** `#!/usr/bin/env -S python3 -u` is for python3. */
function programOf(text: string): string | undefined {
  const line = /^#!\s*(.*)/.exec(text)?.[1];
  if (line === undefined) return undefined;
  const words = line
    .trim()
    .split(/\s+/)
    .map((word) => word.split('/').at(-1) ?? '');
  const [first, ...more] = words;
  return first === 'env' ? more.find((word) => !word.startsWith('-') && !word.includes('=')) : first;
}
