import { describe, expect, it } from 'vitest';
import { github } from '../../../src/ingest/github/github.ts';
import { grafana } from '../../../src/ingest/grafana/grafana.ts';

/** Not what we have signed ourselves: that would show only that we agree with ourselves. */
describe('signatures that others have made', () => {
  it('is GitHub’s, as its documentation has it ("Validating webhook deliveries")', () => {
    const verify = (body: string, signature: string) =>
      github.verify?.(
        Buffer.from(body),
        { headers: { 'x-hub-signature-256': signature } },
        "It's a Secret to Everybody",
        0,
      );
    const published = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    expect(verify('Hello, World!', published)).toBe(true);
    expect(verify('Hello, World?', published)).toBe(false);
    expect(verify('Hello, World!', published.replace('sha256', 'sha1'))).toBe(false);
  });

  // Grafana publishes none: the inputs of its own test (grafana/alerting, http/hmac_test.go), signed by OpenSSL.
  const WITHOUT_TIME = '3bcebf43c85d20bba6e3b6ba278af1d2ba3ab0d57de271b0ad30b833e851c5a6';
  const AT_0 = 'ac18a483a582b60a883e974541afe25aa1026136163e94665649743324183ef1';
  it.each([
    ['its body', {}, WITHOUT_TIME],
    ['its time and body', { 'x-grafana-alerting-signature-timestamp': '0' }, AT_0],
    ['its time under another name, and body', { 'x-grafana-alerting-timestamp': '0' }, AT_0],
  ])('is Grafana’s, over %s', (_, time, hex) => {
    const verify = (headers: Record<string, string>, now = 0) =>
      grafana.verify?.(Buffer.from('test message'), { headers }, 'secret', now);
    const headers = { ...time, 'x-grafana-alerting-signature': hex };
    expect(verify(headers)).toBe(true);
    expect(verify({ ...headers, 'x-grafana-alerting-signature-timestamp': '1' })).toBe(false);
    expect(verify(headers, 301_000)).toBe(hex === WITHOUT_TIME);
  });
});
