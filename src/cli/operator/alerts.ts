import type { Beside } from '../../app/beside.ts';
import type { AlertRecord } from '../../domain/alert.ts';
import { AppError } from '../../domain/errors.ts';
import { withCore } from '../beside.ts';
import { type Call, type Run, WrongUse } from '../command.ts';
import { isoTime, properties, time } from '../table.ts';

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What became of an alert, and when: its ledger's entry, without a text. */
export const showAlert: Run = (call, deps) => {
  const id = readId(call);
  return withCore(deps, async (beside) => {
    const alert = await beside.core.ledger.find(id);
    if (alert === undefined) throw new AppError('not_found', NOT_FOUND);
    const [whose, waits] = [await describeOwner(beside, alert), await describeWait(beside, alert)];
    return {
      lines: properties([
        ['id', alert.id],
        ['status', alert.status],
        ['reason', alert.reason],
        ['waits', waits],
        ['integration', whose === undefined ? alert.integrationId : `${alert.integrationId} ${whose.name}`],
        ['chat', whose?.chat],
        ['priority', alert.priority],
        ['accepted', time(alert.createdAt)],
        ['deliver at', time(alert.deliverAt)],
        ['expires', time(alert.expiresAt)],
        ['last attempt', time(alert.sendingAt)],
        ['ended', time(alert.endedAt)],
        ['parts arrived', alert.parts === null ? null : `${alert.messageIds.length} of ${alert.parts}`],
        ['message ids', alert.messageIds.join(' ')],
        ['sent again', alert.resends],
        ['incident', alert.incidentId],
      ]),
      json: {
        ...present(alert),
        integration: { id: alert.integrationId, name: whose?.name ?? null },
        chat: whose?.chat ?? null,
        waits,
      },
    };
  });
};

/** Sends a failed or uncertain alert again, by the rules of the board. */
export const resendAlert: Run = (call, deps) => {
  const id = readId(call);
  return withCore(deps, async ({ core, requireQueue }) => {
    await requireQueue();
    const before = await core.ledger.find(id);
    const { status, resends } = await core.alerts.resend('operator', id);
    return {
      lines: [
        `The alert is queued again (${resends} of 3 times).`,
        ...(before?.status === 'uncertain' ? ['Telegram may have had it: then it arrives twice.'] : []),
      ],
      json: { id, status, resends },
    };
  });
};

const NOT_FOUND = 'There is no alert with this id: entries are kept for 30 days after they ended.';

function readId({ args }: Call): string {
  const [id = ''] = args;
  if (!ID.test(id)) throw new WrongUse('an alert has an id such as 019aadc2-…, with 36 characters');
  return id.toLowerCase();
}

async function describeOwner(
  { core }: Beside,
  { integrationId }: AlertRecord,
): Promise<{ name: string; chat: string } | undefined> {
  const owner = await core.repository.findById(integrationId);
  return owner && { name: owner.name, chat: core.cipher.hashChat(owner.chatId) };
}

/** Why it is not sent yet; null where it does not wait, or Redis cannot tell. */
async function describeWait({ core, hasRedis }: Beside, alert: AlertRecord): Promise<string | null> {
  if (alert.status !== 'queued' || !hasRedis) return null;
  const owner = await core.repository.findById(alert.integrationId);
  const chat = owner === undefined ? '' : core.cipher.hashChat(owner.chatId);
  const [wait] = await core.whyWaiting([{ id: alert.id, chat, deliverAt: alert.deliverAt }]);
  if (!wait) return null;
  const words = wait.kind.replaceAll('_', ' ');
  return wait.until === undefined ? words : `${words}, until ${time(wait.until)}`;
}

function present({ id, status, reason, priority, parts, messageIds, resends, ...alert }: AlertRecord) {
  return {
    ...{ id, status, reason, priority, parts, messageIds, resends },
    ...{ incidentId: alert.incidentId, folded: alert.folded, silent: alert.silent },
    createdAt: isoTime(alert.createdAt),
    deliverAt: isoTime(alert.deliverAt),
    expiresAt: isoTime(alert.expiresAt),
    sendingAt: isoTime(alert.sendingAt),
    endedAt: isoTime(alert.endedAt),
  };
}
