import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { phaseLines } from '../../src/render/phase-layout.ts';
import { NodeView } from '../../src/render/phase-view.ts';
import { createStyle } from '../../src/render/style.ts';
import { START } from './samples.ts';

const STEP = { at: new Date(START).toISOString(), step: '1.1-a', title: 'A' };
const kind = fc.constantFrom('waiting', 'running', 'between', 'done', 'failed');

it('a phase takes no more rows than it is given, and shows all nodes, or their number, as long as there are ten', () => {
  const style = createStyle({ color: false, unicode: true });
  fc.assert(
    fc.property(fc.array(kind, { maxLength: 60 }), fc.integer({ min: 0, max: 60 }), (kinds, rows) => {
      const nodes = kinds.map((kind, index) => nodeView(`n${index}`, kind));
      const state = { head: ['head'], nodes, latest: nodes.at(-1), now: START, verbose: false };
      const lines = phaseLines(state, rows, style).map((line) => style.line(line));
      expect(lines.length).toBeLessThanOrEqual(rows);
      if (rows < 10) return;
      const hidden = Number(/(\d+) more nodes at work/.exec(lines.join('\n'))?.[1] ?? 0);
      const shown = nodes.filter(({ name }) => new RegExp(`\\b${name}\\b`).test(lines.join('\n')));
      expect(shown.length + hidden).toBe(nodes.length);
    }),
  );
});

function nodeView(name: string, kind: string): NodeView {
  const view = new NodeView(name);
  const finish = (outcome: 'changed' | 'failed'): void =>
    view.finished({ type: 'step-finished', ...STEP, node: name, outcome, reason: 'so', duration: 10 });
  const begin = (): void =>
    view.started({ type: 'step-started', ...STEP, node: name, attempt: 1, commands: [], reattached: false }, START);
  if (kind === 'between' || kind === 'done') finish('changed');
  if (kind === 'failed') finish('failed');
  if (kind === 'running') begin();
  if (kind === 'running') view.output('one\ntwo\nthree\nfour\nfive\nsix\n');
  return view;
}
