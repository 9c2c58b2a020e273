import { pause } from '../../../src/async/pause.ts';
import type { StoredMessage } from '../../../src/sandbox/bot-api-double.ts';
import type { Provisioned } from '../../support/provision.ts';
import type { IncidentRow, LedgerRow } from '../ledger-reader.ts';
import type { Rig } from '../rig.ts';
import type { Context, Scenario } from '../scenario.ts';
import { markIn, type Posted } from '../sender.ts';

/** Edits that are made before something is killed, and how long they are waited for, in ms. */
const EDITS = 5;
const EDITS_MS = 15_000;
/** Longest from then to the kill, in ms: most meet an edit that is on its way. */
const LIFE_MS = 400;
/** A call takes so long, in ms. */
const CALL_MS = 60;
/** Longest that Redis is away, in ms. */
const AWAY_MS = 800;
/** Until a message shows what is true: upkeep looks every 10 s, and an uncertain edit is made again after 10 s. */
const REST_MS = 60_000;

/**
 * `kill -9` of the worker, and each third time of Redis, while alerts with keys come in, are acknowledged and resolved. At
 * rest each message shows its incident's count and newest text, and nothing was sent twice.
 */
export function incidentKills(rounds: number, options = { chats: 10, everyMs: 60 }): Scenario {
  return {
    name: 'incidents',
    rounds,
    rig: { chats: options.chats, env: { WORKER_CONCURRENCY: '3' } },
    async run(context) {
      const { rig, random } = context;
      for (const method of ['sendMessage', 'editMessageText'])
        rig.double.fault({ method, times: 'always', delayMs: CALL_MS });
      const load = startLoad(context, options.everyMs);
      for (let round = 1; round <= rounds; round += 1) {
        await untilEdited(rig);
        await pause(random() * LIFE_MS);
        if (round % 3 === 0) {
          await rig.redis.kill9();
          await pause(random() * AWAY_MS);
          await rig.redis.restart();
        } else {
          await rig.worker.kill9();
          await rig.worker.restart();
        }
      }
      const ends = await load.stop();
      context.figure('drain ms', await rig.drain());
      context.figure('at rest after ms', await rest(rig));
      await compare(context, ends);
    },
  };
}

/** Resolves once edits are being made again, or after a while without. */
async function untilEdited(rig: Rig): Promise<void> {
  const wanted = edits(rig) + EDITS;
  const began = performance.now();
  while (edits(rig) < wanted && performance.now() - began < EDITS_MS) await pause(20);
}

const edits = ({ double }: Rig) => double.calls.filter(({ method }) => method === 'editMessageText').length;

/** Each chat's loop posts to two keys, and now and then ends one or takes it. */
function startLoad({ rig, random }: Context, everyMs: number) {
  /** Marks of the alerts that end an incident: they are not counted. */
  const ends = new Set<string>();
  let running = true;
  const loops = rig.chats.map(async (chat) => {
    while (running) {
      const next = pause(everyMs);
      const isEnd = random() < 0.03;
      const alert = {
        key: random() < 0.7 ? 'often' : 'seldom',
        acknowledge: true,
        ...(isEnd ? { resolve: true } : {}),
      };
      const posted = await rig.sender.post(chat, alert);
      if (isEnd) ends.add(posted.mark);
      if (posted.id !== undefined && random() < 0.05) await acknowledge(rig, chat, posted.id);
      await next;
    }
  });
  return {
    async stop() {
      running = false;
      await Promise.all(loops);
      return ends;
    },
  };
}

async function acknowledge(rig: Rig, chat: Provisioned, id: string): Promise<void> {
  const call = { method: 'POST', token: chat.token };
  await rig.api.api.call(`/api/alerts/${id}/acknowledge`, call).catch(() => undefined);
}

/** Waits until every message shows its newest state, and no reply waits. @throws Error when that does not come */
async function rest(rig: Rig): Promise<number> {
  const began = performance.now();
  for (;;) {
    const open = (await rig.ledger.incidents()).filter(
      (row) => row.leadId !== null || row.shownVersion < row.version || row.reply !== null,
    );
    if (open.length === 0) return Math.round(performance.now() - began);
    if (performance.now() - began > REST_MS)
      throw new Error(`${open.length} incidents are not shown: ${JSON.stringify(open.slice(0, 2))}`);
    await pause(100);
  }
}

