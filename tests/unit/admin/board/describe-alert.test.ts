import type { JobState, QueueJobJson } from '@bull-board/api/typings/app';
import { describe, expect, it } from 'vitest';
import { describeAlert } from '../../../../src/admin/board/describe-alert.ts';
import type { WaitReason } from '../../../../src/services/alerts/wait-reason.ts';

const NOW = Date.UTC(2026, 10, 26, 21, 0, 0);
const DATA = {
  integrationId: 12,
  chat: '3f2a91c05d7e4b18',
  isGroup: true,
  priority: 'high',
  deliverAt: null,
  bytes: 1_204,
};
const WHO = 'integration 12 · chat 3f2a91c0… · high priority · group · 1.2 kB';

function describeIn(
  state: JobState,
  { reason = null, data = {}, ...change }: Partial<QueueJobJson> & { reason?: WaitReason | null } = {},
) {
  const job = {
    id: '3d0d9f2e-0000-4000-8000-000000000001',
    name: 'alert',
    progress: 0,
    attemptsMade: 1,
    timestamp: NOW - 1_000,
    failedReason: '',
    stacktrace: [],
    returnvalue: null,
    opts: { attempts: 1, priority: 5, delay: 3 },
    ...change,
    data: { ...DATA, ...data },
  };
  const face = describeAlert(job, { state, reason, now: NOW });
  return { ...face, name: face.name.replaceAll('\u00a0', ' ') };
}

describe('a row of the board', () => {
  it('says whose alert it is, where it goes, and how it stands', () => {
    expect(describeIn('active').name).toBe(`${WHO} · sending`);
    const returnvalue = { status: 'delivered', parts: 1, messageIds: [7], tookMs: 184 };
    expect(describeIn('completed', { returnvalue })).toMatchObject({
      name: `${WHO} · delivered · 184 ms`,
      returnvalue,
    });
    const long = { status: 'delivered', parts: 3, messageIds: [7, 8, 9], tookMs: 2_412 };
    expect(describeIn('completed', { returnvalue: long }).name).toBe(
      `${WHO} · delivered · 3 messages · 2.4 s`,
    );
  });

  it.each([
    ['failed: revoked', { status: 'failed', reason: 'revoked', parts: null, tookMs: 0 }],
    ['expired', { status: 'expired', parts: null, tookMs: 0 }],
    ['dropped: no_entry', { status: 'dropped', reason: 'no_entry', parts: null, tookMs: 0 }],
  ])('of an alert that ended otherwise reads "%s"', (failedReason, outcome) => {
    expect(describeIn('failed', { failedReason, data: { outcome } })).toMatchObject({
      name: `${WHO} · ${failedReason}`,
      failedReason,
      returnvalue: outcome,
    });
  });

  it('warns before an uncertain one is sent again', () => {
    const face = describeIn('failed', { failedReason: 'uncertain: connection_reset' });
    expect(face.name).toBe(`${WHO} · uncertain: connection_reset · Telegram may have it`);
    expect(face.failedReason).toMatch(/^uncertain: connection_reset\. .* may arrive twice\.$/);
  });

  it('of an alert that was sent again does not tell the end of the first time', () => {
    const outcome = { status: 'uncertain', reason: 'timeout', parts: 1, tookMs: 30_000 };
    const face = describeIn('waiting', { data: { outcome } });
    expect(JSON.stringify(face)).not.toContain('uncertain');
  });

  it('shows the sender’s priority and not the turn', () => {
    const face = describeIn('waiting', { data: { priority: 'low' } });
    expect(face.name).toContain('low priority');
    expect(face.opts).toEqual({ attempts: 1 });
  });

  it('hides what is not of the form that the engine writes', () => {
    const secret = 'a secret text';
    const data = { chat: secret, priority: secret, bytes: secret, deliverAt: 9e99, title: secret };
    const outcome = { status: 'failed', reason: secret, parts: secret, tookMs: 1 };
    const face = describeIn('failed', { failedReason: secret, data: { ...data, outcome } });
    expect(JSON.stringify(face)).not.toContain(secret);
    expect(face.name).toBe('integration 12 · chat ? · group · failed');
    const unknown = describeIn('failed', { failedReason: `uncertain: ${secret}`, data: { outcome: secret } });
    expect(JSON.stringify(unknown)).not.toContain(secret);
  });
});

describe('why an alert waits', () => {
  const until = Date.UTC(2026, 10, 26, 21, 26, 12);
  it.each([
    [{ kind: 'flood_wait', until }, 'flood wait until 21:26:12 UTC'],
    [{ kind: 'bot_flood_wait', until }, 'bot-wide flood wait until 21:26:12 UTC'],
    [{ kind: 'chat_pace', until }, 'held back by the pace of its chat until 21:26:12 UTC'],
    [{ kind: 'scheduled', until: until + 86_400_000 }, 'scheduled for 27 Nov, 21:26:12 UTC'],
    [{ kind: 'paused' }, 'the queue is paused'],
    [{ kind: 'turn' }, 'waiting for its turn'],
  ] as const)('is told: %j', (reason, words) => {
    const face = describeIn('delayed', { reason });
    expect(face.name).toBe(`${WHO} · ${words}`);
    expect(face.data).toMatchObject({ waits: words });
    expect(face.dueAt).toBe('until' in reason ? reason.until : null);
  });

  it('is guessed from where it waits when nobody knows', () => {
    expect(describeIn('waiting').name).toContain('waiting for its turn');
    expect(describeIn('delayed', { data: { deliverAt: until } }).name).toContain(
      'scheduled for 21:26:12 UTC',
    );
    expect(describeIn('delayed').name).toContain('held back');
  });
});
