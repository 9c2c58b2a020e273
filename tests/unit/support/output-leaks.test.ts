import { expect, it } from 'vitest';
import { findOutputLeaks } from '../../support/output-leaks.ts';

const double = {
  chats: [{ id: 845_120_977_316_204, type: 'private' }],
  calls: [{ payload: { text: 'Disk full\nThe disk of db-3 is full since noon' } }],
} as never; // only these fields are read

it.each([
  ['{"message":"x","token":"a-secret-of-the-tests"}', 'a secret'],
  ['{"chatId":845120977316204}', "a chat's id"],
  ['{"error":"could not send: The disk of db-3 is full since noon"}', 'a text'],
  ['{"url":"/api/x?auth=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x"}', 'a token'],
])('finds what a log must not hold in %s', (line, kind) => {
  expect(findOutputLeaks([line], { secrets: ['a-secret-of-the-tests'], double })).toEqual([
    `${kind}: ${line}`,
  ]);
});

it('leaves a clean line alone', () => {
  const line = '{"chatId":"f247ae2948641602","message":"Alert delivered"}';
  expect(findOutputLeaks([line], { secrets: ['a-secret-of-the-tests'], double })).toEqual([]);
});
