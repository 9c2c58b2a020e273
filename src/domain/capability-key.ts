/** A key that can only send, only through one adapter. Times are epoch milliseconds. */
export interface CapabilityKey {
  readonly id: number;
  readonly integrationId: number;
  /** One of the names in src/ingest/adapters.ts. */
  readonly adapter: string;
  readonly name: string;
  readonly createdAt: number;
}

/** What an adapter goes by beside the request, by the names of its schema: plain JSON. */
export type KeyOptions = Readonly<Record<string, unknown>>;

/** Keys of one integration (the contract). */
export const MAX_KEYS = 20;

/** 32 random bytes in base64url. */
const KEY_FORM = /^[A-Za-z0-9_-]{43}$/;

/** True for what has the form of a key; a token has dots. */
export function isKeyForm(credential: string): boolean {
  return KEY_FORM.test(credential);
}
