import { MAX_NAME_LENGTH } from '../domain/integration.ts';

/** Telegram's limit: 1 to 64 characters of this alphabet. */
const MAX_PAYLOAD = 64;
const PAYLOAD = /^token_(-?\d{1,16})(?:_([A-Za-z0-9_-]+))?$/;

/** A request for another chat's setup token. It is no permission: whoever opens the link is checked. */
export interface TokenRequest {
  readonly chatId: number;
  readonly name: string | undefined;
}

/** `https://t.me/<bot>?start=token_<chat>_<name in base64url>`; a name that does not fit is left out. */
export function tokenLink(botName: string, request: TokenRequest): string {
  const bare = `token_${request.chatId}`;
  const named =
    request.name === undefined ? bare : `${bare}_${Buffer.from(request.name).toString('base64url')}`;
  return `https://t.me/${botName}?start=${named.length <= MAX_PAYLOAD ? named : bare}`;
}

/** The request in a `/start` payload; undefined for every other payload. */
export function parseTokenRequest(payload: string): TokenRequest | undefined {
  const match = PAYLOAD.exec(payload);
  if (match === null) return undefined;
  const chatId = Number(match[1]);
  const name = match[2] === undefined ? '' : Buffer.from(match[2], 'base64url').toString('utf8').trim();
  const usable = name.length > 0 && name.length <= MAX_NAME_LENGTH && !/\p{Cc}/u.test(name);
  return { chatId, name: usable ? name : undefined };
}

const KEY_PAYLOAD = /^key_(-?\d{1,16})_(\d{1,10})_([a-z-]{1,16})$/;

/** A request for a key of an integration of another chat. It is no permission either. */
export interface KeyRequest {
  readonly chatId: number;
  readonly integrationId: number;
  readonly adapter: string;
}

/** `https://t.me/<bot>?start=key_<chat>_<integration>_<adapter>`: 47 characters at most. */
export function keyLink(botName: string, { chatId, integrationId, adapter }: KeyRequest): string {
  return `https://t.me/${botName}?start=key_${chatId}_${integrationId}_${adapter}`;
}

/** The request in a `/start` payload; undefined for every other payload. */
export function parseKeyRequest(payload: string): KeyRequest | undefined {
  const [, chatId, integrationId, adapter = ''] = KEY_PAYLOAD.exec(payload) ?? [];
  if (chatId === undefined) return undefined;
  return { chatId: Number(chatId), integrationId: Number(integrationId), adapter };
}
