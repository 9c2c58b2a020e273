import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lease } from '../../../../src/bot/updates/lease.ts';
import { errorAnswer, type User } from '../../../../src/sandbox/bot-api-double.ts';
import { ANN, BOT_TOKEN, type BotRig, createBotRig, eventually, JOSE } from '../../../support/bot-rig.ts';

describe('the poller', () => {
  let rig: BotRig;
  beforeEach(async () => {
    rig = await createBotRig({ timeoutMs: 2_000 });
  });
  afterEach(() => rig.close());

  const textsIn = (chatId: number) =>
    rig.double
      .messages(chatId)
      .filter(({ from }) => from?.id === rig.double.bot.id)
      .map(({ text }) => text ?? '');
  const stopTakes = async (poller: ReturnType<BotRig['poller']>): Promise<number> => {
    const before = performance.now();
    await poller.stop();
    return performance.now() - before;
  };

  it('handles a batch of 100 updates of two chats, each chat in order, and sets the menu in each language', async () => {
    await rig.activeChat(ANN);
    await rig.activeChat(JOSE);
    for (let i = 0; i < 50; i++) for (const { id } of [ANN, JOSE]) rig.double.userSends(id, `/revoke <${i}>`);
    rig.poller().start();
    for (const { id } of [ANN, JOSE]) {
      await rig.botSays(id, 50);
      const order = textsIn(id).map((text) => Number(/<(\d+)>/.exec(text)?.[1]));
      expect(order).toEqual(Array.from({ length: 50 }, (_, i) => i));
    }
    await eventually(() => rig.double.calls.filter(({ method }) => method === 'setMyCommands').length === 4);
    const chat = { id: ANN.id, type: 'private' } as const;
    const described = (person: User) =>
      rig.double.menu(chat, person).find(({ command }) => command === 'revoke')?.description;
    expect([ANN, { ...ANN, language_code: 'es' }].map(described)).toEqual([
      'Revoke an integration',
      'Revocar una integración',
    ]);
  });

  it('does not care when the menu cannot be set', async () => {
    rig.double.fault({ method: 'setMyCommands', times: 'always', action: errorAnswer(400, 'Bad Request') });
    rig.poller().start();
    rig.double.userSends(ANN.id, '/id');
    await rig.botSays(ANN.id);
    await eventually(() =>
      rig.log.some(({ level, message }) => level === 'warn' && message.includes('menu')),
    );
  });

  it('survives an outage of Telegram, at the start and later', async () => {
    await rig.double.goDown();
    const poller = rig.poller();
    poller.start();
    await eventually(() => poller.state().state === 'backing_off');
    await rig.double.comeBack();
    await eventually(() => poller.state().state === 'polling');
    await rig.double.goDown();
    await eventually(() => poller.state().state === 'backing_off');
    await rig.double.comeBack();
    rig.double.userSends(ANN.id, '/id');
    await rig.botSays(ANN.id);
    expect(poller.state().state).toBe('polling');
    expect(rig.log.filter(({ message }) => message.includes('Cannot reach Telegram'))).toHaveLength(2);
  });

  it.each([
    [409, 'Conflict: terminated by other getUpdates request', 'getUpdates', 'conflict'],
    [401, 'Unauthorized', 'getMe', 'unauthorized'],
    [404, 'Not Found', 'getUpdates', 'unauthorized'],
    [502, 'Bad Gateway', 'getUpdates', 'backing_off'],
  ] as const)(
    'says so after a %i (%s), and polls again when it is over',
    async (status, text, method, state) => {
      const fault = rig.double.fault({ method, times: 'always', action: errorAnswer(status, text) });
      const poller = rig.poller();
      poller.start();
      await eventually(() => poller.state().state === state && fault.hits >= 3);
      expect(rig.log.filter(({ level }) => level === 'warn')).toHaveLength(1);
      fault.remove();
      await eventually(() => poller.state().state === 'polling');
    },
  );

  it('removes a webhook that somebody set for its bot', async () => {
    const poller = rig.poller({ pollSeconds: 0 });
    poller.start();
    await eventually(() => poller.state().state === 'polling');
    await fetch(`${rig.double.apiRoot}/bot${BOT_TOKEN}/setWebhook?url=http://127.0.0.1:9/x`);
    await eventually(() => rig.log.some(({ message }) => message.includes('Another program')));
    rig.double.userSends(ANN.id, '/id');
    await rig.botSays(ANN.id);
  });

  it('stops at once before it began, while standing by, and while Telegram hangs', async () => {
    await rig.poller().stop();
    const waiting = rig.poller({ lease: { tryAcquire: async () => undefined } });
    waiting.start();
    await eventually(() => waiting.state().state === 'standby');
    expect(await stopTakes(waiting)).toBeLessThan(500);
    const fault = rig.double.fault({ times: 'always', action: { kind: 'hang' } });
    const hanging = rig.poller();
    hanging.start();
    await eventually(() => fault.hits > 0);
    expect(await stopTakes(hanging)).toBeLessThan(500);
    expect(hanging.state().state).toBe('stopped');
  });

  it('stops within 4 s while a reply hangs, and leaves that update for the next process', async () => {
    const patient = await createBotRig({ timeoutMs: 30_000 });
    try {
      const fault = patient.double.fault({ method: 'sendMessage', chatId: ANN.id, action: { kind: 'hang' } });
      const poller = patient.poller();
      poller.start();
      await eventually(() => poller.state().state === 'polling');
      patient.double.userSends(ANN.id, '/id');
      await eventually(() => fault.hits > 0);
      expect(await stopTakes(poller)).toBeLessThan(4_000);
      expect(patient.double.pendingUpdates).toBe(1);
      patient.poller({ bot: patient.anotherBot() }).start();
      expect((await patient.botSays(ANN.id)).text).toContain(String(ANN.id));
    } finally {
      await patient.close();
    }
  });

  it('answers the other chats while the replies of 20 chats hang, each chat in its order', async () => {
    const patient = await createBotRig({ timeoutMs: 20_000 });
    try {
      await patient.activeChat(JOSE);
      const hanging = Array.from({ length: 20 }, (_, index) => 8_000 + index);
      for (const id of hanging) {
        patient.double.addChat({ id, type: 'private', first_name: 'Slow' });
        patient.double.fault({ method: 'sendMessage', chatId: id, action: { kind: 'hang' } });
        patient.double.userSends(id, '/id');
      }
      patient.poller().start();
      await eventually(
        () => patient.double.calls.filter(({ method }) => method === 'sendMessage').length === 20,
      );
      for (const nth of [1, 2, 3]) {
        const before = performance.now();
        patient.double.userSends(JOSE.id, `/revoke <${nth}>`);
        expect((await patient.botSays(JOSE.id, nth)).text).toContain(`<${nth}>`);
        expect(performance.now() - before).toBeLessThan(2_000);
      }
      // A second command of a chat whose reply hangs waits for the first.
      patient.double.userSends(8_000, '/id');
      patient.double.userSends(JOSE.id, '/id');
      await patient.botSays(JOSE.id, 4);
      expect(patient.double.calls.filter(({ chatId }) => chatId === 8_000)).toHaveLength(1);
      // Nothing is confirmed that was not handled: it comes again after a crash.
      expect(patient.double.pendingUpdates).toBe(25);
    } finally {
      await patient.close();
    }
  });

  it('asks Telegram a few times a second while a reply hangs, and confirms all of it at the end', async () => {
    rig.double.fault({ method: 'sendMessage', chatId: ANN.id, delayMs: 1_200 });
    rig.double.userSends(ANN.id, '/id');
    rig.poller().start();
    rig.double.userSends(JOSE.id, '/id');
    await rig.botSays(ANN.id);
    await eventually(() => rig.double.pendingUpdates === 0);
    expect(rig.double.calls.filter(({ method }) => method === 'getUpdates').length).toBeLessThan(12);
    for (const { id } of [ANN, JOSE]) expect(textsIn(id)).toHaveLength(1);
  });

  it('confirms what it handled when it stops: the next process does not handle it again', async () => {
    const poller = rig.poller();
    poller.start();
    rig.double.userSends(ANN.id, '/id');
    await rig.botSays(ANN.id);
    await poller.stop();
    expect(rig.double.pendingUpdates).toBe(0);
    rig.poller({ bot: rig.anotherBot() }).start();
    rig.double.userSends(ANN.id, '/id');
    await rig.botSays(ANN.id, 2);
    expect(textsIn(ANN.id)).toHaveLength(2);
  });

  it('starts again after a stop', async () => {
    const poller = rig.poller();
    for (const nth of [1, 2]) {
      poller.start();
      rig.double.userSends(ANN.id, '/id');
      await rig.botSays(ANN.id, nth);
      await poller.stop();
    }
  });

  it('stands by while Redis does not say who polls, and when it loses the lease', async () => {
    const lost: AbortController[] = [];
    let mode: 'down' | 'free' | 'taken' = 'down';
    const lease: Lease = {
      async tryAcquire() {
        if (mode === 'down') throw new Error('no Redis');
        if (mode === 'taken') return undefined;
        const lose = new AbortController();
        lost.push(lose);
        return { lost: lose.signal, release: async () => undefined };
      },
    };
    const poller = rig.poller({ lease });
    poller.start();
    await eventually(() => poller.state().state === 'standby');
    mode = 'free';
    await eventually(() => poller.state().state === 'polling');
    mode = 'taken';
    lost[0]?.abort();
    await eventually(() => poller.state().state === 'standby');
    rig.double.clearCalls();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(rig.double.calls).toEqual([]);
    mode = 'free';
    await eventually(() => poller.state().state === 'polling');
  });

  it('does not confirm updates after it lost the lease', async () => {
    const lose = new AbortController();
    const holdings = [{ lost: lose.signal, release: async () => undefined }];
    const poller = rig.poller({ lease: { tryAcquire: async () => holdings.shift() } });
    rig.double.fault({ method: 'sendMessage', delayMs: 200 });
    rig.double.userSends(ANN.id, '/id');
    poller.start();
    await eventually(() => rig.double.calls.some(({ method }) => method === 'sendMessage'));
    lose.abort();
    await eventually(() => poller.state().state === 'standby');
    expect(rig.double.pendingUpdates).toBe(1);
  });
});
