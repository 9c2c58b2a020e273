import { badRequest } from './refusals.ts';
import type { Payload, UploadedFile } from './types.ts';

/** Readers of request fields: the Bot API takes every value as JSON or, from forms, as a string. */

export function readString(payload: Payload, field: string): string | undefined {
  const value = payload[field];
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : typeof value === 'object' ? undefined : String(value);
}

export function readInteger(payload: Payload, field: string): number | undefined {
  const text = readString(payload, field);
  return text !== undefined && /^-?\d{1,16}$/.test(text) ? Number(text) : undefined;
}

/** As Telegram: true, "true", "yes" and non-zero numbers. */
export function readFlag(payload: Payload, field: string): boolean {
  return /^(true|yes|[1-9]\d*)$/i.test(readString(payload, field) ?? '');
}

/** An object or array, as itself or as JSON text. @throws Refusal 400 when the text is no JSON */
export function readJson(payload: Payload, field: string): unknown {
  const value = payload[field];
  if (typeof value !== 'string') return value ?? undefined;
  if (value === '') return undefined;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    throw badRequest(`can't parse ${field.replaceAll('_', ' ')} JSON object`);
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isUpload(value: unknown): value is UploadedFile {
  return isRecord(value) && Buffer.isBuffer(value.content) && typeof value.filename === 'string';
}
