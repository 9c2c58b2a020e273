import { describe, expect, it } from 'vitest';
import { redactToken } from '../../../src/telegram/redact.ts';

describe('redactToken', () => {
  it('takes the token out of every address in a text', () => {
    const text =
      'request to https://a.b/bot12:AA-b_c/sendMessage failed; https://a.b/file/bot12:AA-b_c/x.png, /bot7:zz';
    expect(redactToken(text)).toBe(
      'request to https://a.b/bot[REDACTED]/sendMessage failed; https://a.b/file/bot[REDACTED]/x.png, /bot[REDACTED]',
    );
  });

  it('leaves other texts as they are', () => {
    expect(redactToken('/bots and /bot: are fine')).toBe('/bots and /bot: are fine');
  });
});
