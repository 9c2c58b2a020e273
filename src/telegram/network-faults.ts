import type { SendOutcome } from '../domain/outcome.ts';

/** The code that our own agents (connection.ts) give an error which came before the connection stood. */
export const NOT_CONNECTED = 'PINGUI_NOT_CONNECTED';

/**
 * Error codes that can only come before the first byte of the request: the name was not resolved, the connection was
 * refused, or the certificate was not accepted. The codes are those of Node's net, dns and tls. Other TLS errors
 * (EPROTO, ERR_SSL_…) may come later as well: those of the handshake are known by NOT_CONNECTED.
 */
export const NEVER_SENT_CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection_refused',
  EHOSTUNREACH: 'network_unreachable',
  ENETUNREACH: 'network_unreachable',
  ENETDOWN: 'network_unreachable',
  EADDRNOTAVAIL: 'network_unreachable',
  ENOTFOUND: 'host_not_found',
  EAI_AGAIN: 'host_not_found',
  EAI_FAIL: 'host_not_found',
  EAI_NODATA: 'host_not_found',
  EMFILE: 'no_free_socket',
  ENFILE: 'no_free_socket',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls_failed',
  UNABLE_TO_GET_ISSUER_CERT: 'tls_failed',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls_failed',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls_failed',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls_failed',
  CERT_HAS_EXPIRED: 'tls_failed',
  CERT_NOT_YET_VALID: 'tls_failed',
  CERT_REVOKED: 'tls_failed',
  CERT_UNTRUSTED: 'tls_failed',
  CERT_REJECTED: 'tls_failed',
  CERT_CHAIN_TOO_LONG: 'tls_failed',
  CERT_SIGNATURE_FAILURE: 'tls_failed',
  INVALID_CA: 'tls_failed',
  INVALID_PURPOSE: 'tls_failed',
  HOSTNAME_MISMATCH: 'tls_failed',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls_failed',
};

/** Faults at which Telegram may have the message. All that is not in a table is uncertain too. */
export const UNCERTAIN_CODES: Readonly<Record<string, string>> = {
  ECONNRESET: 'connection_reset',
  ECONNABORTED: 'connection_reset',
  EPIPE: 'connection_reset',
  ETIMEDOUT: 'timeout',
  ESOCKETTIMEDOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  ERR_STREAM_PREMATURE_CLOSE: 'answer_cut',
};

/** The same by node-fetch's FetchError types, for errors without a code. */
export const FETCH_TYPES: Readonly<Record<string, string>> = {
  'invalid-json': 'answer_unreadable',
  'request-timeout': 'timeout',
  'body-timeout': 'timeout',
  'max-size': 'answer_unreadable',
  'max-redirect': 'redirected',
  'no-redirect': 'redirected',
  'invalid-redirect': 'redirected',
  'unsupported-redirect': 'redirected',
};

interface Fault {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly type?: unknown;
  readonly syscall?: unknown;
  readonly message?: unknown;
}

/** The outcome of an error that is no answer of Telegram's. Never throws. */
export function classifyNetworkError(error: unknown): SendOutcome {
  if (typeof error !== 'object' || error === null) return { kind: 'uncertain', reason: 'unknown_fault' };
  const { name, code, type, syscall, message }: Fault = error;
  // Our own time limit: the request may be on its way.
  if (name === 'AbortError' || name === 'TimeoutError') return { kind: 'uncertain', reason: 'timeout' };
  const text = typeof message === 'string' ? message : '';
  // An answer had begun when its reading failed, whatever the code is.
  if (text.startsWith('Invalid response body')) return { kind: 'uncertain', reason: 'answer_cut' };
  if (code === NOT_CONNECTED) return { kind: 'never_sent', reason: 'connection_failed' };
  // An established connection can end with EHOSTUNREACH too, after the request was written.
  const wasConnected = syscall === 'read' || syscall === 'write' || MID_STREAM.test(text);
  const unsent = wasConnected ? undefined : lookUp(NEVER_SENT_CODES, code);
  if (unsent !== undefined) return { kind: 'never_sent', reason: unsent };
  if (syscall === 'connect' || CONNECT_PHASE.test(text))
    return { kind: 'never_sent', reason: 'connection_failed' };
  const wasLost = wasConnected || /socket hang up/i.test(text);
  const reason = lookUp(UNCERTAIN_CODES, code) ?? lookUp(FETCH_TYPES, type);
  return { kind: 'uncertain', reason: reason ?? (wasLost ? 'connection_reset' : 'unknown_fault') };
}

/**
 * node-fetch keeps an error's code and message and drops its `syscall`: "…, reason: connect ETIMEDOUT 10.0.0.1:443", or
 * nothing after "reason: " for the AggregateError of several addresses that all failed to connect (Node >= 20).
 */
const CONNECT_PHASE = /failed, reason: (?:connect E[A-Z]+\b|$)|before secure TLS connection was established/;
const MID_STREAM = /failed, reason: (?:read|write) E/;

function lookUp(table: Readonly<Record<string, string>>, key: unknown): string | undefined {
  return typeof key === 'string' && Object.hasOwn(table, key) ? table[key] : undefined;
}
