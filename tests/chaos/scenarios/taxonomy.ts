import { pause } from '../../../src/async/pause.ts';
import { errorAnswer } from '../../../src/sandbox/bot-api-double.ts';
import { ENDED } from '../../support/api-client.ts';
import type { Provisioned } from '../../support/provision.ts';
import { sends } from '../audit.ts';
import type { Rig } from '../rig.ts';
import type { Context, Scenario } from '../scenario.ts';
import { markIn, type Posted } from '../sender.ts';
import { fits, TAXONOMY, type TaxonomyRow } from '../taxonomy.ts';

const PATIENCE_MS = 30_000;

/** Every row of the table, each in a chat of its own. */
export const taxonomy: Scenario = {
  name: 'taxonomy',
  rounds: TAXONOMY.length,
  rig: { chats: 0 },
  async run(context) {
    const { rig, check, expect } = context;
    for (const row of TAXONOMY) await runRow(context, row);
    await migrated(context);
    await threeRefusals(context);
    // The poller's own trouble is none of the worker's.
    rig.double.fault({
      method: 'getUpdates',
      times: 3,
      action: errorAnswer(409, 'Conflict: terminated by other'),
    });
    expect(
      (await end(rig, await rig.addChat())).status === 'delivered',
      '409 of the poller stopped the worker',
    );
    await check('at the end', { idle: true, drained: true });
  },
};

async function runRow({ rig, expect }: Context, row: TaxonomyRow): Promise<void> {
  const chat = await rig.addChat();
  for (const fault of row.faults) rig.double.fault({ ...fault, chatId: chat.chatId });
  const { mark, ...entry } = await end(rig, chat, row.extra);
  expect(fits(row, entry), `${row.name}: ${entry.status} ${entry.reason}`);
  expect(callsOf(rig, mark) === row.calls, `${row.name}: ${callsOf(rig, mark)} calls`);
  const found = (await rig.api.api.getIntegration(chat.token, chat.chatId)).body.integrations;
  expect((found.unreachable !== null) === (row.unreachable ?? false), `${row.name}: unreachable is wrong`);
  expect(found.status === 'active', `${row.name}: the integration is ${found.status}`);
  if (row.unreachable) await comesBack(rig, expect, row, chat);
}

/** Nothing more is sent to an unreachable chat, until a person comes back. The API knows within a second (403). */
async function comesBack(
  rig: Rig,
  expect: Context['expect'],
  row: TaxonomyRow,
  chat: Provisioned,
): Promise<void> {
  const { mark, id, status } = await rig.sender.post(chat);
  if (id !== undefined) await rig.api.api.waitForStatus(chat.token, id, ['failed'], PATIENCE_MS);
  expect(callsOf(rig, mark) === 0, `${row.name}: sent to a lost chat (${status})`);
  rig.double.userSends(chat.chatId, '/start');
  const deadline = performance.now() + PATIENCE_MS;
  while ((await rig.api.api.getIntegration(chat.token, chat.chatId)).body.integrations.unreachable !== null) {
    if (performance.now() > deadline) return expect(false, `${row.name}: /start did not bring it back`);
    await pause(50);
  }
  expect((await end(rig, chat)).status === 'delivered', `${row.name}: nothing arrives after /start`);
}

/** A group that became a supergroup: sent again to the new id, and from then on there. */
async function migrated({ rig, expect }: Context): Promise<void> {
  const chat = await rig.addChat();
  const to = -1_000_000_000_000 - chat.chatId;
  rig.double.addChat({ id: to, type: 'supergroup', title: 'Moved' });
  const answer = errorAnswer(400, 'Bad Request: group chat was upgraded to a supergroup chat');
  const body = { ...(answer as { body: object }).body, parameters: { migrate_to_chat_id: to } };
  rig.double.fault({
    method: 'sendMessage',
    chatId: chat.chatId,
    action: { ...answer, body } as typeof answer,
  });
  const first = await end(rig, chat);
  expect(first.status === 'delivered' && callsOf(rig, first.mark) === 2, `migrated: ${first.status}`);
  const second = await end(rig, chat);
  expect(callsOf(rig, second.mark) === 1 && rig.double.messages(to).length === 2, 'migrated: not kept');
}

/** Rights may be refused by mistake: only the third time in a row counts. */
async function threeRefusals({ rig, expect }: Context): Promise<void> {
  const chat = await rig.addChat();
  const action = errorAnswer(400, 'Bad Request: not enough rights to send text messages to the chat');
  for (const round of [1, 2, 3]) {
    rig.double.fault({ method: 'sendMessage', chatId: chat.chatId, action });
    await end(rig, chat);
    const found = (await rig.api.api.getIntegration(chat.token, chat.chatId)).body.integrations;
    expect((found.unreachable !== null) === (round === 3), `no rights, ${round} times: unreachable is wrong`);
  }
}

/** Posts an alert and waits for its end. */
async function end(
  rig: Rig,
  chat: Provisioned,
  extra: object = {},
): Promise<Pick<Posted, 'mark'> & { status: string; reason: string | null }> {
  const { id = '', mark, status } = await rig.sender.post(chat, extra);
  if (status !== 202) throw new Error(`an alert was answered ${status}`);
  const entry = await rig.api.api.waitForStatus(chat.token, id, ENDED, PATIENCE_MS);
  return { mark, status: entry.status, reason: entry.reason ?? null };
}

function callsOf(rig: Rig, mark: string): number {
  return sends(rig.double).filter((call) => markIn(call.payload.text ?? call.payload.caption) === mark)
    .length;
}

/** 401: the bot token was revoked. Nothing is sent, nothing is lost, nobody is deactivated, and health says so. */
export const halted: Scenario = {
  name: 'halted',
  rounds: 2,
  rig: { chats: 2 },
  async run({ rig, check, expect, figure }) {
    for (const [code, text] of [
      [401, 'Unauthorized'],
      [404, 'Not Found'],
    ] as const) {
      const from = sends(rig.double).length;
      const fault = rig.double.fault({ times: 'always', action: errorAnswer(code, text) });
      const posted: Posted[] = [];
      for (const chat of [...rig.chats, ...rig.chats, ...rig.chats]) posted.push(await rig.sender.post(chat));
      await pause(3_000);
      const tried = sends(rig.double).length - from;
      expect(tried === 1, `${code}: ${tried} calls although the token is not valid`);
      const health = await waitForHealth(rig, 'degraded');
      expect(health === 'degraded', `${code}: health says ${health}`);
      const rows = await rig.ledger.rows();
      expect(
        posted.every(({ id }) => rows.get(id ?? '')?.status === 'queued'),
        `${code}: not all are queued`,
      );
      fault.remove();
      figure(`continues after ${code}, ms`, await rig.drain());
      expect((await waitForHealth(rig, 'ok')) === 'ok', `${code}: health does not recover`);
      const { counts, accepted } = await check(`${code}`, { idle: true, drained: true });
      expect(counts.delivered === accepted, `${code}: ${counts.delivered} of ${accepted} delivered`);
    }
  },
};

/** Telegram is asked every 7 s, and a halted worker asks every 10 s. */
async function waitForHealth(rig: Rig, wanted: string): Promise<string> {
  const deadline = performance.now() + 40_000;
  for (;;) {
    const { status } = (await rig.api.api.call('/health/ready')).body as { status: string };
    if (status === wanted || performance.now() > deadline) return status;
    await pause(500);
  }
}
