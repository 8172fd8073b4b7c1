import { readFileSync } from 'node:fs';
import { factsDigest, type FactsDocument } from '../../src/facts-file/document.ts';
import { placeOf } from '../../src/facts-file/problems.ts';

export interface Mutant {
  /** Of what is changed, as messages have it. */
  readonly place: string;
  readonly change: string;
  readonly value: object;
}

/** The text of the facts of a real cluster. */
export function realText(kind: 'single' | 'ha'): string {
  return readFileSync(new URL(`../fixtures/facts-file/kubeadm-1.20.2-${kind}.json`, import.meta.url), 'utf8');
}

/** The text of what a document became, as `runbook facts` would have written it. */
export function sealed(value: object): string {
  // The digest is of whatever is there.
  return JSON.stringify({ ...value, digest: factsDigest(value as FactsDocument) });
}

/**
 * Each value of a document: of another type, null, missing, and with a member that no one knows. Of values that have
 * the same form, the first. Only for as long as it is looked at: the next is made of the same objects.
 */
export function* mutants(text: string): Generator<Mutant> {
  const whole = smaller(JSON.parse(text) as FactsDocument);
  const met = new Set(['.digest']);
  for (const [holder, key, path] of valuesOf(whole, [])) {
    const form = path.map((part) => (/^[a-z]+$/i.test(String(part)) ? `.${String(part)}` : '.*')).join('');
    if (met.has(form)) continue;
    met.add(form);
    const place = placeOf(path);
    const found: unknown = Reflect.get(holder, key);
    for (const other of othersOf(found, met.size)) {
      Reflect.set(holder, key, other);
      yield { place, change: `becomes ${JSON.stringify(other)}`, value: whole };
    }
    Reflect.set(holder, key, found);
    if (typeof found === 'object' && found !== null && !Array.isArray(found)) {
      Reflect.set(found, 'unheardOf', []);
      yield { place: placeOf([...path, 'unheardOf']), change: 'is added', value: whole };
      Reflect.deleteProperty(found, 'unheardOf');
    }
    yield { place, change: 'is taken out', value: without(whole, path) };
  }
}

/** Of a control plane and a worker, with little of each kind. */
function smaller(document: FactsDocument): FactsDocument {
  const { inventory, asked, facts } = document;
  const nodes = inventory.nodes.slice(0, 2);
  const names = nodes.map(({ name }) => name);
  const kept = { ...facts, nodes: Object.fromEntries(names.map((name) => [name, facts.nodes[name] ?? {}])) };
  return {
    ...document,
    inventory: { ...inventory, nodes },
    asked: { ...asked, nodes: names },
    facts: shortened(kept) as FactsDocument['facts'],
  };
}

/** Lists have their first entries: what follows is like them. */
function shortened(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 2).map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shortened(one)]));
}

/** Null, and of another type, which is not the same for each value. */
function othersOf(found: unknown, turn: number): unknown[] {
  const others = ['five', 5, true, ['five'], { five: 5 }].filter((other) => kindOf(other) !== kindOf(found));
  return [null, others[turn % 4]];
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}

function* valuesOf(holder: object, path: readonly PropertyKey[]): Generator<[object, string, readonly PropertyKey[]]> {
  for (const key of Object.keys(holder)) {
    const own = [...path, Array.isArray(holder) ? Number(key) : key];
    yield [holder, key, own];
    const value: unknown = Reflect.get(holder, key);
    if (typeof value === 'object' && value !== null) yield* valuesOf(value, own);
  }
}

/** A copy along the path; the rest is shared. */
function without(holder: object, [key = '', ...rest]: readonly PropertyKey[]): object {
  const copy: object = Array.isArray(holder) ? holder.slice() : { ...holder };
  if (rest.length > 0) Reflect.set(copy, key, without(Reflect.get(copy, key) as object, rest));
  else if (Array.isArray(copy)) copy.splice(Number(key), 1);
  else Reflect.deleteProperty(copy, key);
  return copy;
}
