import { expect, it } from 'vitest';
import { createUpdateService } from '../../../../src/services/incidents/updates.ts';

it.each([
  [
    'is put off while the queue is another installation’s',
    false,
    { kind: 'later', ms: 60_000, called: false },
  ],
  ['is done where it is our own', true, { kind: 'done', called: false }],
] as const)('an edit of an incident that we do not know %s', async (_, isOurs, expected) => {
  const updates = createUpdateService({
    guard: { ready: async () => undefined },
    incidents: { find: async () => undefined },
    queue: { isOurs: async () => isOurs },
    // It asks for nothing else.
  } as never);
  expect(await updates.update('of another', new AbortController().signal)).toEqual(expected);
});
