import type { RenderedPart, RenderRest } from '../../services/ports/telegram.ts';
import { toDocument } from './document.ts';
import { countCodePoints, MAX_TEXT } from './styled-text.ts';

/** @see RenderRest. Addresses that stood behind links are shown, in a message only where there is room for them. */
export const renderRest: RenderRest = (parts, as, addresses) => {
  const last: RenderedPart[] = addresses === null ? [] : [{ kind: 'message', text: addresses, entities: [] }];
  if (as === 'plain') return [...parts.map(toPlain), ...last];
  const text = [...parts, ...last].map(withAddresses).join('\n');
  return [toDocument(text, { text, entities: [] })];
};

function toPlain(part: RenderedPart): RenderedPart {
  const text = withAddresses(part);
  return { ...part, text: countCodePoints(text) <= MAX_TEXT ? text : part.text, entities: [] };
}

/** The text with the address of each link behind it. */
function withAddresses({ text, entities }: RenderedPart): string {
  const links = entities.filter(({ url }) => url !== undefined).toSorted((a, b) => b.offset - a.offset);
  return links.reduce((shown, { offset, length, url = '' }) => {
    const end = offset + length;
    const isShown = shown.slice(offset, end) === url;
    return isShown ? shown : `${shown.slice(0, end)} (${url})${shown.slice(end)}`;
  }, text);
}
