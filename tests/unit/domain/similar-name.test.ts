import { expect, it } from 'vitest';
import { similarName } from '../../../src/domain/similar-name.ts';

const FIELDS = ['message', 'title', 'url', 'urlTitle', 'tags', 'ttl', 'deliverAt', 'threadId', 'chatId'];

it.each([
  ['titel', 'title'],
  ['Titles', 'title'],
  ['mesage', 'message'],
  ['messsage', 'message'],
  ['URL', 'url'],
  ['uri', 'url'],
  ['url_title', 'urlTitle'],
  ['deliver-at', 'deliverAt'],
  ['dliverAt', 'deliverAt'],
  ['tag', 'tags'],
  ['chat_id', 'chatId'],
  ['time', undefined],
  ['text', undefined],
  ['', undefined],
  ['x'.repeat(10_000), undefined],
])('%s was probably %s', (given, meant) => {
  expect(similarName(given, FIELDS)).toBe(meant);
});
