import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Something to look for: its name, and the byte strings as which it could have been written down. */
export interface Needle {
  readonly name: string;
  readonly forms: readonly Buffer[];
}

/** A piece of what was stored or said. */
export interface Haystack {
  readonly name: string;
  readonly bytes: Buffer;
}

/** A text as it is, in UTF-16, in hex, and inside base64 wherever it may begin. */
export function textNeedle(text: string): Needle {
  const bytes = Buffer.from(text);
  const inBase64 = [0, 1, 2].map((shift) => {
    const coded = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // The first and the last characters also hold bits of the neighbours.
    return Buffer.from(
      coded.slice(Math.ceil((shift * 4) / 3), (bytes.length + shift) % 3 === 0 ? undefined : -1),
    );
  });
  return {
    name: text,
    forms: [bytes, Buffer.from(text, 'utf16le'), Buffer.from(bytes.toString('hex')), ...inBase64],
  };
}

/** A chat id in decimal, and as the 64-bit numbers of SQLite, Redis and MessagePack. */
export function chatNeedle(chatId: number): Needle {
  const numbers = [0, 1, 2].map(() => Buffer.alloc(8));
  const [big, little, double] = numbers as [Buffer, Buffer, Buffer]; // made with that length
  big.writeBigInt64BE(BigInt(chatId));
  little.writeBigInt64LE(BigInt(chatId));
  double.writeDoubleBE(chatId);
  return { name: `chat ${chatId}`, forms: [...textNeedle(String(chatId)).forms, big, little, double] };
}

/** All files below a folder. */
export function filesOf(folder: string): Haystack[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ name: relative(folder, file), bytes: readFileSync(file) }));
}

/** Where which needle lies, as "needle in haystack". */
export function findLeaks(needles: readonly Needle[], haystacks: readonly Haystack[]): string[] {
  return haystacks.flatMap(({ name, bytes }) =>
    needles
      .filter(({ forms }) => forms.some((form) => bytes.includes(form)))
      .map((needle) => `${needle.name} in ${name}`),
  );
}
