import { describe, expect, it } from 'vitest';
import type { RenderedPart } from '../../../../src/services/ports/telegram.ts';
import { renderRest } from '../../../../src/telegram/render/rest.ts';
import { expectSendable } from '../message-rules.ts';

const part = (text: string, ...links: [offset: number, length: number, url: string][]): RenderedPart => ({
  kind: 'message',
  text,
  entities: links.map(([offset, length, url]) => ({ type: 'text_link', offset, length, url })),
});

describe('what is left of a message', () => {
  const parts = [
    part('(2/3)\nsee here, there', [10, 4, 'https://a.b'], [16, 5, 'https://c.d']),
    part('(3/3)\nend'),
  ];

  it('as plain messages has no entities, and shows the addresses of links and button', () => {
    expect(renderRest(parts, 'plain', 'Open: https://e.f')).toEqual([
      part('(2/3)\nsee here (https://a.b), there (https://c.d)'),
      part('(3/3)\nend'),
      part('Open: https://e.f'),
    ]);
  });

  it('leaves addresses out of a message that has no room for them', () => {
    const full = part('a'.repeat(4_096), [0, 1, 'https://a.b']);
    expect(renderRest([full], 'plain', null)).toEqual([part('a'.repeat(4_096))]);
  });

  it('does not repeat an address that is shown', () => {
    expect(renderRest([part('https://a.b', [0, 11, 'https://a.b'])], 'plain', null)).toEqual([
      part('https://a.b'),
    ]);
  });

  it('as a file is all of it', () => {
    const [file, ...others] = renderRest(parts, 'file', 'https://e.f');
    expect(others).toEqual([]);
    expect(file?.document?.content).toBe(
      '(2/3)\nsee here (https://a.b), there (https://c.d)\n(3/3)\nend\nhttps://e.f',
    );
    expect(file?.entities).toEqual([]);
    if (file) expectSendable(file);
    expect(renderRest([], 'file', 'https://e.f')[0]?.document?.content).toBe('https://e.f');
  });
});
