import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Fact, FactOptions } from '../../src/facts/fact.ts';
import { clusterFacts, nodeFacts } from '../../src/facts/registry.ts';

const facts: Readonly<Record<string, Fact<unknown>>> = { ...nodeFacts, ...clusterFacts };
const root = new URL('../fixtures/facts/', import.meta.url);
const ENDINGS = ['.out', '.options.json', '.json', '.error'];

const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

/** The endings of each case's files, by its name. */
function casesOf(id: string): ReadonlyMap<string, readonly string[]> {
  const cases = new Map<string, string[]>();
  for (const file of existsSync(new URL(id, root)) ? readdirSync(new URL(id, root)).toSorted() : []) {
    const ending = ENDINGS.find((one) => file.endsWith(one)) ?? '';
    const name = ending === '' ? file : file.slice(0, -ending.length);
    cases.set(name, [...(cases.get(name) ?? []), ending]);
  }
  return cases;
}

/** What is missing or too much in a case, as what to do about it. */
function gapsOf(path: string, endings: readonly string[]): string[] {
  const results = ['.json', '.error'].filter((ending) => endings.includes(ending));
  if (endings.includes('')) return [`rename ${path}: a case's files end in ${ENDINGS.join(', ')}`];
  if (!endings.includes('.out')) return [`add ${path}.out: the output that the fact's script prints`];
  if (results.length === 0)
    return [`add ${path}.json with the value that the parser returns, or ${path}.error with a part of its message`];
  return results.length > 1 ? [`remove ${path}.json or ${path}.error: a parser returns or throws`] : [];
}

it('every fact has a case, and every case its files', () => {
  const gaps = Object.keys(facts).flatMap((id) => {
    const cases = [...casesOf(id)];
    if (cases.length === 0) return [`add a case of ${id}: test/fixtures/facts/${id}/CASE.out and CASE.json`];
    return cases.flatMap(([name, endings]) => gapsOf(`test/fixtures/facts/${id}/${name}`, endings));
  });
  const strangers = readdirSync(root).filter((id) => !(id in facts));
  expect([...gaps, ...strangers.map((id) => `rename test/fixtures/facts/${id}: no fact has this id`)]).toEqual([]);
});

describe.each(Object.entries(facts))('%s', (id, fact) => {
  const complete = [...casesOf(id)].filter(([, endings]) => gapsOf('', endings).length === 0);
  it.each(complete.map(([name, endings]) => [name.replaceAll('-', ' '), name, endings] as const))(
    '%s',
    (_, name, endings) => {
      const given = endings.includes('.options.json')
        ? (JSON.parse(read(`${id}/${name}.options.json`)) as Partial<FactOptions>)
        : {};
      const parse = () => fact.parse(read(`${id}/${name}.out`), { kubeconfig: '/etc/kubernetes/admin.conf', ...given });
      if (endings.includes('.json')) expect(parse()).toStrictEqual(JSON.parse(read(`${id}/${name}.json`)));
      else expect(parse).toThrow(read(`${id}/${name}.error`).trim());
    },
  );
});
