import type { BotApiDouble } from '../../src/sandbox/bot-api-double.ts';

/** Shorter lines may stand in a log by chance. */
const SHORTEST_TEXT = 16;
/** Shorter numbers may be a time or a port. */
const SHORTEST_ID = 9;

/** A double, if it is a whole one. */
type MaybeDouble = Partial<Pick<BotApiDouble, 'calls' | 'chats'>>;

/**
 * What of a service's whole output should not be there: secrets, tokens, ids of chats, and any line of a text that went to
 * Telegram. Names the kind alone, with the line it is in.
 * @param stdout lines of the log @param secrets values that were given to it
 */
export function findOutputLeaks(
  stdout: readonly string[],
  { secrets, double = {} }: { readonly secrets: readonly string[]; readonly double?: MaybeDouble },
): string[] {
  const ids = (double.chats ?? []).map(({ id }) => String(id)).filter((id) => id.length >= SHORTEST_ID);
  const texts = (double.calls ?? [])
    .flatMap(({ payload }) => String(payload.text ?? payload.caption ?? '').split('\n'))
    .map((line) => line.trim())
    .filter((line) => line.length >= SHORTEST_TEXT);
  const needles: readonly (readonly [string, readonly string[]])[] = [
    ['a secret', secrets],
    ["a chat's id", ids],
    ['a text', [...new Set(texts)]],
  ];
  return stdout.flatMap((line) => [
    ...needles
      .filter(([, values]) => values.some((value) => line.includes(value)))
      .map(([kind]) => `${kind}: ${line}`),
    ...(/eyJ[\w-]{8,}\.[\w-]+/.test(line) ? [`a token: ${line}`] : []),
  ]);
}
