import { integer } from '../formats.ts';
import type { Variable } from './variable.ts';

/** How many alerts, and how fast. */
export const ALERTS = {
  MAX_ALERTS: {
    ...integer(1, 10_000_000),
    fallback: '10',
    example: '100',
    about: 'How many alerts each integration can send per day.',
  },
  MAX_INTEGRATIONS_PER_CHAT: {
    ...integer(1, 10_000),
    fallback: '20',
    example: '50',
    about: 'How many integrations each chat can have, revoked ones not counted.',
  },
  MAX_QUEUE_SIZE: {
    ...integer(1, 1_000_000),
    fallback: '500',
    example: '1000',
    about:
      'The most pending alerts (due for delivery, not yet ended) that the queue holds; further ones are refused with 503.',
  },
  MAX_PENDING_PER_CHAT: {
    ...integer(0, 1_000_000),
    fallback: '0',
    example: '100',
    about: 'The most pending alerts per chat. 0: no limit other than MAX_QUEUE_SIZE.',
  },
  MAX_SCHEDULED: {
    ...integer(0, 1_000_000),
    fallback: '10000',
    example: '20000',
    about:
      'The most scheduled alerts (accepted with a later deliverAt, not yet ended) that the service holds, 100 of them per chat.',
  },
  SEND_DELAY_MS: {
    ...integer(0, 3_600_000, 'milliseconds'),
    fallback: '1000',
    example: '500',
    about: 'The shortest time between two sends, across all workers. 0 disables.',
  },
  CHAT_DELAY_MS: {
    ...integer(0, 3_600_000, 'milliseconds'),
    fallback: '1000',
    example: '1500',
    about:
      "The shortest time between two sends to one chat (Telegram's limit is about one a second). 0 disables.",
  },
  GROUP_LIMIT_PER_MINUTE: {
    ...integer(0, 10_000),
    fallback: '20',
    example: '15',
    about: "How many sends one group gets per minute (Telegram's limit is 20). 0 disables.",
  },
  WORKER_CONCURRENCY: {
    ...integer(1, 100),
    fallback: '1',
    example: '4',
    about: 'How many sends each worker process may have in flight.',
  },
  RING_AGAIN_MINUTES: {
    ...integer(1, 10_080, 'minutes'),
    fallback: '60',
    example: '30',
    about: 'A repeat of an open incident rings again when the last ring is so long ago.',
  },
  INCIDENT_HOURS: {
    ...integer(1, 720, 'hours'),
    fallback: '72',
    example: '24',
    about: 'An incident that was not heard of for so long is closed as stale.',
  },
  BUTTON_HOURS: {
    ...integer(1, 720, 'hours'),
    fallback: '48',
    example: '72',
    about:
      'How long the buttons of an alert work, and the text of an open incident is kept (sealed) for further edits.',
  },
  MAX_FOLDED: {
    ...integer(0, 10_000_000),
    fallback: '5000',
    example: '20000',
    about: 'How many alerts each integration can send per day that go into messages that are there already.',
  },
} as const satisfies Record<string, Variable>;
