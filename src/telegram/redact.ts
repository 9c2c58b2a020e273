/** Both forms in which a bot's token stands in a Bot API address: methods (`/bot…/`) and files (`/file/bot…/`). */
const TOKEN_IN_PATH = /\/bot\d+:[^/\s]+/g;

/** Takes bot tokens out of a text: node-fetch's messages hold the address that was called, with the token in it. */
export function redactToken(text: string): string {
  return text.replace(TOKEN_IN_PATH, '/bot[REDACTED]');
}
