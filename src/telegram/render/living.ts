import type { RenderedPart } from '../../services/ports/telegram.ts';
import { headOf } from './split.ts';
import { countCodePoints, MAX_TEXT, type StyledText } from './styled-text.ts';

/** Where a text goes on that does not fit. */
const CUT = '…';

/** As much of the text as fits into one message, above the line. */
export function toLiving(
  shown: StyledText,
  line: StyledText,
): { readonly part: RenderedPart; readonly isWhole: boolean } {
  const below = line.text === '' ? '' : `\n${line.text}`;
  const room = MAX_TEXT - countCodePoints(below);
  const whole = headOf(shown, room);
  const isWhole = whole.text.length >= shown.text.trimEnd().length;
  const { text, entities } = isWhole ? whole : withMark(headOf(shown, room - CUT.length));
  const moved = line.entities.map((entity) => ({ ...entity, offset: entity.offset + text.length + 1 }));
  return { part: { kind: 'message', text: text + below, entities: [...entities, ...moved] }, isWhole };
}

function withMark({ text, entities }: StyledText): StyledText {
  return { text: text + CUT, entities };
}
