/** What must never be written down, wherever it stands in a text, and what stands there instead. */
const RULES: readonly (readonly [RegExp, string])[] = [
  // Bot tokens: in the addresses of the Bot API (Telegraf's network errors hold them), and alone.
  [/\/bot\d+:[^/\s]+/g, '/bot[REDACTED]'],
  [/(?<!\d)\d{6,20}:[A-Za-z0-9_-]{30,}/g, '[REDACTED]'],
  // JWTs, also cut ones.
  [/eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}/g, '[REDACTED]'],
  // Capability keys: 32 bytes in base64url, in addresses and alone.
  [/(?<![\w-])[\w-]{43}(?![\w-])/g, '[REDACTED]'],
  // Authorization headers. The lookahead spares prose such as "bearer authentication".
  [/\b([Bb]asic|[Bb]earer|BASIC|BEARER) +(?=\S*[\dA-Z=])[A-Za-z0-9+/=_.~-]{6,}/g, '$1 [REDACTED]'],
  // User and password in URLs (Redis, PostgreSQL, proxies). The scheme's length is bounded to keep this linear.
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@]*@/gi, '$1[REDACTED]@'],
  [/([?&](?:access_token|token|auth|key|secret|password)=)[^&\s#"']+/gi, '$1[REDACTED]'],
];

/** Every rule's form has one of these, or is as long as a capability key. */
const SUSPICIOUS = /[:@=]|eyJ|asic |earer |BASIC |BEARER /;
const KEY_LENGTH = 43;

/** Shorter texts would blank out ordinary words. */
const SHORTEST_SECRET = 8;

/** What may be written of a text, or of an error's message. */
export type Redact = (written: string | Error) => string;

/**
 * The one place where secrets are taken out of what leaves the process as words: those that have a known form, and the
 * given ones whatever their form. Errors lose what was quoted in them, too.
 */
export function createRedactor(secrets: readonly string[] = []): Redact {
  const literals = [...new Set(secrets.flatMap((secret) => [secret, encodeURIComponent(secret)]))]
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
  return (written) => {
    let clean = typeof written === 'string' ? written : unquoted(written);
    for (const secret of literals) clean = clean.replaceAll(secret, '[REDACTED]');
    // Ids, hashes and codes, which most values are, need none of the rules: that halves the cost of a line.
    if (clean.length < KEY_LENGTH && !SUSPICIOUS.test(clean)) return clean;
    for (const [form, instead] of RULES) clean = clean.replace(form, instead);
    return clean;
  };
}

/** knex puts the statement with its bindings filled in before the driver's own words: `insert … - SQLITE_BUSY: …`. */
const STATEMENT =
  /^\s*(?:select|insert|update|delete|with|create|alter|drop|begin|commit|rollback|pragma|vacuum)\b/i;

/** An error's message without the alert that it may quote. */
function unquoted(error: Error): string {
  const { message } = error;
  if (STATEMENT.test(message)) {
    const end = message.lastIndexOf(' - ');
    return end < 0 ? 'a database statement failed' : message.slice(end + ' - '.length);
  }
  // Node quotes the text that it could not parse.
  if (error instanceof SyntaxError && message.includes('JSON')) return 'invalid JSON';
  return message;
}
