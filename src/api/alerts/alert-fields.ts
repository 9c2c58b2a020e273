import {
  ALERT_FORMATS,
  ALERT_LIMITS,
  ALERT_PRIORITIES,
  type AlertFormat,
  type AlertPriority,
} from '../../domain/alert.ts';
import { createFieldReader, type ReadField } from '../lenient/field-reader.ts';
import {
  addressUpTo,
  asItIs,
  chatNumber,
  lineUpTo,
  listOf,
  textUpTo,
  time,
  wholeNumber,
  word,
  yesOrNo,
} from '../lenient/read-values.ts';

const OTHER_FORMATS: Readonly<Record<string, AlertFormat>> = { md: 'markdown', text: 'plain', txt: 'plain' };

/** ntfy's names and numbers (https://docs.ntfy.sh/publish/#message-priority). */
const OTHER_PRIORITIES: Readonly<Record<string, AlertPriority>> = {
  ...{ min: 'low', 1: 'low', 2: 'low' },
  ...{ default: 'normal', 3: 'normal' },
  ...{ max: 'high', urgent: 'high', 4: 'high', 5: 'high' },
};

const FIELDS: Readonly<Record<string, ReadField>> = {
  message: asItIs,
  title: textUpTo(ALERT_LIMITS.title),
  format: word(ALERT_FORMATS, OTHER_FORMATS),
  priority: word(ALERT_PRIORITIES, OTHER_PRIORITIES),
  silent: yesOrNo,
  url: addressUpTo(ALERT_LIMITS.url),
  urlTitle: lineUpTo(ALERT_LIMITS.urlTitle),
  tags: listOf(lineUpTo(ALERT_LIMITS.tag), ALERT_LIMITS.tags),
  ttl: wholeNumber,
  deliverAt: time,
  threadId: wholeNumber,
  key: asItIs,
  resolve: yesOrNo,
  acknowledge: yesOrNo,
  chatId: chatNumber,
};

/** Their names. */
export const ALERT_FIELDS: ReadonlySet<string> = new Set(Object.keys(FIELDS));

/** The fields of POST /api/alert as they were meant. */
export const readAlertFields = createFieldReader(FIELDS, (fields, warn) => {
  if ((fields.urlTitle ?? undefined) === undefined || (fields.url ?? undefined) !== undefined) return fields;
  warn('urlTitle is the text of the button for url, and there is none: left out.');
  return { ...fields, urlTitle: undefined };
});
