import { standing } from '../../domain/integration.ts';
import type { OverseenIntegration } from '../../services/integrations/oversight.ts';
import { withCore } from '../beside.ts';
import { type Call, type Report, type Run, WrongUse } from '../command.ts';
import { counted, isoTime, properties, table, time } from '../table.ts';

const HASH = /^[0-9a-f]{16}$/;
const MAX_LIMIT = 10_000_000;

export const listIntegrations: Run = ({ options }, deps) => {
  const { chat } = options;
  if (chat !== undefined && !HASH.test(String(chat)))
    throw new WrongUse('--chat is a hash of 16 characters: `chats list` shows them');
  return withCore(deps, async ({ core }) => {
    const of = { revoked: options.all === true, ...(typeof chat === 'string' ? { chat } : {}) };
    const listed = await core.oversight.list(of);
    const now = deps.clock.now();
    const rows = listed.map((one) => [
      one.id,
      one.name,
      one.chat,
      standingOf(one, now),
      left(one),
      time(one.expiresAt),
    ]);
    return {
      lines:
        rows.length === 0
          ? ['There is no integration yet.']
          : table(['ID', 'NAME', 'CHAT', 'STATUS', 'LEFT TODAY', 'TOKEN ENDS'], rows),
      json: listed.map((one) => present(one, now)),
    };
  });
};

export const showIntegration: Run = (call, deps) => {
  const id = readId(call);
  return withCore(deps, async ({ core }) => describe(await core.oversight.show(id), deps.clock.now()));
};

export const limitIntegration: Run = (call, deps) => {
  const id = readId(call);
  const own = readLimit(call.args[1] ?? '');
  return withCore(deps, async ({ core }) => describe(await core.oversight.limit(id, own), deps.clock.now()));
};

export const revokeIntegration: Run = (call, deps) => {
  const id = readId(call);
  return withCore(deps, async ({ core, hasRedis }) => {
    const { chat } = await core.oversight.show(id);
    const integration = await core.repository.findById(id);
    if (integration === undefined) throw new Error('the integration is gone');
    await core.integrations.revoke(integration);
    return {
      lines: [
        `Integration ${id} is revoked: its token is dead, and its waiting alerts end as failed (revoked).`,
        ...(hasRedis ? [] : ['Redis does not respond: their places are freed once it does.']),
      ],
      json: { id, chat, status: 'revoked' },
    };
  });
};

function describe(one: OverseenIntegration, now: number): Report {
  return {
    lines: properties([
      ['id', one.id],
      ['name', one.name],
      ['chat', one.chat],
      ['status', standingOf(one, now)],
      ['daily limit', `${one.dailyLimit}${one.hasOwnLimit ? ' (its own)' : ' (MAX_ALERTS)'}`],
      ['left today', one.rateLimit],
      ['scope', one.scope],
      ['token ends', time(one.expiresAt)],
      [
        'unreachable',
        one.unreachableSince === null
          ? null
          : `since ${time(one.unreachableSince)}: ${one.unreachableReason}`,
      ],
      ['created', time(one.createdAt)],
      ['changed', time(one.updatedAt)],
    ]),
    json: present(one, now),
  };
}

function present(one: OverseenIntegration, now: number): Record<string, unknown> {
  return {
    id: one.id,
    name: one.name,
    chat: one.chat,
    status: standingOf(one, now),
    dailyLimit: one.dailyLimit,
    hasOwnLimit: one.hasOwnLimit,
    remaining: one.rateLimit,
    scope: one.scope,
    expiresAt: isoTime(one.expiresAt),
    unreachable:
      one.unreachableSince === null
        ? null
        : { since: isoTime(one.unreachableSince), reason: one.unreachableReason },
    createdAt: isoTime(one.createdAt),
    updatedAt: isoTime(one.updatedAt),
  };
}

/** A token that has ended is no use to anybody, though its integration is active. */
function standingOf(one: OverseenIntegration, now: number): string {
  if (one.status === 'active' && one.expiresAt !== null && one.expiresAt <= now) return 'token ended';
  if (one.status === 'active' && one.unreachableSince !== null) return 'unreachable';
  // Its token's hash stays inside: a pending one without a scope has never had a token.
  return standing({ ...one, tokenHash: one.expiresAt === null ? null : '' }, now);
}

const left = ({ rateLimit, dailyLimit, hasOwnLimit }: OverseenIntegration) =>
  `${rateLimit} of ${dailyLimit}${hasOwnLimit ? ' (own)' : ''}`;

function readId({ args }: Call): number {
  const id = Number(args[0]);
  if (!/^\d{1,10}$/.test(args[0] ?? '') || id < 1)
    throw new WrongUse('an id is a number: `integrations list` shows them');
  return id;
}

function readLimit(text: string): number | null {
  if (text === 'default') return null;
  const limit = Number(text);
  if (!/^\d{1,8}$/.test(text) || limit > MAX_LIMIT)
    throw new WrongUse(`a limit is ${counted(0, 'alert')} to ${MAX_LIMIT} a day, or default`);
  return limit;
}
