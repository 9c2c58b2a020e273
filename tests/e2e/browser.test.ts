import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { launchChromium } from '../support/chromium.ts';
import { filesOf, findLeaks, textNeedle } from '../support/leak-search.ts';
import { type Provisioned, provisionIntegration } from '../support/provision.ts';
import { ADMIN, BOT_TOKEN, type Service, startService } from '../support/service.ts';

/** The documentation's pictures are made anew with UPDATE_SCREENSHOTS=1. */
const pictures =
  process.env.UPDATE_SCREENSHOTS === '1'
    ? fileURLToPath(new URL('../../docs/images', import.meta.url))
    : undefined;

/** To be looked at, not part of the documentation: LOOKS_DIR=<folder> takes them. */
const looks = process.env.LOOKS_DIR;

/** Without a folder nobody looks at it: a picture takes up to half a second of processor time. */
async function picture(
  page: Page,
  folder: string | undefined,
  name: string,
  options: { fullPage?: boolean } = {},
): Promise<void> {
  if (folder !== undefined) await page.screenshot({ path: join(folder, name), ...options });
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());

/** A fresh browser profile. `problems` collects what went wrong, and what was asked of other hosts. */
async function openContext(
  service: Service,
): Promise<{ context: BrowserContext; page: Page; problems: string[] }> {
  const viewport = { width: 1200, height: 800 };
  const context = await browser.newContext({ viewport, locale: 'en-GB', reducedMotion: 'reduce' });
  context.setDefaultTimeout(8_000);
  const problems: string[] = [];
  context.on('request', (request) => {
    if (new URL(request.url()).origin !== service.url) problems.push(`foreign request: ${request.url()}`);
  });
  context.on('weberror', (error) => problems.push(`error: ${error.error().message}`));
  context.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  return { context, page: await context.newPage(), problems };
}

/** What axe-core finds that keeps somebody out, as a list of rules and places. */
async function faultsOf(page: Page): Promise<string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(AXE);
  // Runs in the page, which has no types here. Of what passes it needs no list of places.
  const found = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as {
    violations: { id: string; impact: string; nodes: { target: string[] }[] }[];
  };
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
}

/** Both widths and both colour schemes, each once: colours do not depend on the width. */
const LOOKS = [
  ['light', 390],
  ['dark', 1280],
] as const;

