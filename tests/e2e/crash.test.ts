import { afterEach, describe, expect, it } from 'vitest';
import { pause } from '../../src/async/pause.ts';
import { type BotApiDouble, createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { type Provisioned, provisionIntegration } from '../support/provision.ts';
import { BOT_TOKEN, type Service, startService } from '../support/service.ts';

/** The contract's limit for knowing an interrupted send as uncertain, in ms. */
const UNCERTAIN_WITHIN_MS = 60_000;
/** Above the life of a dead worker's lock and the pause between two looks for such locks (alert-worker.ts). */
const TAKEN_UP_AGAIN_WITHIN_MS = 45_000;

interface Rig {
  readonly double: BotApiDouble;
  readonly service: Service;
  readonly integration: Provisioned;
  /** The texts that reached Telegram, in order. */
  arrivals(): string[];
  send(message: string): Promise<string>;
}

const open: Rig[] = [];
afterEach(async () => {
  for (const { service, double } of open.splice(0)) {
    await service.close();
    await double.stop();
  }
});

async function createRig(env: Record<string, string> = {}): Promise<Rig> {
  const double = createBotApiDouble({ token: BOT_TOKEN });
  await double.start();
  const service = await startService({ double, env: { SEND_DELAY_MS: '100', CHAT_DELAY_MS: '0', ...env } });
  const integration = await provisionIntegration(double, service, 7_002);
  double.clearCalls();
  const rig: Rig = {
    ...{ double, service, integration },
    arrivals: () =>
      double.calls.filter((call) => call.method === 'sendMessage').map((call) => String(call.payload.text)),
    async send(message) {
      const answer = await service.api.postAlert(integration.token, { message });
      expect(answer.status).toBe(202);
      return answer.body.id;
    },
  };
  open.push(rig);
  return rig;
}

/** Ids of the alerts that the board shows as failed. */
async function failedJobs({ api }: Service): Promise<string[]> {
  const board = await api.operate('/admin/queues/api/queues?activeQueue=alerts&status=failed&page=1');
  const queue = board.body.queues.find(({ name }: { name: string }) => name === 'alerts');
  return queue.jobs.map(({ id }: { id: string }) => id);
}

describe('after kill -9 in the middle of a send', () => {
  it('the alert becomes uncertain, is never sent again by itself, and can be by hand; other chats go on at once', {
    timeout: 120_000,
  }, async () => {
    const { double, service, integration, arrivals, send } = await createRig({ TELEGRAM_TIMEOUT_MS: '1000' });
    const { api } = service;
    const { token } = integration;
    const other = await provisionIntegration(double, service, 7_005);
    double.clearCalls();
    double.fault({ method: 'sendMessage', text: 'cut off', action: { kind: 'hang', deliver: true } });
    const cut = await send('cut off');
    while (arrivals().length === 0) await pause(5);
    const behind = await send('behind');
    const redisPid = service.redisPid();
    await service.kill9();
    expect(arrivals()).toEqual(['cut off']);

    const died = performance.now();
    await service.restart();
    // The Redis that it left behind is its own again.
    expect(service.logs.map(({ message }) => message)).toContain('Took over the running private Redis');
    expect(service.redisPid()).toBe(redisPid);
    expect((await api.getAlert(token, cut)).status).toBe('sending');
    const elsewhere = await api.postAlert(other.token, { message: 'elsewhere' });
    await api.waitForStatus(other.token, elsewhere.body.id, ['delivered'], 5_000);
    const entry = await api.waitForStatus(token, cut, ['uncertain'], UNCERTAIN_WITHIN_MS);
    expect(performance.now() - died).toBeLessThan(UNCERTAIN_WITHIN_MS);
    expect(entry).toMatchObject({ reason: 'worker_died', messageIds: [] });
    // Its own chat's order holds: what came after it goes after its end.
    await api.waitForStatus(token, behind, ['delivered']);

    // BullMQ gives the dead worker's job out again; then it is among the failed ones, with its text.
    const deadline = performance.now() + TAKEN_UP_AGAIN_WITHIN_MS;
    while (!(await failedJobs(service)).includes(cut)) {
      expect(performance.now()).toBeLessThan(deadline);
      await pause(200);
    }
    expect(arrivals()).toEqual(['cut off', 'elsewhere', 'behind']);

    const again = await api.call(`/api/alerts/${cut}/resend`, { method: 'POST', token });
    expect(again.status).toBe(202);
    await api.waitForStatus(token, cut, ['delivered']);
    expect(arrivals()).toEqual(['cut off', 'elsewhere', 'behind', 'cut off']);
    expect(await service.stop()).toBe(0);
  });
});

describe('when the private Redis dies', () => {
  it('it is started again, nothing that was accepted is lost, and nothing is doubled', async () => {
    const { double, service, integration, arrivals, send } = await createRig();
    await double.goDown();
    const ids: string[] = [];
    for (let n = 1; n <= 5; n += 1) ids.push(await send(`kept ${n}`));
    const pid = service.redisPid();
    // The AOF is synced each second; what the kernel has survives the death of the process in any case.
    process.kill(pid, 'SIGKILL');
    await service.waitForLog(({ message }) => message === 'Restarted the private Redis');
    expect(service.redisPid()).not.toBe(pid);
    await double.comeBack();
    for (const id of ids) await service.api.waitForStatus(integration.token, id, ['delivered'], 25_000);
    await pause(300);
    expect(arrivals()).toEqual([1, 2, 3, 4, 5].map((n) => `kept ${n}`));
    expect(await service.stop()).toBe(0);
  });
});
