import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Diagnostic, Span } from '../diagnostic.ts';
import { declaredInputs, declaredVars, type DeclaredNames } from './declared.ts';
import type { Frame } from './frame.ts';
import { checkHead } from './head-checks.ts';
import { checkInclude } from './include-checks.ts';
import { includeSchema, PART_SCHEMAS, type PartKind } from './include-schema.ts';
import { issueDiagnostics } from './issues.ts';
import type { InputSpec, Part } from './model.ts';
import { isMap } from './shapes.ts';
import { problem, Source } from './source.ts';
import { STEP_LISTS } from './step-ids.ts';
import { isTemplate } from './template.ts';
import type { ReadText } from './text.ts';
import { type Path, readYaml, type YamlDocument } from './yaml.ts';

type Raw = Readonly<Record<string, unknown>>;

/** What is known at a place: for checks as it is declared, for planning as it is made. */
export interface Place {
  readonly declared: DeclaredNames;
  readonly frame?: Frame;
}

/** Where a step or phase of the whole is written. */
interface Origin {
  readonly document: YamlDocument;
  readonly path: Path;
  readonly place: Place;
  readonly value: unknown;
  /** Of a phase, by the key of the list. */
  readonly lists?: Readonly<Record<string, readonly Origin[]>>;
}

/** Steps and phases of all files together: more are no runbook that a person wrote. */
const MOST = 10_000;

/** A runbook with everything that it includes: one document, of which each part knows the file that it is in. */
export interface Expanded {
  readonly document: YamlDocument;
  readonly value: Raw;
  /** Of what is included, as far as it is not a step or phase. */
  readonly diagnostics: readonly Diagnostic[];
  /** Of included files. */
  readonly parts: readonly Part[];
  /** The place that a path of the document is at. */
  readonly placeOf: (path: Path) => Place;
  /** A file as included: where that is. */
  readonly includedAt: (file: string) => Span | undefined;
}

/** Puts the steps and phases of included files in the places of their entries. Never throws. */
export function expand(document: YamlDocument, value: Raw, read: ReadText): Expanded {
  const expansion = new Expansion(read, value['hops'] !== undefined || value['kind'] !== 'Runbook');
  const vars = isMap(value['vars']) ? value['vars'] : {};
  const place: Place = {
    declared: { inputs: declaredInputs(value), vars: declaredVars(value) },
    ...(Object.keys(vars).length > 0 && { frame: { vars } }),
  };
  const chain = [document.source.file];
  const phases = expansion.phases(document, value['phases'], ['phases'], place, chain);
  const locate = (path: Path) => originAt(phases, path);
  const at = (path: Path): readonly [YamlDocument, Path] => {
    const found = locate(path);
    return found ? [found.origin.document, [...found.origin.path, ...found.rest]] : [document, path];
  };
  return {
    document: {
      ...document,
      at: (path) => placed(at(path), (of, own) => of.at(own)),
      keyAt: (path) => placed(at(path), (of, own) => of.keyAt(own)),
      inside: (path, start, end) => placed(at(path), (of, own) => of.inside(own, start, end)),
      written: (path) => placed(at(path), (of, own) => of.written(own)),
    },
    value: phases ? { ...value, phases: phases.map(valueOf) } : value,
    diagnostics: expansion.diagnostics,
    parts: [...expansion.parts.values()],
    placeOf: (path) => locate(path)?.origin.place ?? place,
    includedAt: (file) => expansion.includedAt.get(file),
  };
}

function placed<T>([document, path]: readonly [YamlDocument, Path], use: (document: YamlDocument, path: Path) => T): T {
  return use(document, path);
}

function originAt(
  phases: readonly Origin[] | undefined,
  [key, index, list, place, ...rest]: Path,
): { readonly origin: Origin; readonly rest: Path } | undefined {
  if (key !== 'phases' || typeof index !== 'number') return undefined;
  const phase = phases?.[index];
  if (!phase) return undefined;
  const step = typeof place === 'number' ? phase.lists?.[String(list)]?.[place] : undefined;
  if (step) return { origin: step, rest };
  return { origin: phase, rest: [list, place, ...rest].filter((part) => part !== undefined) };
}

function valueOf({ value, lists }: Origin): unknown {
  if (!isMap(value) || !lists) return value;
  return { ...value, ...Object.fromEntries(Object.entries(lists).map(([key, steps]) => [key, steps.map(valueOf)])) };
}

/** An included file, read once. */
interface PartFile {
  readonly document: YamlDocument;
  readonly value: Raw;
  readonly inputs: Readonly<Record<string, InputSpec>>;
}

class Expansion {
  readonly diagnostics: Diagnostic[] = [];
  readonly parts = new Map<string, Part>();
  readonly includedAt = new Map<string, Span>();
  readonly #read: ReadText;
  readonly #files = new Map<string, PartFile | undefined>();
  #count = 0;

  readonly #hop: boolean;

  constructor(read: ReadText, hop: boolean) {
    this.#read = read;
    this.#hop = hop;
  }

  phases(
    document: YamlDocument,
    list: unknown,
    path: Path,
    place: Place,
    chain: readonly string[],
  ): Origin[] | undefined {
    if (!Array.isArray(list)) return undefined;
    return list.flatMap((value: unknown, index) => {
      const at = [...path, index];
      if (isInclude(value)) return this.#include(document, at, value, 'Phases', place, chain);
      const own = isMap(value) ? withVars(place, value) : place;
      const lists = isMap(value) ? this.#stepLists(document, value, at, own, chain) : {};
      return [{ document, path: at, place: own, value, lists }];
    });
  }

