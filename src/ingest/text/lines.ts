import { cutTo } from '../../domain/readable-text.ts';

type Part = string | false | null | undefined;

/** The parts that say something, one below the other. */
export function lines(...parts: readonly Part[]): string {
  return said(parts).join('\n');
}

/** The parts that say something, on one line. */
export function line(...parts: readonly Part[]): string {
  return said(parts).join(' · ');
}

/** On one line, of at most `max` characters. */
export function short(text: string, max: number): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length <= max ? flat : `${cutTo(flat, max - 1)}…`;
}

/** "name: value", where there is one. */
export function labelled(name: string, value: string | number | null | undefined): string | undefined {
  const text = String(value ?? '').trim();
  return text === '' ? undefined : `${name}: ${text}`;
}

function said(parts: readonly Part[]): string[] {
  return parts.flatMap((part) => {
    const text = (part || '').trim();
    return text === '' ? [] : [text];
  });
}
