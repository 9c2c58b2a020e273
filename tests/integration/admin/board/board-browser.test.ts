import { fileURLToPath } from 'node:url';
import { Queue, UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ApiFixture, startApi } from '../../../support/api-fixture.ts';
import {
  addAlertsInAllStates,
  type BoardAlertName,
  type BoardAlerts,
} from '../../../support/board-alerts.ts';
import { launchChromium } from '../../../support/chromium.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';

// A browser on a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 });

const PREFIX = '{board-browser}';
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 375, height: 812 };
/** The README's picture is made anew with UPDATE_SCREENSHOTS=1. */
const PICTURE =
  process.env.UPDATE_SCREENSHOTS === '1'
    ? fileURLToPath(new URL('../../../../docs/images/board.png', import.meta.url))
    : undefined;

let server: TestRedis;
let redis: Redis;
let alerts: Queue;
let updates: Queue;
let maintenance: Queue;
let added: BoardAlerts;
let fixture: ApiFixture;
let browser: Browser;
let page: Page;
const problems: string[] = [];

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis({ ...server.connection, maxRetriesPerRequest: null });
  const options = { connection: redis as never, prefix: PREFIX };
  alerts = new Queue('alerts', options);
  updates = new Queue('updates', options);
  maintenance = new Queue('maintenance', options);
  added = await addAlertsInAllStates(alerts, redis, PREFIX);
  await failBackup();
  await maintenance.upsertJobScheduler('backup', { pattern: '0 3 * * *' }, { name: 'backup' });
  fixture = await startApi({
    queues: { alerts, updates, maintenance },
    whyWaiting: added.whyWaiting,
    operator: { user: 'admin', password: 'password', sessionKey: Buffer.alloc(32, 9) },
  });
  browser = await launchChromium();
  page = await openPage();
});
afterAll(async () => {
  await browser.close();
  await fixture.stop();
  await added.stop();
  await Promise.all([alerts, updates, maintenance].map((queue) => queue.close()));
  redis.disconnect();
  await server.stop();
});
beforeEach(() => page.setViewportSize(WIDE));

async function failBackup(): Promise<void> {
  const worker = new Worker(
    'maintenance',
    async () => {
      throw new UnrecoverableError('disk_full');
    },
    { connection: redis as never, prefix: PREFIX },
  );
  const { id = '' } = await maintenance.add('backup', {}, { attempts: 1 });
  await vi.waitFor(async () => expect(await maintenance.getJobState(id)).toBe('failed'), 10_000);
  await worker.close();
}

async function openPage(): Promise<Page> {
  const context = await browser.newContext({ viewport: WIDE, locale: 'en-GB', reducedMotion: 'reduce' });
  context.setDefaultTimeout(15_000);
  context.on('request', (request) => {
    if (new URL(request.url()).origin !== fixture.url) problems.push(`foreign request: ${request.url()}`);
  });
  context.on('weberror', (error) => problems.push(`error: ${error.error().message}`));
  context.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  const opened = await context.newPage();
  await opened.goto(`${fixture.url}/admin/sign-in?next=/admin/queues/`);
  await opened.getByLabel('Name').fill('admin');
  await opened.getByLabel('Password').fill('password');
  await opened.getByRole('button', { name: 'Sign in' }).click();
  await opened.waitForURL('**/admin/queues/');
  return opened;
}

/** The address of a queue's tab, below the board's. */
type Tab = `queue/${'alerts' | 'maintenance'}${'' | `?status=${string}`}`;
/** What the board's page asks for a tab. */
interface JobLists {
  readonly queues: readonly { readonly name: string; readonly jobs: readonly { readonly id: string }[] }[];
}

/**
 * Goes to a tab by the board's own links, as an operator does: each load of its script takes two seconds of processor
 * time. Resolves once the page shows the jobs that the server names for the tab, and no others.
 */
