import type { RenderedPart } from '../../services/ports/telegram.ts';
import { EMPTY_TEXT } from './compose.ts';
import { headOf } from './split.ts';
import { countCodePoints, isVisible, type StyledText } from './styled-text.ts';

/** Code points of a document's caption (Bot API; counted after entities are parsed). */
const MAX_CAPTION = 1_024;

const FILENAME = 'alert.txt';
const MORE = '…\n\n(full text in the file)';

/**
 * The file holds the text as it was written, so that no address behind a link is lost; its caption what is shown.
 * @param isHead `shown` is but the start of the text
 * @param from the text's last line if it says whom it is from, else empty: the caption shows it, too
 */
export function toDocument(content: string, shown: StyledText, from = '', isHead = false): RenderedPart {
  const document = { filename: FILENAME, content: content === '' ? EMPTY_TEXT : content };
  const isWhole = !isHead && countCodePoints(shown.text) <= MAX_CAPTION;
  const more = from === '' ? MORE : `${MORE}\n${from}`;
  const limit = isWhole ? MAX_CAPTION : MAX_CAPTION - countCodePoints(more);
  const { text, entities } = headOf(shown, limit);
  if (isWhole && !isVisible(text)) return { kind: 'document', text: EMPTY_TEXT, entities: [], document };
  return { kind: 'document', text: isWhole ? text : text + more, entities, document };
}
