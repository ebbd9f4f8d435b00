/** Array-based trees: the relations agree with each other. */

import { expect, test } from 'vitest';

import * as treeMath from '../../src/mls/tree_math.ts';
import { type Chance, forAll } from './random.ts';

const size = (chance: Chance): number => 2 ** chance.integer(0, 10);

test.each([
  [0, 1],
  [1, 1],
  [2, 2],
  [3, 4],
  [4, 4],
  [5, 8],
  [1000, 1024],
  [2 ** 29 + 1, 2 ** 30],
])('%i members need %i places', (members, places) => {
  expect(treeMath.paddedLeafCount(members)).toBe(places);
});

test('children know their parent', () => {
  forAll(500, (chance) => {
    const node = 2 * chance.integer(0, 2 ** chance.integer(0, 28)) + 1;
    const left = treeMath.left(node);
    const right = treeMath.right(node);
    expect([treeMath.parent(left), treeMath.parent(right)]).toEqual([node, node]);
    expect([treeMath.sibling(left), treeMath.sibling(right)]).toEqual([right, left]);
    const below = treeMath.level(node) - 1;
    expect([treeMath.level(left), treeMath.level(right)]).toEqual([below, below]);
    const [first, last] = treeMath.span(node);
    expect(treeMath.span(left)[0]).toBe(first);
    expect(treeMath.span(right)[1]).toBe(last);
    expect(treeMath.span(left)[1] + 2).toBe(treeMath.span(right)[0]);
  });
});

test('paths end at the root', () => {
  forAll(300, (chance) => {
    const leaves = size(chance);
    const node = 2 * chance.integer(0, leaves - 1);
    const path = treeMath.directPath(node, leaves);
    expect(path.length).toBe(Math.log2(leaves));
    expect(path.at(-1) ?? treeMath.root(leaves)).toBe(treeMath.root(leaves));
    expect(treeMath.copath(node, leaves).map(treeMath.parent)).toEqual(path);
    expect(path.every((above) => treeMath.isUnder(node, above))).toBe(true);
  });
});

test('the common ancestor is the lowest', () => {
  forAll(100, (chance) => {
    const leaves = 2 ** chance.integer(0, 8);
    const one = 2 * chance.integer(0, leaves - 1);
    const other = 2 * chance.integer(0, leaves - 1);
    const meeting = treeMath.commonAncestor(one, other);
    expect(meeting).toBe(treeMath.commonAncestor(other, one));
    const shared = Array.from({ length: treeMath.nodeCount(leaves) }, (_, node) => node)
      .filter((node) => treeMath.isUnder(one, node) && treeMath.isUnder(other, node))
      .sort((first, second) => treeMath.level(first) - treeMath.level(second));
    expect(meeting).toBe(shared[0]);
  });
});

test('leaves are even', () => {
  expect([0, 1, 2, 3].map(treeMath.isLeaf)).toEqual([true, false, true, false]);
});
