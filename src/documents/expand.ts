import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Diagnostic, Span } from '../diagnostic.ts';
import { declaredInputs, declaredVars, type DeclaredNames } from './declared.ts';
import { ONCE } from './fields.ts';
import type { Frame } from './frame.ts';
import { checkHead } from './head-checks.ts';
import { checkInclude } from './include-checks.ts';
import { includeSchema, PART_SCHEMAS } from './include-schema.ts';
import { issueDiagnostics, kindText } from './issues.ts';
import { isPartKind, type PartKind } from './kinds.ts';
import type { InputSpec, Part } from './model.ts';
import { isMap } from './shapes.ts';
import { problem, Source } from './source.ts';
import { STEP_LISTS } from './step-ids.ts';
import { isTemplate } from './template.ts';
import type { ReadText } from './text.ts';
import { type Path, readYaml, relocated, type YamlDocument } from './yaml.ts';

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

/** Where a list stands: its document, what is known there, and the files that led there, the runbook first. */
interface Spot {
  readonly document: YamlDocument;
  readonly place: Place;
  readonly chain: readonly string[];
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
  const phases = expansion.entries('Phases', value['phases'], ['phases'], {
    document,
    place,
    chain: [document.source.file],
  });
  const locate = (path: Path) => originAt(phases, path);
  const at = (path: Path): readonly [YamlDocument, Path] => {
    const found = locate(path);
    return found ? [found.origin.document, [...found.origin.path, ...found.rest]] : [document, path];
  };
  return {
    document: relocated(document, at),
    value: phases ? { ...value, phases: phases.map(valueOf) } : value,
    diagnostics: expansion.diagnostics,
    parts: [...expansion.parts.values()],
    placeOf: (path) => locate(path)?.origin.place ?? place,
    includedAt: (file) => expansion.includedAt.get(file),
  };
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

  /** What a list of this kind stands for; undefined where it is no list. */
  entries(kind: PartKind, list: unknown, path: Path, spot: Spot): Origin[] | undefined {
    if (!Array.isArray(list)) return undefined;
    return list.flatMap((value: unknown, index) => {
      const at = [...path, index];
      if (isInclude(value)) return this.#include(kind, value, at, spot);
      return [
        kind === 'Phases' && isMap(value)
          ? this.#phase(value, at, spot)
          : { document: spot.document, path: at, place: spot.place, value },
      ];
    });
  }

  #phase(value: Raw, path: Path, spot: Spot): Origin {
    const place = withVars(spot.place, value);
    const lists = STEP_LISTS.flatMap((key) => {
      const steps = this.entries('Steps', value[key], [...path, key], { ...spot, place });
      return steps ? [[key, steps] as const] : [];
    });
    return { document: spot.document, path, place, value, lists: Object.fromEntries(lists) };
  }

  /** What an entry stands for; where that cannot be had, something that no further problem is found in. */
  #include(kind: PartKind, entry: Raw, path: Path, { document, place, chain }: Spot): readonly Origin[] {
    const nothing = [{ document, path, place, value: NOTHING[kind] }];
    const parsed = includeSchema.safeParse(entry, ONCE);
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
    if (!this.#files.has(target)) {
      const text = this.#read(target);
      if (!text.ok) return refuse('missing-file', `cannot include ${target}: ${text.why}`);
      this.#files.set(target, this.#partOf(target, text.value, kind, refuse));
    }
    const part = this.#files.get(target);
    if (!part) return nothing;
    if (part.value['kind'] !== kind) {
      return refuse(
        'wrong-kind',
        `${target} ${kindText(part.value['kind'])}: a list of ${kind.toLowerCase()} includes files of kind ${kind}`,
      );
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
    const within: Spot = { document: part.document, place: inner, chain: [...chain, target] };
    return this.entries(kind, part.value[key], [key], within) ?? nothing;
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
    const schema = PART_SCHEMAS[isPartKind(own) ? own : kind];
    if (isPartKind(own)) this.parts.set(file, { path: file, kind: own, text });
    const head = schema.safeParse(value, ONCE);
    if (isPartKind(own) && !head.success) {
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