async function open(tab: Tab): Promise<void> {
  const target = new URL(`${fixture.url}/admin/queues/${tab}`);
  if (page.url() === target.href) return;
  const queue = target.pathname.replace(/.*\//, '');
  const asked = [queue, target.searchParams.get('status') ?? 'latest'].join();
  const answer = page.waitForResponse((response) => {
    const { pathname, searchParams } = new URL(response.url());
    return (
      pathname === '/admin/queues/api/queues' &&
      [searchParams.get('activeQueue'), searchParams.get('status')].join() === asked
    );
  });
  const go = async () => {
    if (new URL(page.url()).pathname !== target.pathname)
      await page.locator(`a[title="${queue}"][href*="/queue/"]`).first().click();
    await page.locator(`ul[class*="statusTabs-"] a[href="${target.pathname}${target.search}"]`).click();
  };
  const [response] = await Promise.all([answer, go()]);
  const { queues } = (await response.json()) as JobLists;
  const jobs = queues.find(({ name }) => name === queue)?.jobs.map(({ id }) => id) ?? [];
  expect(jobs).not.toEqual([]);
  const shown = () =>
    ofAll('section > [class*="card-"] [class*="jobId-"]', "one.textContent.replace(/^#/, '')");
  await expect.poll(shown, { timeout: 15_000 }).toEqual(jobs);
}
/** `body` is an expression of `one`, an element that matches. */
const ofAll = (selector: string, body: string) =>
  page.evaluate(
    `[...document.querySelectorAll(${JSON.stringify(selector)})].map((one) => ${body})`,
  ) as Promise<unknown[]>;
const row = (name: BoardAlertName) =>
  page.locator('section > [class*="card-"]', { hasText: added.ids[name] });
const titleOf = async (name: BoardAlertName) =>
  ((await row(name).locator('h5').textContent()) ?? '').replaceAll('\u00a0', ' ');

/** Resolves once the page has been laid out anew, by its style sheets and by its script. */
async function resize(size: typeof WIDE): Promise<void> {
  await page.setViewportSize(size);
  await page.waitForFunction(`innerWidth === ${size.width}`);
  await page.evaluate(
    'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve))))',
  );
}

/** On the narrow screen nothing of a list of alerts is cut off. */
async function expectReadable(): Promise<void> {
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(NARROW.width);
  const cut = 'one.scrollWidth > one.clientWidth ? [one.textContent] : []';
  const rows = 'section h5, ul[class*="statusTabs-"], [class*="tabActions-"]';
  expect((await ofAll(rows, cut)).flat()).toEqual([]);
  expect(await ofAll('section h5', 'one.checkVisibility()')).toContain(true);
}

describe('the board in a browser', () => {
  /** What the rows of a tab say of how their alerts stand. */
  const ROWS: Readonly<Record<string, () => Promise<void>>> = {
    async waiting() {
      expect(await titleOf('waiting')).toBe(
        'integration 12 · chat 3f2a91c0… · high priority · private · 1.2 kB · waiting for its turn',
      );
    },
    async delayed() {
      expect(await titleOf('flooded')).toContain('flood wait until');
      await row('flooded').getByText('Will run at').waitFor();
    },
    async completed() {
      expect(await titleOf('delivered')).toContain('delivered · 184 ms');
      await row('delivered').getByText('4711').waitFor();
    },
    async active() {
      expect(await titleOf('active')).toContain('sending');
    },
    async latest() {},
    async failed() {},
  };
  /** The buttons of jobs that can be seen, by their pictures. */
  const actions = async () => {
    const seen = 'one.checkVisibility() ? [one.classList[1]] : []';
    return [...new Set((await ofAll('[class*="jobActions-"] svg', seen)).flat())];
  };
  const inBothSizes = async (expectSound: (size: string) => Promise<void>) => {
    await expectSound('wide');
    await resize(NARROW);
    await expectSound('narrow');
    await resize(WIDE);
  };

  it.each(Object.entries(ROWS))(
    'on the tab %s tells how each alert stands, offers on a wide and on a narrow screen no button that the server refuses, and can be read on both',
    async (status, expectRows) => {
      await open(status === 'latest' ? 'queue/alerts' : `queue/alerts?status=${status}`);
      await expectRows();
      const allowed = status === 'failed' || status === 'latest' ? ['lucide-refresh-cw'] : [];
      await inBothSizes(async (size) => {
        expect([size, await actions()]).toEqual([size, allowed]);
        expect(await page.locator('[class*="queueActions-"] button:visible').count()).toBe(0);
        if (size === 'narrow') await expectReadable();
      });
    },
  );

  it('warns in the row and in its question before an uncertain alert is sent again', async () => {
    await open('queue/alerts?status=failed');
    expect(await titleOf('uncertain')).toContain('uncertain: connection_reset · Telegram may have it');
    await row('uncertain').getByText('If you send it again, it may arrive twice.').waitFor();
    if (PICTURE !== undefined) {
      await page.setViewportSize({ width: 1360, height: 1130 });
      // The chart follows the new width.
      await page.waitForTimeout(1_500);
      await page.screenshot({ path: PICTURE });
    }
    await row('uncertain').locator('[class*="jobActions-"] button').first().click();
    const question = page.getByRole('alertdialog');
    await question.getByText('may already have reached Telegram').waitFor();
    await question.getByRole('button', { name: 'Cancel' }).click();
  });

  it('shows our penguin, where it runs, and a chart of the deliveries', async () => {
    await open('queue/alerts');
    expect(await ofAll('header img', 'one.naturalWidth')).toEqual([expect.any(Number)]);
    expect(await ofAll('header img', 'one.naturalWidth')).not.toEqual([0]);
    await page.locator('header', { hasText: 'PRODUCTION' }).waitFor();
    await page.locator('[class*="metricsCard-"] svg.recharts-surface').first().waitFor();
    await open('queue/maintenance?status=failed');
    expect(await page.getByText('No metrics collected').isVisible()).toBe(false);
  });

  it('offers on its other pages, on a wide and on a narrow screen, no button that the server refuses', async () => {
    await open('queue/alerts?status=delayed');
    await row('flooded').locator('a[class*="jobLink-"]').click();
    await page.locator('ul[class*="statusTabs-"]').waitFor({ state: 'detached' });
    await row('flooded').locator('[class*="jobActions-"] svg').first().waitFor({ state: 'attached' });
    await inBothSizes(async () => expect(await actions()).toEqual([]));
    await open('queue/maintenance?status=delayed');
    await inBothSizes(async () => {
      expect(await actions()).toEqual(['lucide-corner-up-left']);
      expect(await page.locator('main button[aria-haspopup="menu"]:visible').count()).toBe(0);
    });
    await open('queue/maintenance?status=failed');
    await inBothSizes(async () => expect(await actions()).toEqual(['lucide-refresh-cw']));
    await page.getByRole('link', { name: 'Schedulers', exact: true }).click();
    await page.locator('td', { hasText: '0 3 * * *' }).waitFor();
    const forbidden = 'td button svg:is(.lucide-play, .lucide-pencil, .lucide-trash-2):visible';
    await inBothSizes(async () => expect(await page.locator(forbidden).count()).toBe(0));
  });

  it('offers of the menus only what may be done', async () => {
    const items = async () =>
      (await page.locator('[role="menuitem"]:visible').allTextContents()).map((text) => text.trim());
    await open('queue/alerts');
    await page.locator('main button[aria-haspopup="menu"]').click();
    await page.getByRole('menuitem').first().waitFor();
    expect(await items()).toEqual(['Pause']);
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Pingui Alert' }).click();
    await page.locator('main [class*="headerControls-"] button[aria-haspopup="menu"]').click();
    await page.getByRole('menuitem', { name: 'Sort by' }).waitFor();
    expect(await items()).toEqual(['Sort by']);
    expect(
      await page.locator('main [class*="queueCard-"] button[aria-haspopup="menu"]:visible').count(),
    ).toBe(2);
    expect(await page.locator('main ul[class*="statusTabs-"] > li:visible').count()).toBe(6);
  });

  it('is laid out for a narrow screen when it is opened on one', async () => {
    await page.setViewportSize(NARROW);
    await page.goto(`${fixture.url}/admin/queues/queue/alerts?status=failed`);
    await row('uncertain').waitFor();
    await expectReadable();
  });

  it('has no error on its pages, and asks nobody else', () => {
    expect(problems).toEqual([]);
  });
});