describe('a newcomer in the sandbox', () => {
  let service: Service;
  let context: BrowserContext;
  let page: Page;
  let problems: string[];
  let token: string;

  beforeAll(async () => {
    service = await startService({
      env: {
        ...{ ADMIN_PASSWORD: undefined, SEND_DELAY_MS: '200', CHAT_DELAY_MS: '0' },
        // Of a group's messages 20 are edited in a minute.
        GROUP_LIMIT_PER_MINUTE: '0',
      },
    });
    ({ context, page, problems } = await openContext(service));
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: service.url });
  });
  afterAll(async () => {
    await context?.close();
    await service?.close();
  });

  it('is told where to go by the terminal, with a command that works', async () => {
    await expect.poll(() => service.stderr, { timeout: 5_000 }).toContain('Stop with Ctrl-C.');
    expect(service.stderr).toContain('SANDBOX');
    for (const path of ['/sandbox', '/admin', '/api/alert'])
      expect(service.stderr).toContain(`${service.url}${path}`);
    const printed = /Authorization: Bearer (\S+)"/.exec(service.stderr)?.[1] ?? '';
    const answer = await service.api.postAlert(printed, { title: 'Hello', message: 'My first alert' });
    expect(answer.status).toBe(202);
    expect(
      service.logs.some(({ level, message }) => level === 'warn' && message.includes('Sandbox mode')),
    ).toBe(true);
  });

  it('finds commands on the first page that need nothing but the token, and copies them', async () => {
    await page.goto(service.url);
    const commands = page.locator('pre');
    expect(await commands.count()).toBe(2);
    for (const [nth, path] of ['createIntegration', 'alert'].entries()) {
      await page.getByRole('button', { name: 'Copy' }).nth(nth).click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      const copied = await page.evaluate('navigator.clipboard.readText()');
      expect(copied).toBe(await commands.nth(nth).textContent());
      expect(copied).toContain(`'${service.url}/api/${path}'`);
      await page.getByRole('button', { name: 'Copied' }).waitFor({ state: 'detached' });
    }
  });

  it('finds the chat from the first page, and that alert in it', async () => {
    await page.getByRole('link', { name: 'sandbox chat', exact: true }).click();
    await page.waitForURL('**/sandbox/');
    await page.locator('.message', { hasText: 'My first alert' }).waitFor();
  });

  it('types /start and is answered', async () => {
    await type('/start');
    await page.locator('.message:not(.mine)', { hasText: 'This chat is registered' }).waitFor();
  });

  it('types /token, copies the setup token from the bubble, and exchanges it', async () => {
    await type('/token backups');
    const bubble = page.locator('.message:not(.mine)', { hasText: 'Setup token for the integration' });
    const setupToken = (await bubble.locator('code').first().textContent())?.trim() ?? '';
    expect(setupToken).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/);
    await bubble.getByRole('button', { name: 'Copy', exact: true }).first().click();
    expect(await page.evaluate('navigator.clipboard.readText()')).toContain(setupToken);
    const created = await service.api.createIntegration(setupToken);
    expect([created.status, created.body.integration.name]).toEqual([201, 'backups']);
    expect((await service.api.createIntegration(setupToken)).body.code).toBe('already_used');
    token = created.body.token;
    await page.locator('.message:not(.mine)', { hasText: '“backups” is set up' }).waitFor();
  });

  it('sees an alert arrive without reloading, with its form and its button', async () => {
    const before = await page.locator('.message').count();
    const answer = await service.api.postAlert(token, {
      title: 'Backup finished',
      message: '**42 GB** in _18 minutes_, `0` errors.\nNext run: tonight at 03:00.',
      format: 'markdown',
      tags: ['backup', 'nas'],
      url: 'https://example.org/runs/1204',
      urlTitle: 'Open the report',
    });
    expect(answer.status).toBe(202);
    const bubble = page.locator('.message', { hasText: 'Backup finished' });
    await bubble.waitFor();
    expect(await page.locator('.message').count()).toBe(before + 1);
    expect(await bubble.locator('strong', { hasText: '42 GB' }).count()).toBe(1);
    expect(await bubble.getByRole('link', { name: /Open the report/ }).getAttribute('href')).toBe(
      'https://example.org/runs/1204',
    );
    for (const alert of [
      { title: 'Warning', message: 'Disk /dev/sda1 is 91 % full.', priority: 'high' },
      {
        title: 'Deploy',
        message: 'shop 4.2.1 is live.\n\n```\n14 migrations, 0 errors\n3 of 3 nodes\n```',
        format: 'markdown',
      },
    ])
      expect((await service.api.postAlert(token, alert)).status).toBe(202);
    for (const text of ['/dev/sda1', '3 of 3 nodes'])
      await page.locator('.message', { hasText: text }).waitFor();
    expect((await service.api.waitForStatus(token, answer.body.id, ['delivered'])).messageIds).toHaveLength(
      1,
    );
    await type('/quota');
    await page.locator('.message:not(.mine)', { hasText: 'alerts left today' }).waitFor();
    await picture(page, pictures, 'sandbox.png');
  });

  it('sees an alert before it is sent, light and dark, on a phone and a desk, also by ear', async () => {
    const shown = page.locator('.message.preview');
    const before = await page.locator('.message:not(.preview)').count();
    for (const [colorScheme, width] of LOOKS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 844 });
      const alert = {
        title: 'Backup failed',
        message: `**db${width}**: exit code \`23\``,
        format: 'markdown',
        titel: 'x',
      };
      await page.getByRole('textbox', { name: 'Message' }).fill(JSON.stringify(alert));
      await page.getByRole('button', { name: 'Preview' }).click();
      await shown.locator('strong', { hasText: `db${width}` }).waitFor();
      await page
        .getByText(/nothing was sent · costs 1 of .* did you mean title\?/)
        .first()
        .waitFor();
      expect(await page.locator('.message:not(.preview)').count()).toBe(before);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(await faultsOf(page)).toEqual([]);
      await picture(page, looks, `preview-${colorScheme}-${width}.png`);
    }
    expect(problems).toEqual([]);
    await page.reload();
    await page.locator('.message', { hasText: 'My first alert' }).waitFor();
    expect(await shown.count()).toBe(0);
  });

  it('reads the API’s reference, light and dark, on a phone and a desk, also by ear', async () => {
    await page.goto(`${service.url}/docs`);
    const call = page.locator('#operations-alerts-sendAlert');
    // Much is rendered before this can be pressed.
    await call.locator('.opblock-summary-control').click({ timeout: 30_000 });
    await call.getByText('Durably queued').first().waitFor();
    for (const [colorScheme, width] of LOOKS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 844 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(await faultsOf(page)).toEqual([]);
      await picture(page, looks, `docs-${colorScheme}-${width}.png`);
    }
    // A Content-Security-Policy that was broken is an error on the console.
    expect(problems).toEqual([]);
    await page.emulateMedia({ colorScheme: null });
    await page.setViewportSize({ width: 1200, height: 800 });
    await page.goto(`${service.url}/sandbox`);
  }, 120_000);

  it('presses Storm, sees what is left of 50 alerts, and takes one of them', async () => {
    await page.getByRole('button', { name: 'Ops team' }).click();
    await page.getByRole('heading', { name: 'Ops team' }).waitFor();
    await page.getByRole('button', { name: 'Storm' }).click();
    const disk = page.locator('.message', { hasText: /db1\s*Disk 99 % full/ });
    const slow = page.locator('.message', { hasText: /api is slow\s*An answer takes/ });
    await disk.filter({ hasText: '×30' }).waitFor({ timeout: 30_000 });
    await slow.filter({ hasText: /✅ Resolved after .* · ×17/ }).waitFor({ timeout: 30_000 });
    await disk.getByRole('button', { name: 'Acknowledge' }).click();
    await disk.filter({ hasText: /👀 You, / }).waitFor();
    // The two problems, the two events, and the replies that ring.
    await page.locator('.message', { hasText: 'api is slow: resolved after' }).waitFor({ timeout: 30_000 });
    await page.locator('.message', { hasText: 'again, ×30' }).waitFor({ timeout: 30_000 });
    expect(await page.locator('.message').count()).toBe(6);
    expect(await slow.getByRole('button', { name: 'Acknowledge' }).count()).toBe(0);
    await page.locator('#scroll').evaluate('(log) => { log.scrollTop = 0; }');
    await picture(page, pictures, 'incidents.png');
    await page.locator('#chats').getByRole('button', { name: 'You' }).click();
    await page.getByRole('heading', { name: 'Pingui Alert' }).waitFor();
  });

  it('gets Spanish, a token for the channel, and the same chat and password after a restart', async () => {
    await page.getByRole('combobox', { name: 'Your language' }).selectOption('es');
    await type('/id');
    await page.locator('.message:not(.mine)', { hasText: 'El id de este chat' }).waitFor();
    await page.getByRole('button', { name: 'Status' }).click();
    await type('/token');
    await page.getByRole('button', { name: 'Open private chat' }).click();
    await page.locator('.message:not(.mine)', { hasText: 'de Status:' }).waitFor();
    const passwords = () => [...service.stderr.matchAll(/password (\S+)/g)].map(([, password]) => password);
    const texts = () => page.locator('.body').allTextContents();
    const before = await texts();
    expect(before.length).toBeGreaterThan(5);
    expect(problems).toEqual([]);
    await service.restart();
    await expect.poll(passwords).toHaveLength(2);
    expect(new Set(passwords()).size).toBe(1);
    await page.goto(`${service.url}/sandbox`);
    await expect.poll(async () => (await texts()).slice(0, before.length)).toEqual(before);
    expect(await page.getByRole('combobox', { name: 'Your language' }).inputValue()).toBe('es');
    const words = ['My first alert', 'Backup finished', 'El id de este chat'].map(textNeedle);
    // The chats are there, and can be found by these words in what the page shows.
    const files = filesOf(service.dataDir);
    expect(files.length).toBeGreaterThan(0);
    const shown = { name: 'page', bytes: Buffer.from((await texts()).join('\n')) };
    expect(findLeaks(words, [shown])).toHaveLength(words.length);
    expect(findLeaks(words, files)).toEqual([]);
    // The old address went away under the page; what came before is looked at above.
    problems.splice(0);
    await page.reload();
    await page.locator('.message', { hasText: 'de Status:' }).waitFor();
  });

  it('is on a page without errors, which asks nobody else', () => {
    expect(problems).toEqual([]);
  });

  async function type(text: string): Promise<void> {
    const input = page.getByRole('textbox', { name: 'Message' });
    await input.fill(text);
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.locator('.mine', { hasText: text }).waitFor();
  }
});

