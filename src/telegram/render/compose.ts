import { type AlertContent, linkLine, linksOf } from '../../domain/alert.ts';
import { isLinkable } from '../links.ts';
import type { StyledText } from './styled-text.ts';

/** What a message shows that has nothing to show: Telegram refuses a text of white space. */
export const EMPTY_TEXT = '(empty message)';

/**
 * The whole text of an alert: title (bold), message, the addresses that there is no button for, tags, whom it is from
 * (italic); one below the other, each unchanged.
 * @param withUrls shows its addresses in any case
 */
export function compose(content: AlertContent, message: StyledText, withUrls: boolean): StyledText {
  const { title = '' } = content;
  const head = title === '' ? '' : `${title}\n`;
  const addresses = linksOf(content).filter(({ url }) => withUrls || !isLinkable(url));
  const from = signature(content);
  const lines = [...addresses.map(linkLine), toHashtags(content.tags ?? []), from].filter(
    (line) => line !== '',
  );
  const text = [head + message.text, ...lines].join('\n');
  return {
    text,
    entities: [
      ...(title === '' ? [] : [{ type: 'bold', offset: 0, length: title.length }]),
      ...message.entities.map((entity) => ({ ...entity, offset: entity.offset + head.length })),
      ...(from === '' ? [] : [{ type: 'italic', offset: text.length - from.length, length: from.length }]),
    ],
  };
}

/** The line that says whom an alert is from, as text: names are no markup. Empty where that is not shown. */
export function signature({ from }: Pick<AlertContent, 'from'>): string {
  return from === undefined ? '' : `— ${from}`;
}

/** "#disk_full #db": Telegram's hashtags are letters, digits and underscores, so all else becomes an underscore. */
function toHashtags(tags: readonly string[]): string {
  return tags
    .map((tag) => tag.replace(/[^\p{L}\p{M}\p{N}_]+/gu, '_').replace(/^_+|_+$/g, ''))
    .filter((tag) => tag !== '')
    .map((tag) => `#${tag}`)
    .join(' ');
}