  #stepLists(document: YamlDocument, phase: Raw, path: Path, place: Place, chain: readonly string[]) {
    const lists = STEP_LISTS.flatMap((key) => {
      const steps = this.#steps(document, phase[key], [...path, key], place, chain);
      return steps ? [[key, steps] as const] : [];
    });
    return Object.fromEntries(lists);
  }

  #steps(
    document: YamlDocument,
    list: unknown,
    path: Path,
    place: Place,
    chain: readonly string[],
  ): Origin[] | undefined {
    if (!Array.isArray(list)) return undefined;
    return list.flatMap((value: unknown, index) => {
      const at = [...path, index];
      if (isInclude(value)) return this.#include(document, at, value, 'Steps', place, chain);
      return [{ document, path: at, place, value }];
    });
  }

  /** What an entry stands for; where that cannot be had, something that no further problem is found in. */
  #include(
    document: YamlDocument,
    path: Path,
    entry: Raw,
    kind: PartKind,
    place: Place,
    chain: readonly string[],
  ): readonly Origin[] {
    const nothing = [{ document, path, place, value: NOTHING[kind] }];
    const parsed = includeSchema.safeParse(entry);
    const judged = { document, base: path, value: entry, schema: includeSchema, called: 'the include' };
    if (!parsed.success) this.diagnostics.push(...issueDiagnostics(parsed.error.issues, judged));
    const file = entry['include'];
    if (typeof file !== 'string' || file === '') return nothing;
    const span = document.at([...path, 'include']);
    const refuse = (code: string, summary: string, detail?: string) => {
      this.diagnostics.push(problem(code, summary, span, detail));
      return nothing;
    };
    if (isTemplate(file)) return refuse('template', 'what is included is known before any input: no ${{ }} here');
    const target = isAbsolute(file) ? file : join(dirname(document.source.file), file);
    const cycle = chain.findIndex((one) => resolve(one) === resolve(target));
    if (cycle !== -1)
      return refuse('include-cycle', 'the files include each other', [...chain.slice(cycle), target].join(' -> '));
    this.#count += 1;
    if (this.#count > MOST)
      return this.#count === MOST + 1 ? refuse('too-large', `more than ${MOST} includes`) : nothing;
    const text = this.#read(target);
    if (!text.ok) return refuse('missing-file', `cannot include ${target}: ${text.why}`);
    const known = this.#files.has(target);
    const part = known ? this.#files.get(target) : this.#partOf(target, text.value, kind, refuse);
    this.#files.set(target, part);
    if (!part) return nothing;
    if (part.value['kind'] !== kind) {
      const found = `${target} is of kind ${String(part.value['kind'])}`;
      return refuse('wrong-kind', `${found}: a list of ${kind.toLowerCase()} includes files of kind ${kind}`);
    }
    if (!this.includedAt.has(target)) this.includedAt.set(target, span);
    const declared = { inputs: declaredInputs(part.value), vars: declaredVars(part.value) };
    this.diagnostics.push(
      ...checkInclude(
        { document, path, entry, kind, file: target, hop: this.#hop },
        place.declared,
        part.inputs,
        declared.inputs,
      ),
    );
    const included = {
      file: target,
      span,
      inputs: part.inputs,
      given: isMap(entry['inputs']) ? entry['inputs'] : {},
      ...(parsed.success && parsed.data.if !== undefined && { if: parsed.data.if }),
      ...(place.frame && { outer: place.frame }),
    };
    const inner: Place = { declared, frame: { vars: isMap(part.value['vars']) ? part.value['vars'] : {}, included } };
    const key = kind === 'Steps' ? 'steps' : 'phases';
    const list = kind === 'Steps' ? this.#steps.bind(this) : this.phases.bind(this);
    return list(part.document, part.value[key], [key], inner, [...chain, target]) ?? nothing;
  }

  #partOf(
    file: string,
    text: string,
    kind: PartKind,
    refuse: (code: string, summary: string) => unknown,
  ): PartFile | undefined {
    const document = readYaml(new Source(file, text));
    this.diagnostics.push(...document.diagnostics);
    if (!document.sound) return undefined;
    const { value } = document;
    if (!isMap(value)) return void refuse('wrong-kind', `${file} must be a map of kind ${kind}`);
    const own = value['kind'];
    const schema = own === 'Steps' || own === 'Phases' ? PART_SCHEMAS[own] : undefined;
    if (schema) this.parts.set(file, { path: file, kind: own === 'Phases' ? 'Phases' : 'Steps', text });
    const head = (schema ?? PART_SCHEMAS[kind]).safeParse(value);
    if (schema && !head.success) {
      this.diagnostics.push(
        ...issueDiagnostics(head.error.issues, { document, base: [], value, schema, called: 'the file' }),
      );
    }
    this.diagnostics.push(...checkHead(document, value));
    return { document, value, inputs: head.data?.inputs ?? {} };
  }
}

/** In the place of what cannot be included. */
const NOTHING = {
  Steps: { run: ':' },
  Phases: { name: 'nothing', nodes: 'all', steps: [{ run: ':' }] },
} as const;

function isInclude(value: unknown): value is Raw {
  return isMap(value) && value['include'] !== undefined;
}

/** A phase's own `vars` win. */
function withVars(place: Place, phase: Raw): Place {
  const vars = phase['vars'];
  if (!isMap(vars)) return place;
  const { declared, frame } = place;
  return {
    declared: { ...declared, vars: { ...declared.vars, ...declaredVars(phase) } },
    frame: { ...frame, vars: { ...frame?.vars, ...vars } },
  };
}
