import type { RenderedPart } from '../../services/ports/telegram.ts';
import { EMPTY_TEXT } from './compose.ts';
import { headOf } from './split.ts';
import { countCodePoints, isVisible, type StyledText } from './styled-text.ts';

/** Code points of a document's caption (Bot API; counted after entities are parsed). */
const MAX_CAPTION = 1_024;

const FILENAME = 'alert.txt';
const MORE = '…\n\n(full text in the file)';

/** The file holds the text as it was written, so that no address behind a link is lost; its caption what is shown. */
export function toDocument(content: string, shown: StyledText): RenderedPart {
  const document = { filename: FILENAME, content: content === '' ? EMPTY_TEXT : content };
  const isWhole = countCodePoints(shown.text) <= MAX_CAPTION;
  const { text, entities } = isWhole ? headOf(shown, MAX_CAPTION) : headOf(shown, MAX_CAPTION - MORE.length);
  if (isWhole && !isVisible(text)) return { kind: 'document', text: EMPTY_TEXT, entities: [], document };
  return { kind: 'document', text: isWhole ? text : text + MORE, entities, document };
}
