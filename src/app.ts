import type { AddressInfo } from 'node:net';
import { httpPart } from './app/http-part.ts';
import { publicUrl } from './app/public-url.ts';
import { jobsPart, workerPart } from './app/queue-parts.ts';
import { issueSandboxToken, sandboxNotice } from './app/sandbox.ts';
import { databasePart, redisPart } from './app/storage-parts.ts';
import { botPart, sandboxPart } from './app/telegram-parts.ts';
import { type AppDeps, createWiring, type Wiring } from './app/wiring.ts';
import { createLifecycle, type Part } from './ops/lifecycle.ts';
import { logEvents } from './ops/log-events.ts';

export interface App {
  /**
   * Starts the parts of ROLES in the contract's order. Returns what a newcomer should read, in sandbox mode.
   * @throws what a part's start threw; Error if stop() was called meanwhile
   */
  start(): Promise<{ address: AddressInfo | undefined; notice: string | undefined }>;
  /** Never throws. `clean`: everything stopped within 10 s. */
  stop(): Promise<{ readonly clean: boolean }>;
}

/** The composition root. */
export function createApp(deps: AppDeps): App {
  const stopping = new AbortController();
  const wiring = createWiring(deps, stopping.signal);
  const { config, log, clock, isSandbox } = wiring;
  const lifecycle = createLifecycle(chooseParts(wiring), { log, clock });

  return {
    async start() {
      logEvents(wiring.events, log);
      for (const warning of config.warnings) log.warn({}, warning);
      if (isSandbox)
        log.warn({}, 'SANDBOX mode: no BOT_TOKEN, so alerts go to the chat page, not to Telegram');
      await lifecycle.start();
      log.info({ mode: config.mode.kind, roles: [...config.roles] }, 'Pingui Alert is ready');
      return { address: wiring.running.address, notice: await newcomersNotice(wiring) };
    },
    stop() {
      stopping.abort();
      return lifecycle.stop();
    },
  };
}

/** By role, in the order of the start. */
function chooseParts(wiring: Wiring): Part[] {
  const { has, isSandbox } = wiring;
  const { port } = wiring.config.http;
  return [
    databasePart(wiring),
    redisPart(wiring),
    ...(isSandbox ? [sandboxPart(wiring)] : []),
    ...(has('worker') ? [workerPart(wiring)] : []),
    ...(has('scheduler') ? [jobsPart(wiring)] : []),
    ...(has('bot') ? [botPart(wiring)] : []),
    ...(port === undefined ? [] : [httpPart(wiring, port)]),
  ];
}

async function newcomersNotice(wiring: Wiring): Promise<string | undefined> {
  const { config, adminPassword, running, get } = wiring;
  if (!wiring.isSandbox || !wiring.has('api') || adminPassword === undefined) return undefined;
  const { integrations, tokens } = get('useCases');
  return sandboxNotice({
    url: publicUrl(config, running.address),
    admin: { user: config.admin.user, password: adminPassword },
    token: await issueSandboxToken(integrations, tokens),
  });
}