/** Holds what the senders were told, what the database counts and what the chats show against each other. */
async function compare({ rig, expect, figure }: Context, ends: ReadonlySet<string>): Promise<void> {
  const incidents = await rig.ledger.incidents();
  const rows = await rig.ledger.rows();
  const accepted = new Map(rig.sender.posted.flatMap((one) => (one.id === undefined ? [] : [[one.id, one]])));
  const messages = new Map(rig.chats.map(({ chatId }) => [chatId, rig.double.messages(chatId)]));
  const shown = [...messages.values()].flat();
  figure('accepted', accepted.size);
  figure('incidents', incidents.length);
  figure('edits', edits(rig));

  for (const [id, { mark }] of accepted) {
    const row = rows.get(id);
    expect(row !== undefined, `#${mark}# was accepted, but is not in the ledger`);
    expect(row?.status !== 'queued' && row?.status !== 'sending', `#${mark}# did not end`);
    const times = shown.filter(({ text }) => markIn(text) === mark).length;
    expect(times <= 1, `#${mark}# is in ${times} messages`);
  }
  for (const incident of incidents) {
    const members = [...rows.values()].filter(
      (row) => row.incidentId === incident.id && accepted.has(row.id),
    );
    const counted = members.filter(({ id }) => !ends.has(accepted.get(id)?.mark ?? ''));
    expect(
      incident.count === counted.length,
      `incident ${incident.id} counts ${incident.count}, accepted were ${counted.length}`,
    );
    const message = messageOf(incident, members, { accepted, messages });
    if (message === undefined) continue;
    expectShown({ expect }, { incident, message, counted, accepted });
  }
  // Replies are at most once: of each kind that closes, one for a message.
  const ended = shown.filter(({ text = '' }) => /^✅ Resolved after/.test(text));
  const answered = ended.map(({ chat, reply_to_message: to }) => `${chat.id} ${to?.message_id}`);
  expect(new Set(answered).size === answered.length, 'a message was told resolved twice');
}

interface Told {
  readonly accepted: ReadonlyMap<string, Posted>;
  readonly messages: ReadonlyMap<number, readonly StoredMessage[]>;
}

/** Its message, where one is known to have arrived and the service did not give it up. */
function messageOf(
  { messageId, state, resolvedAt }: IncidentRow,
  members: readonly LedgerRow[],
  { accepted, messages }: Told,
): StoredMessage | undefined {
  if (messageId === null || (state === 'stale' && resolvedAt === null)) return undefined;
  const chatId = accepted.get(members[0]?.id ?? '')?.chatId;
  return messages.get(chatId ?? 0)?.find((one) => one.message_id === messageId);
}

function expectShown(
  { expect }: Pick<Context, 'expect'>,
  of: {
    readonly incident: IncidentRow;
    readonly message: StoredMessage;
    readonly counted: readonly LedgerRow[];
    readonly accepted: Told['accepted'];
  },
): void {
  const { incident, message, counted, accepted } = of;
  const { text = '' } = message;
  const count = Number(/×(\d+)/.exec(text)?.[1] ?? '1');
  expect(count === incident.count, `incident ${incident.id} shows ×${count} of ${incident.count}`);
  const newest = counted.toSorted((a, b) => (a.foldVersion ?? 0) - (b.foldVersion ?? 0)).at(-1);
  const mark = accepted.get(newest?.id ?? '')?.mark;
  expect(markIn(text) === mark, `incident ${incident.id} shows #${markIn(text)}#, the newest is #${mark}#`);
  expect(
    /👀 api, /.test(text) === (incident.acknowledgedAt !== null),
    `incident ${incident.id} is ${incident.state}, and shows otherwise`,
  );
  expect(
    /✅ Resolved after/.test(text) === (incident.state === 'resolved'),
    `incident ${incident.id} is ${incident.state}, and shows otherwise`,
  );
}