describe('an operator on the board', () => {
  const CHAT = 845_120_977_316_204;
  const WORD = 'vexboardwordqzj';
  const double = createBotApiDouble({ token: BOT_TOKEN });
  let service: Service;
  let context: BrowserContext;
  let page: Page;
  let problems: string[];
  let integration: Provisioned;
  let lost: string;
  let hopeless: string;

  const send = async (name: string, more: object = {}, { token } = integration): Promise<string> => {
    const answer = await service.api.postAlert(token, { title: name, message: WORD, ...more });
    expect(answer.status).toBe(202);
    return answer.body.id;
  };
  const arrivals = (text: string) =>
    double.calls.filter((call) => call.method === 'sendMessage' && String(call.payload.text).includes(text))
      .length;

  beforeAll(async () => {
    await double.start();
    service = await startService({ double, env: { SEND_DELAY_MS: '50', CHAT_DELAY_MS: '0' } });
    integration = await provisionIntegration(double, service, CHAT);
    const revoked = await provisionIntegration(double, service, CHAT, 'revoked');
    const reset = { method: 'sendMessage', action: { kind: 'reset' } } as const;
    double.fault({ ...reset, text: 'lost' });
    double.fault({ ...reset, text: 'hopeless' });
    lost = await send('lost');
    hopeless = await send('hopeless', {}, revoked);
    const fine = await send('fine');
    await service.api.waitForStatus(integration.token, lost, ['uncertain']);
    await service.api.waitForStatus(revoked.token, hopeless, ['uncertain']);
    await service.api.waitForStatus(integration.token, fine, ['delivered']);
    await service.api.call('/api/revokeIntegration', { method: 'POST', token: revoked.token, json: {} });
    for (const hours of [1, 2, 3])
      await send('later', { deliverAt: new Date(Date.now() + hours * 3_600_000).toISOString() });
    ({ context, page, problems } = await openContext(service));
  });
  afterAll(async () => {
    await context?.close();
    await service?.close();
    await double.stop();
  });

  const card = (id: string) => page.locator('section > [class*="card-"]', { hasText: id });
  const retry = async (id: string): Promise<void> => {
    await card(id).locator('[class*="jobActions-"] > li:first-child button').click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Confirm' }).click();
  };

  it('signs in on a page, after a wrong password as well', async () => {
    await page.goto(`${service.url}/admin/queues/`);
    await page.waitForURL('**/admin/sign-in?next=**');
    for (const password of ['wrong', ADMIN.password]) {
      await page.getByLabel('Name').fill(ADMIN.user);
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      if (password === 'wrong') await page.getByRole('alert').getByText('Wrong name or password').waitFor();
    }
    await page.waitForURL('**/admin/queues/');
    // The 401 of the wrong password.
    expect(problems.splice(0)).toEqual([expect.stringContaining('401')]);
  });

  it('sees both queues', async () => {
    const main = page.locator('main');
    for (const name of ['alerts', 'maintenance'])
      await main.getByText(name, { exact: true }).first().waitFor();
  });

  it('sees the alerts that failed with a code and a hash, but no text and no chat id', async () => {
    // A load of the board takes two seconds of processor time: it has links.
    await page.locator('main a[href$="/queue/alerts?status=failed"]').first().click();
    await page.waitForURL('**/admin/queues/queue/alerts?status=failed');
    await card(lost).waitFor();
    await card(lost).getByText('uncertain: connection_reset').first().waitFor();
    await card(lost).getByText('Telegram may have it').first().waitFor();
    await card(lost).getByText('Data', { exact: true }).click();
    const shown = (await page.locator('body').textContent()) ?? '';
    expect(shown).toMatch(/chat"?:\s*"[0-9a-f]{16}"/);
    for (const secret of [WORD, String(CHAT), 'lost']) expect(shown).not.toContain(secret);
  });

  it('sends an uncertain alert again, once, through the service’s own rule', async () => {
    expect(arrivals('lost')).toBe(1);
    await retry(lost);
    await service.api.waitForStatus(integration.token, lost, ['delivered']);
    await card(lost).waitFor({ state: 'detached' });
    expect(arrivals('lost')).toBe(2);
    await service.waitForLog(
      ({ event, alertId, by }) => event === 'alert.resent' && alertId === lost && by === 'operator',
    );
  });

  it('is refused where that rule forbids it, and told so', async () => {
    await retry(hopeless);
    await page
      .getByText(/no longer active/)
      .first()
      .waitFor();
    await card(hopeless).waitFor();
    expect(arrivals('hopeless')).toBe(1);
    expect(problems.splice(0)).toEqual([expect.stringContaining('409')]);
  });

  it('sees the service at a glance, light and dark, on a phone and a desk, also by ear', async () => {
    const look = async ([colorScheme, width]: (typeof LOOKS)[number]) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 844 });
    };
    await look(LOOKS[0]);
    await page.goto(`${service.url}/admin`);
    await page.getByRole('status').getByText('Everything works').waitFor();
    const rowOf = (name: string) => page.getByRole('row', { name }).first();
    await rowOf('Uncertain 1').waitFor();
    await rowOf('worker').waitFor();
    const tiles = page.locator('#tiles');
    await tiles.getByText('of 500; scheduled 3 of 10,000').waitFor();
    // The tile and the chart count alike.
    const [inHour] = ((await tiles.getByText(/^[\d,]+ in the last hour$/).textContent()) ?? '').split(' ');
    expect(inHour).not.toBe('0');
    expect(await page.locator('#sends-sum').textContent()).toMatch(new RegExp(`^${inHour} in all`));
    const shown = (await page.locator('body').textContent()) ?? '';
    for (const secret of [WORD, String(CHAT), 'hopeless']) expect(shown).not.toContain(secret);
    /** How far each chart is from filling its place, in CSS pixels. */
    const gaps = () =>
      page.evaluate(`['#sends-chart', '#days-chart'].map((id) => {
        const place = document.querySelector(id);
        return place.clientWidth - place.querySelector('canvas').clientWidth;
      })`);
    for (const each of LOOKS) {
      await look(each);
      // They are drawn anew a moment after the page's width has changed.
      await expect.poll(gaps, { timeout: 8_000 }).toEqual([0, 0]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(each[1]);
      expect(await faultsOf(page)).toEqual([]);
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await picture(page, pictures, 'overview.png', { fullPage: true });
    // A Content-Security-Policy that was broken is an error on the console.
    expect(problems).toEqual([]);
  });

  it('reads an alert’s timeline by keyboard alone, and from its job on the board', async () => {
    await page.emulateMedia({ colorScheme: null });
    await page.goto(`${service.url}/admin`);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type(`/api/alerts/${hopeless}`);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/admin/alerts?id=**');
    await page.getByText('It may have arrived: the connection broke').waitFor();
    const moments = await page.locator('.timeline li').allTextContents();
    expect(moments.map((text) => text.replace(/^[\d .:-]+UTC /, ''))).toEqual([
      'Accepted',
      'Last try to send began',
      expect.stringMatching(/^Uncertain: the connection broke/),
    ]);
    const shown = (await page.locator('body').textContent()) ?? '';
    for (const secret of [WORD, String(CHAT), 'title']) expect(shown).not.toContain(secret);
    expect(await faultsOf(page)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await page.setViewportSize({ width: 1280, height: 844 });
    await page.getByRole('link', { name: 'Its job on the board' }).click();
    await page.locator(`a[href$="/alerts/${hopeless}"]`, { hasText: 'Timeline' }).waitFor();
    expect(problems).toEqual([]);
    const unknown = await page.goto(`${service.url}/admin/alerts/${CHAT}`);
    expect(unknown?.status()).toBe(400);
    problems.splice(0);
  });

  it('is shown on the overview when the service does not answer', async () => {
    await page.goto(`${service.url}/admin`);
    await page.getByRole('status').getByText('Everything works').waitFor();
    // It asks every 5 s, and at once when somebody comes back to it.
    const comeBack = () => page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    await context.setOffline(true);
    await comeBack();
    await page.getByRole('status').getByText('No answer').waitFor();
    await context.setOffline(false);
    await comeBack();
    await page.getByRole('status').getByText('Everything works').waitFor();
    problems.splice(0);
  });

  it('signs out', async () => {
    await page.goto(`${service.url}/admin/sign-out`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL('**/admin/sign-in');
    await page.goto(`${service.url}/admin/queues/`);
    await page.waitForURL('**/admin/sign-in?next=**');
    expect(problems).toEqual([]);
  });
});
