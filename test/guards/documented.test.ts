import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { shippedEtcd } from '../../src/facts/lib/etcd-releases.ts';
import { NEWEST_MINOR } from '../../src/facts/lib/newest-release.ts';
import { guards } from '../../src/guards/registry.ts';
import { minors as labMinors } from '../../src/lab/releases.ts';

const node = { name: 'cp-1', host: '10.0.0.9', role: 'control-plane' } as const;
const text = readFileSync(new URL('../../docs/guards.md', import.meta.url), 'utf8').replace(/\s+/g, ' ');
/** `- **`id`** (each step, binding). Title. What it says. _Rule: source._`, up to the next entry or heading. */
const entries = [
  ...text.matchAll(/- \*\*`([a-z0-9-]+)`\*\* \((plan|each step)(, binding)?\)\. (.*?)(?= - \*\*`| ## | <!--|$)/g),
];

describe('docs/guards.md', () => {
  test.each([...guards.values()])(
    'tells of $id what it is about, when it is asked and where its rule stands',
    (guard) => {
      const entry = entries.find(([, id]) => id === guard.id);
      expect(entry, `docs/guards.md has no entry for ${guard.id}`).toBeDefined();
      const [, , asked, binding, rest = ''] = entry ?? [];
      expect(asked).toBe(guard.scope === 'step' ? 'each step' : 'plan');
      expect(binding !== undefined, 'called binding').toBe(guard.binding !== undefined);
      expect(plain(rest)).toContain(plain(guard.title));
      expect(plain(rest)).toContain(plain(`Rule: ${guard.source}`));
      const data = /Data compared up to 1\.(\d+)\./.exec(rest)?.[1];
      expect(data === undefined ? undefined : Number(data)).toBe(guard.comparedWith);
    },
  );

  test('tells of no guard that is not there, and of none twice', () => {
    const told = entries.map(([, id]) => id);
    expect(new Set(told)).toEqual(new Set(guards.keys()));
    expect(told).toHaveLength(guards.size);
  });
});

describe('tables of data', () => {
  const dated = [...guards.values()].filter(({ comparedWith }) => comparedWith !== undefined);

  test.each(dated)('those of $id are as new as the newest release that the program knows', ({ comparedWith }) => {
    expect(comparedWith).toBeGreaterThanOrEqual(NEWEST_MINOR);
  });

  test('have their release in the guard that reads them', () => {
    const folder = new URL('../../src/guards/', import.meta.url);
    const readers = [...guards.keys()].filter((id) =>
      readFileSync(new URL(`${id}.ts`, folder), 'utf8').includes(".data.ts'"),
    );
    expect(readers.length).toBeGreaterThan(2);
    expect(dated.map(({ id }) => id)).toEqual(expect.arrayContaining(readers));
  });

  test('know the etcd of each minor, and the lab has them all', () => {
    expect(labMinors.at(-1)?.minor).toBe(`1.${NEWEST_MINOR}`);
    for (const { minor } of labMinors) expect(shippedEtcd(`${minor}.0`)).toBeDefined();
    expect(shippedEtcd(`1.${NEWEST_MINOR}.0`)?.certain).toBe(true);
  });
});

describe('a guard', () => {
  test('has a file of its own, named by its id', () => {
    const files = readdirSync(new URL('../../src/guards/', import.meta.url)).filter((file) => file.endsWith('.ts'));
    const rest = ['guard.ts', 'registry.ts'];
    expect(new Set(files)).toEqual(new Set([...rest, ...[...guards.keys()].map((id) => `${id}.ts`)]));
  });

  /** Throws as soon as a rule looks at it. */
  const untouchable = new Proxy({ nodes: {} }, { get: () => raise() });

  test.each([...guards.values()])(
    '$id looks at the cluster as it stands, or says that it is about steps alone',
    (guard) => {
      const looks = () => guard.check({ nodes: [node], before: untouchable, after: untouchable });
      if (guard.ofSteps) expect(looks()).toEqual([]);
      else expect(looks).toThrow('looked');
    },
  );
});

function raise(): never {
  throw new Error('looked');
}

/** Without what Markdown needs around words. */
function plain(words: string): string {
  return words.replace(/[*_\\]/g, '').trim();
}
