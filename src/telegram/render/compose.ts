import type { AlertContent } from '../../domain/alert.ts';
import { isLinkable } from '../links.ts';
import type { StyledText } from './styled-text.ts';

/** What a message shows that has nothing to show: Telegram refuses a text of white space. */
export const EMPTY_TEXT = '(empty message)';

/**
 * The whole text of an alert: title (bold), message, its address if there is no button for it, tags, whom it is from
 * (italic); one below the other, each unchanged.
 * @param withUrl shows the address in any case
 */
export function compose(content: AlertContent, message: StyledText, withUrl: boolean): StyledText {
  const { title = '', url, urlTitle } = content;
  const head = title === '' ? '' : `${title}\n`;
  const address =
    url !== undefined && (withUrl || !isLinkable(url)) ? [urlTitle, url].filter(Boolean).join(': ') : '';
  const from = signature(content);
  const lines = [address, toHashtags(content.tags ?? []), from].filter((line) => line !== '');
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
