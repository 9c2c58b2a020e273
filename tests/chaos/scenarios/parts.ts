import { pause } from '../../../src/async/pause.ts';
import {
  errorAnswer,
  type FaultOptions,
  tooManyRequestsAnswer,
} from '../../../src/sandbox/bot-api-double.ts';
import { ENDED, type LedgerEntry } from '../../support/api-client.ts';
import { botMessages, type Provisioned } from '../../support/provision.ts';
import type { Rig } from '../rig.ts';
import type { Context, Scenario } from '../scenario.ts';

const SECOND = 'only-in-the-second-part';
/** Three messages of at most 4096 characters. */
const PAD = ` ${'first '.repeat(650)}${'second '.repeat(300)}${SECOND} ${'third '.repeat(700)}`;
const PARTS = 3;

interface Case {
  readonly name: string;
  readonly action: FaultOptions['action'];
  readonly status: string;
  /** Messages in the chat after the first attempt. */
  readonly messages: number;
}

const CASES: readonly Case[] = [
  { name: '429', action: tooManyRequestsAnswer(1), status: 'delivered', messages: PARTS },
  {
    name: '400',
    action: errorAnswer(400, 'Bad Request: message is too long'),
    status: 'delivered',
    messages: PARTS,
  },
  { name: '403', action: errorAnswer(403, 'Forbidden: user is deactivated'), status: 'failed', messages: 1 },
  { name: 'reset', action: { kind: 'reset' }, status: 'uncertain', messages: 1 },
  { name: 'lost answer', action: { kind: 'reset', deliver: true }, status: 'uncertain', messages: 2 },
];

/** A long alert whose second message goes wrong: no part arrives twice, and a resend by hand sends the rest. */
export const partFails: Scenario = {
  name: 'part-fails',
  rounds: CASES.length + 1,
  rig: { chats: 0 },
  async run(context) {
    for (const one of CASES) await runCase(context, one);
    await killedInSecondPart(context);
    await context.check('at the end', { idle: true, drained: true });
  },
};

async function runCase({ rig, expect }: Context, { name, action, status, messages }: Case): Promise<void> {
  const chat = await rig.addChat();
  const fault = { method: 'sendMessage', chatId: chat.chatId, text: SECOND };
  rig.double.fault({ ...fault, ...(action === undefined ? {} : { action }) });
  const { id = '' } = await rig.sender.post(chat, {}, { pad: PAD });
  const entry = await rig.api.api.waitForStatus(chat.token, id, ENDED);
  expect(entry.status === status, `${name}: ${entry.status} ${entry.reason}`);
  expect(parts(rig, chat).length === messages, `${name}: ${parts(rig, chat).length} messages`);
  if (status !== 'failed') return;
  rig.double.userSends(chat.chatId, '/start');
  const resent = await resend(rig, chat, id);
  expect(resent.status === 'delivered', `${name}, again: ${resent.status} ${resent.reason}`);
  const arrived = parts(rig, chat);
  expect(
    arrived.length === PARTS && new Set(arrived).size === PARTS,
    `${name}, again: ${arrived.length} messages`,
  );
}

/** The first part has arrived; the worker dies while the second is on its way. */
async function killedInSecondPart({ rig, expect }: Context): Promise<void> {
  const chat = await rig.addChat();
  rig.double.fault({ method: 'sendMessage', chatId: chat.chatId, text: SECOND, delayMs: 1_000 });
  const { id = '' } = await rig.sender.post(chat, {}, { pad: PAD });
  const deadline = performance.now() + 10_000;
  while (parts(rig, chat).length === 0 && performance.now() < deadline) await pause(10);
  await pause(300);
  await rig.worker.kill9();
  await rig.worker.restart();
  const entry = await rig.api.api.waitForStatus(chat.token, id, ENDED, 60_000);
  expect(
    entry.status === 'uncertain' && entry.partsDelivered === 1,
    `killed: ${entry.status} ${entry.partsDelivered}`,
  );
  expect(parts(rig, chat).length === 2, `killed: ${parts(rig, chat).length} messages`);
}

/** By hand, after a person brought the chat back. The API may believe the chat lost for one more second. */
async function resend(rig: Rig, chat: Provisioned, id: string): Promise<LedgerEntry> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const answer = await rig.api.api.call(`/api/alerts/${id}/resend`, { method: 'POST', token: chat.token });
    if (answer.status === 202) return rig.api.api.waitForStatus(chat.token, id, ENDED);
    if (performance.now() > deadline) throw new Error(`resend: ${answer.status} ${answer.text}`);
    await pause(100);
  }
}

/** The texts of the alert's messages: what the bot says itself is shorter. */
function parts(rig: Rig, chat: Provisioned): string[] {
  return botMessages(rig.double, chat.chatId).flatMap(({ text = '' }) =>
    /\(\d\/3\)/.test(text) ? [text] : [],
  );
}
