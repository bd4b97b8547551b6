// Whether each sentence of docs/SECURITY-MODEL.md has its test.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { assertCites } from './cited.mjs';

const PAGE = readFileSync(new URL('../SECURITY-MODEL.md', import.meta.url), 'utf8');
const PARTS = PAGE.split(/^## /m).slice(1).map(part => {
  const [title, ...lines] = part.split('\n');
  return { title, points: lines.join('\n').split(/^- /m).slice(1) };
});

test('eachAttackerHasHisPart', () => {
  assert.deepEqual(PARTS.filter(({ title }) => title.startsWith('Who ')).map(({ title }) => title), [
    'Who knows nothing', 'Who knows an id', 'Who is on the wire', 'Who owns the page',
    'Who owns the node', 'Who is another site on the node',
  ]);
});

test('eachPointNamesTestsThatExist', () => {
  for (const { title, points } of PARTS.filter(each => each.title.startsWith('Who '))) {
    assert.ok(points.length > 3, title);
    for (const point of points) {
      assertCites(point);
      assert.match(point, /^\*\*(Can|Can't)\*\* /, 'a point says what can be done, or can\'t');
    }
  }
});
