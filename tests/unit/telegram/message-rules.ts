import { expect } from 'vitest';
import type { MessageEntity, RenderedPart } from '../../../src/services/ports/telegram.ts';

/** Entities as `type[detail]"covered text"`, in order: readable goldens. */
export function describeEntities(styled: { text: string; entities: readonly MessageEntity[] }): string[] {
  return styled.entities.map(({ type, offset, length, url, language }) => {
    const detail = url ?? language;
    return `${type}${detail === undefined ? '' : `[${detail}]`} ${styled.text.slice(offset, offset + length)}`;
  });
}

/** Fails unless Telegram would take the part as it is (limits of the Bot API; see src/telegram/render). */
export function expectSendable(part: RenderedPart): void {
  const limit = part.kind === 'message' ? 4_096 : 1_024;
  expect([...part.text].length).toBeLessThanOrEqual(limit);
  expect(part.text).toMatch(/[^\s\p{Cc}\p{Cf}]/u);
  // A lone surrogate cannot be written as UTF-8.
  expect(Buffer.from(part.text, 'utf8').toString('utf8') === part.text).toBe(true);
  expect(part.entities.length).toBeLessThanOrEqual(100);
  expect(Buffer.byteLength(JSON.stringify(part.entities))).toBeLessThanOrEqual(9_500);
  expectWellPlaced(part);
  if (part.kind === 'document') expect(part.document?.content.length).toBeGreaterThan(0);
  else expect(part.document).toBeUndefined();
}

/** Entities lie within the text, on character borders, are not empty, and are nested or apart. */
export function expectWellPlaced(styled: { text: string; entities: readonly MessageEntity[] }): void {
  const { text, entities } = styled;
  const isWithinPair = (index: number) =>
    /[\uDC00-\uDFFF]/.test(text[index] ?? '') && /[\uD800-\uDBFF]/.test(text[index - 1] ?? '');
  const faults = entities.filter(({ offset, length }) => {
    const end = offset + length;
    return offset < 0 || length < 1 || end > text.length || isWithinPair(offset) || isWithinPair(end);
  });
  expect(faults).toEqual([]);
  const openEnds: number[] = [];
  for (const { offset, length } of entities) {
    while ((openEnds.at(-1) ?? Number.POSITIVE_INFINITY) <= offset) openEnds.pop();
    expect(offset + length).toBeLessThanOrEqual(openEnds.at(-1) ?? Number.POSITIVE_INFINITY);
    openEnds.push(offset + length);
  }
}

/** The parts' texts put together, without their numbers. */
export function joinParts(parts: readonly RenderedPart[]): string {
  if (parts.length === 1) return parts[0]?.text ?? '';
  return parts
    .map(({ text }, index) => {
      const number = `(${index + 1}/${parts.length})\n`;
      expect(text.startsWith(number)).toBe(true);
      return text.slice(number.length);
    })
    .join('');
}
