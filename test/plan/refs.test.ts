import { expect, test } from 'vitest';
import { RefBook } from '../../src/plan/refs.ts';

test('what a step sees of other nodes is what came before it, however many follow', () => {
  const book = new RefBook();
  const first = book.at('a');
  book.add({ node: 'a', id: '1.1-ask', ref: 'ask' });
  book.add({ node: 'b', id: '1.1-ask', ref: 'ask' });
  const later = book.at('b');
  book.add({ node: 'a', id: '2.1-ask', ref: 'ask' });
  expect([first.own.size, first.nodes.names(), first.nodes.of('a').size]).toEqual([0, [], 0]);
  expect(later.nodes.names()).toEqual(['a', 'b']);
  expect(later.nodes.of('a').get('ask')).toEqual(['a/1.1-ask']);
  expect(book.at('b').nodes.of('a').get('ask')).toEqual(['a/2.1-ask']);
});
