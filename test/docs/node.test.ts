import { expect, it } from 'vitest';
import { APPROVAL_MARKERS, INPUT_KEYS, KEY_PREFIX, KEYS, PENDING_TAINT, STATES } from '../../agent/names.ts';
import { readPage, tableOf } from './support/pages.ts';

const PAGE = 'docs/reference/node.md';

function firstCells(head: readonly string[]): readonly string[] {
  return tableOf(PAGE, head).map(([cell = '']) => cell.replaceAll('`', ''));
}

it('the page of the Node has a row for each state, in the order of the code', () => {
  expect(firstCells(['State', 'Meaning', 'What to do'])).toEqual(STATES);
});

it('the page of the Node has a row for each annotation that agents or others write, and no other row', () => {
  const keys = [...Object.values(KEYS), ...Object.values(INPUT_KEYS)].map((key) =>
    key.slice(KEY_PREFIX.length),
  );
  expect(firstCells(['Annotation', 'Content']).toSorted()).toEqual(keys.toSorted());
});

it('the page of the Node has a row for each mark that stands in place of an approval', () => {
  expect(firstCells(['Mark', 'Meaning']).toSorted()).toEqual(Object.values(APPROVAL_MARKERS).toSorted());
});

it('the page of the Node names the start-up taint', () => {
  expect(readPage(PAGE).prose).toContain(`\`${PENDING_TAINT.key}:${PENDING_TAINT.effect}\``);
});
