import { expect, it } from 'vitest';
import { publicUrl } from '../../../src/app/public-url.ts';
import { loadConfig } from '../../../src/config/config.ts';

const LIVE = { BOT_TOKEN: '123456:test-token', JWT_SECRET: 'a-secret-of-more-than-thirty-two-bytes' };
const configOf = (env: Readonly<Record<string, string>>) => loadConfig({ ...LIVE, ...env }, () => '');

it('is where the webhook is, if there is one', () => {
  const config = configOf({ WEBHOOK_URL: 'https://alerts.example.org/telegram/updates' });
  expect(publicUrl(config, { address: '127.0.0.1', port: 8080 })).toBe('https://alerts.example.org');
});

it('is PUBLIC_URL before all else', () => {
  const config = configOf({
    PUBLIC_URL: 'https://a.example/pingui/',
    WEBHOOK_URL: 'https://hooks.example/telegram/updates',
  });
  expect(publicUrl(config, { address: '127.0.0.1', port: 8080 })).toBe('https://a.example/pingui');
});

it('is where the API listens, and before it does, where it is going to', () => {
  const config = configOf({ HOST: '127.0.0.1', PORT: '8080' });
  expect(publicUrl(config, undefined)).toBe('http://127.0.0.1:8080');
  expect(publicUrl(config, { address: '127.0.0.1', port: 41_000 })).toBe('http://127.0.0.1:41000');
  expect(publicUrl(config, { address: '::1', port: 41_000 })).toBe('http://[::1]:41000');
});

it('leaves the name to the reader when the API listens everywhere', () => {
  for (const address of ['0.0.0.0', '::'])
    expect(publicUrl(configOf({}), { address, port: 3000 })).toBe('http://your-server:3000');
});

it('is not the port of health and metrics where the API is another process', () => {
  const config = configOf({ ROLES: 'bot', PORT: '8081' });
  expect(publicUrl(config, undefined)).toBe('http://your-server:3000');
  expect(publicUrl(config, { address: '0.0.0.0', port: 8081 })).toBe('http://your-server:3000');
});
