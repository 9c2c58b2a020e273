import { describe, expect, it } from 'vitest';
import { isLinkable, shownAddress } from '../../../src/telegram/links.ts';

describe('isLinkable', () => {
  it.each([
    'https://a.b',
    'http://10.0.0.1:3000/d?x=1',
    'http://[::1]:80/',
    'tg://user?id=1',
    'HTTPS://Ä.example/',
  ])('takes %s', (url) => expect(isLinkable(url)).toBe(true));

  it.each([
    'http://localhost',
    'http://grafana:3000/d',
    'http://grafana.',
    'mailto:a@b.c',
    'javascript:alert(1)',
    'ftp://a.b',
    '/path',
    'a.b',
    '',
    `https://a.b/${'x'.repeat(2048)}`,
  ])('refuses %s', (url) => expect(isLinkable(url)).toBe(false));
});

describe('shownAddress', () => {
  it('adds the address only where it would be lost', () => {
    expect(shownAddress('docs', 'http://wiki/x', false)).toBe(' (http://wiki/x)');
    expect(shownAddress('docs', 'https://a.b', true)).toBe('');
    expect(shownAddress('', 'https://a.b', true)).toBe('https://a.b');
    expect(shownAddress('http://wiki', 'http://wiki', false)).toBe('');
    expect(shownAddress('a@b.c', 'mailto:a@b.c', false)).toBe('');
  });
});
