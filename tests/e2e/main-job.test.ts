import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { pause } from '../../src/async/pause.ts';
import { createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { type ApiAnswer, ENDED, type LedgerEntry } from '../support/api-client.ts';
import { botMessages, type Provisioned, provisionIntegration } from '../support/provision.ts';
import { BOT_TOKEN, JWT_SECRET, type Service, startService } from '../support/service.ts';

/** The double sees a send when it arrives, not when it was made: 10 ms of the 1000 are the way's. */
const SHORTEST_GAP_MS = 990;
/** As in src/services/delivery/delivery.ts. */
const CLAIM_AHEAD_MS = 20;
/** Of 15 digits, so that it occurs nowhere by chance. */
const CHAT = 845_120_977_316_204;
const DAILY_LIMIT = 10;

const alertOf = (n: number) => ({
  title: `Title ${n}: *stars* & <b>`,
  message: `Message ${n}\n  second line, [kept](as) it_is_\n\n\tend 🐧`,
});

describe('the main job', () => {
  const double = createBotApiDouble({ token: BOT_TOKEN, enforceLimits: true });
  let service: Service;
  let integration: Provisioned;
  const accepted: ApiAnswer[] = [];
  const refused: ApiAnswer[] = [];
  const entries: LedgerEntry[] = [];

  beforeAll(async () => {
    await double.start();
    // The defaults of the contract, the request limit included.
    service = await startService({ double, env: { RATE_LIMIT_PER_MINUTE: undefined } });
    integration = await provisionIntegration(double, service, CHAT);
    double.clearCalls();
    for (let n = 1; n <= DAILY_LIMIT + 2; n += 1) {
      const answer = await service.api.postAlert(integration.token, alertOf(n));
      (answer.status === 202 ? accepted : refused).push(answer);
    }
    const last = accepted.at(-1)?.body.id;
    // One long request instead of many: this service counts them.
    const end = await service.api.call(`/api/alerts/${last}?wait=30`, { token: integration.token });
    expect(end.body).toMatchObject({ status: 'delivered' });
    for (const { body } of accepted) entries.push(await service.api.getAlert(integration.token, body.id));
    await vi.waitFor(() => expect(notices()).not.toEqual([]), { timeout: 15_000, interval: 50 });
    // The double, as Telegram, takes one message a second for a chat.
    await pause(1_100);
  });
  afterAll(async () => {
    await service?.close();
    await double.stop();
  });

  const allSends = () => double.calls.filter((call) => call.method === 'sendMessage');
  const isNotice = ({ payload }: { payload: { text?: unknown } }) => String(payload.text).includes('/quota');
  /** The alerts. */
  const sends = () => allSends().filter((call) => !isNotice(call));
  /** That the day's quota is used up. */
  const notices = () => allSends().filter(isNotice);

  it('accepts as many alerts as the day has, and says what is left', () => {
    expect(accepted.map(({ body }) => body.remaining)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    for (const { body, headers } of accepted) {
      expect(body).toMatchObject({ status: 'queued', message: 'Alert enqueued' });
      expect(headers.location).toBe(`/api/alerts/${body.id}`);
      expect(headers['x-request-id']).toMatch(/\S/);
    }
  });

  it('refuses the others with 429 and the seconds to midnight, and queues nothing of them', () => {
    expect(refused).toHaveLength(2);
    for (const { status, headers, body } of refused) {
      expect(status).toBe(429);
      expect(headers['content-type']).toContain('application/problem+json');
      expect(body).toMatchObject({
        status: 429,
        code: 'quota_exhausted',
        requestId: headers['x-request-id'],
      });
      const untilMidnight = 86_400 - ((Date.now() / 1000) % 86_400);
      // Since then the test ran some seconds, and midnight may have passed.
      const sinceThen = (((Number(headers['retry-after']) - untilMidnight) % 86_400) + 86_400) % 86_400;
      expect(sinceThen).toBeLessThan(60);
    }
    expect(sends()).toHaveLength(DAILY_LIMIT);
  });

  it('delivers each once, in order, with its title and then its message unchanged', () => {
    const texts = sends().map((call) => String(call.payload.text));
    expect(texts).toHaveLength(DAILY_LIMIT);
    texts.forEach((text, index) => {
      const { title, message } = alertOf(index + 1);
      expect(text).toContain(title);
      expect(text.indexOf(message, text.indexOf(title) + title.length)).toBeGreaterThan(0);
    });
    expect(sends().every((call) => call.chatId === CHAT && call.status === 200)).toBe(true);
  });

  it('tells the chat once, silently, that the quota is used up', () => {
    expect(notices()).toHaveLength(1);
    expect(notices()[0]?.payload).toMatchObject({ disable_notification: true });
  });

  it('never sends two closer than a second', () => {
    const arrivals = sends().map((call) => call.at);
    // The claim is made up to 20 ms before the send. An arrival that comes later than that was held up on its way (a
    // stalled machine): the next gap counts from when it was sent.
    const sent = entries.map((entry, index) =>
      Math.min(arrivals[index] ?? 0, Date.parse(String(entry.sendingAt)) + CLAIM_AHEAD_MS),
    );
    const gaps = arrivals.slice(1).map((at, index) => at - (sent[index] ?? 0));
    expect(gaps).toHaveLength(DAILY_LIMIT - 1);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(SHORTEST_GAP_MS);
    // And does not dawdle either.
    expect((arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0)).toBeLessThan(9 * 1_000 + 2_000);
  });

  it('keeps a ledger with the ids that Telegram gave, and shows it to nobody else', async () => {
    const sent = botMessages(double, CHAT).slice(-DAILY_LIMIT - 1, -1);
    expect(entries.map((entry) => entry.messageIds)).toEqual(sent.map((message) => [message.message_id]));
    for (const entry of entries) {
      expect(ENDED).toContain(entry.status);
      expect(entry).toMatchObject({ status: 'delivered', reason: null, parts: 1 });
      expect(JSON.stringify(entry)).not.toMatch(/Title|Message/);
      expect(Date.parse(String(entry.endedAt))).toBeGreaterThanOrEqual(Date.parse(String(entry.sendingAt)));
    }
    const other = await provisionIntegration(double, service, CHAT, 'other');
    const answer = await service.api.call(`/api/alerts/${entries[0]?.id}`, { token: other.token });
    expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
  });

  it('shows the integration with its quota used up', async () => {
    const { status, body } = await service.api.getIntegration(integration.token, CHAT);
    expect(status).toBe(200);
    expect(body.integrations).toMatchObject({ chatId: CHAT, name: 'backup', status: 'active', rateLimit: 0 });
  });

  it('logs each alert’s way with the fields of the contract', () => {
    const ids = new Set(accepted.map(({ body }) => body.id));
    for (const id of ids) {
      const lines = service.logs.filter((line) => line.alertId === id);
      const events = lines.map((line) => line.event);
      expect(lines.every(({ integrationId }) => integrationId === integration.integration.id)).toBe(true);
      expect(events).toEqual(['alert.accepted', 'alert.delivered']);
    }
    const hashes = new Set(service.logs.filter((line) => ids.has(line.alertId)).map((line) => line.chatId));
    expect([...hashes]).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/)]);
    const requests = new Set(accepted.map(({ headers }) => headers['x-request-id']));
    for (const line of service.logs.filter(({ event }) => event === 'alert.accepted'))
      expect(requests).toContain(line.requestId);
    expect(service.logs.filter(({ event }) => event === 'quota.exhausted')).toHaveLength(2);
  });

  it('writes every log line with time, level, component and message', () => {
    expect(service.logs.length).toBeGreaterThan(25);
    for (const line of service.logs) {
      expect(new Date(line.timestamp).toISOString()).toBe(line.timestamp);
      expect(['debug', 'info', 'warn', 'error', 'fatal']).toContain(line.level);
      expect(['api', 'worker', 'job', 'bot', 'app']).toContain(line.component);
      expect(line.message).toMatch(/\S/);
    }
    expect(service.logs.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });

  it('writes no text, no token, no plain chat id to its output', () => {
    const output = service.logs.map((line) => JSON.stringify(line)).join('\n') + service.stderr;
    const { token, setupToken } = integration;
    for (const secret of ['Title', 'second line', token, setupToken, BOT_TOKEN, JWT_SECRET, String(CHAT)])
      expect(output).not.toContain(secret);
  });

  it('says whom an alert is from as soon as the chat has several integrations', async () => {
    const other = await provisionIntegration(double, service, CHAT, 'db *1*');
    const { body } = await service.api.postAlert(other.token, alertOf(1));
    await service.api.waitForStatus(other.token, body.id, ['delivered']);
    const { title, message } = alertOf(1);
    expect(botMessages(double, CHAT).at(-1)?.text).toBe(`${title}\n${message}\n— db *1*`);
    expect(
      sends()
        .slice(0, DAILY_LIMIT)
        .some(({ payload }) => String(payload.text).includes('— ')),
    ).toBe(false);
  });

  it('stops with exit code 0', async () => {
    expect(await service.stop()).toBe(0);
    expect(service.stderr).toBe('');
  });
});
