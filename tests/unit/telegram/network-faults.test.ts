import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  classifyNetworkError,
  FETCH_TYPES,
  NEVER_SENT_CODES,
  NOT_CONNECTED,
  UNCERTAIN_CODES,
} from '../../../src/telegram/network-faults.ts';

/** As node-fetch 2.7 makes it: code and message of the system's error, nothing else of it. */
function fetchError(type: string, reason: string, code?: string): Error {
  const error = new Error(`request to https://127.0.0.1/bot1:x/sendMessage failed, reason: ${reason}`);
  return Object.assign(error, { name: 'FetchError', type }, code === undefined ? {} : { code, errno: code });
}

const neverSent = (reason: string) => ({ kind: 'never_sent', reason });
const uncertain = (reason: string) => ({ kind: 'uncertain', reason });

describe('the outcome of a network fault', () => {
  it.each([
    ['ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1', neverSent('connection_refused')],
    ['ENOTFOUND', 'getaddrinfo ENOTFOUND api.example', neverSent('host_not_found')],
    ['EAI_AGAIN', 'getaddrinfo EAI_AGAIN api.example', neverSent('host_not_found')],
    ['EHOSTUNREACH', 'connect EHOSTUNREACH 10.0.0.1:443', neverSent('network_unreachable')],
    ['ENETUNREACH', 'connect ENETUNREACH 10.0.0.1:443', neverSent('network_unreachable')],
    ['CERT_HAS_EXPIRED', 'certificate has expired', neverSent('tls_failed')],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate', neverSent('tls_failed')],
    [
      'ERR_TLS_CERT_ALTNAME_INVALID',
      "Hostname/IP does not match certificate's altnames",
      neverSent('tls_failed'),
    ],
    ['ETIMEDOUT', 'connect ETIMEDOUT 10.0.0.1:443', neverSent('connection_failed')],
    ['ETIMEDOUT', '', neverSent('connection_failed')],
    [
      'ECONNRESET',
      'Client network socket disconnected before secure TLS connection was established',
      neverSent('connection_failed'),
    ],
    [NOT_CONNECTED, 'read ECONNRESET', neverSent('connection_failed')],
    ['ECONNRESET', 'socket hang up', uncertain('connection_reset')],
    ['ECONNRESET', 'read ECONNRESET', uncertain('connection_reset')],
    ['EPIPE', 'write EPIPE', uncertain('connection_reset')],
    ['ETIMEDOUT', 'read ETIMEDOUT', uncertain('timeout')],
    ['EHOSTUNREACH', 'read EHOSTUNREACH', uncertain('connection_reset')],
    ['EPROTO', 'write EPROTO bad record mac', uncertain('connection_reset')],
    ['ENEWCODE', 'something new', uncertain('unknown_fault')],
  ])('%s "%s"', (code, reason, outcome) => {
    expect(classifyNetworkError(fetchError('system', reason, code))).toEqual(outcome);
  });

  it('is uncertain for every way in which reading the answer can fail', () => {
    for (const [type, reason] of Object.entries(FETCH_TYPES)) {
      expect(classifyNetworkError(fetchError(type, 'x'))).toEqual(uncertain(reason));
    }
    const cut = Object.assign(new Error('Invalid response body while trying to fetch /: Premature close'), {
      code: 'ECONNREFUSED',
    });
    expect(classifyNetworkError(cut)).toEqual(uncertain('answer_cut'));
  });

  it('is uncertain when our own time limit ended the call', () => {
    for (const name of ['AbortError', 'TimeoutError']) {
      expect(
        classifyNetworkError(Object.assign(new Error('aborted'), { name, code: 'ECONNREFUSED' })),
      ).toEqual(uncertain('timeout'));
    }
  });

  it('knows the phase from the syscall of an error that node-fetch did not wrap', () => {
    const raw = (syscall: string) => Object.assign(new Error('x'), { code: 'ETIMEDOUT', syscall });
    expect(classifyNetworkError(raw('connect'))).toEqual(neverSent('connection_failed'));
    expect(classifyNetworkError(raw('read'))).toEqual(uncertain('timeout'));
  });

  it('has no code in both tables', () => {
    expect(Object.keys(NEVER_SENT_CODES).filter((code) => Object.hasOwn(UNCERTAIN_CODES, code))).toEqual([]);
  });

  it('is uncertain for any code that is not in the table', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (code, text) => {
        fc.pre(!Object.hasOwn(NEVER_SENT_CODES, code));
        expect(classifyNetworkError(Object.assign(new Error(text), { code })).kind).toBe('uncertain');
      }),
      { seed: 7 },
    );
    for (const code of ['constructor', '__proto__', 'toString']) {
      expect(classifyNetworkError({ code, type: code })).toEqual(uncertain('unknown_fault'));
    }
  });
});
