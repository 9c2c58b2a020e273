import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { Telegram } from 'telegraf';
import { classifyNetworkError, NOT_CONNECTED } from './network-faults.ts';

/** Longest time, in milliseconds, until name, TCP and TLS stand. Far above any real one; half the default call limit. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * A client for the sender (the bot has its own). Two things make its faults clear-cut:
 * every call has its own connection, because a kept one that the other side has just closed (or a NAT has forgotten)
 * turns an alert that was never sent into an uncertain one, and at 1 send/s a handshake costs nothing;
 * and every error before the connection stands is marked NOT_CONNECTED, so that a firewall that drops packets keeps
 * alerts queued.
 * @param apiRoot with or without a path and a trailing slash
 */
export function createTelegramClient(options: {
  readonly token: string;
  readonly apiRoot: string;
  /** The sender's limit per call, in milliseconds: connecting gets at most half of it. */
  readonly timeoutMs: number;
}): Telegram {
  const apiRoot = options.apiRoot.endsWith('/') ? options.apiRoot : `${options.apiRoot}/`;
  const agent = createAgent(new URL(apiRoot).protocol, Math.min(CONNECT_TIMEOUT_MS, options.timeoutMs / 2));
  const telegram = new Telegram(options.token, { apiRoot, agent, webhookReply: false });
  // Telegraf drops the agent of an http:// root while it constructs the client.
  telegram.options.agent = agent;
  return telegram;
}

/** An agent that never reuses a connection and tells errors before the connection from later ones. */
function createAgent(protocol: string, connectTimeoutMs: number): http.Agent {
  const isTls = protocol === 'https:';
  const agent = isTls ? new https.Agent({ keepAlive: false }) : new http.Agent({ keepAlive: false });
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = connect(options, callback);
    if (socket) watchConnecting(socket, isTls ? 'secureConnect' : 'connect', connectTimeoutMs);
    return socket;
  };
  return agent;
}

/** This listener is the socket's first: whoever sees the error later sees the mark. */
function watchConnecting(socket: Duplex, connected: 'connect' | 'secureConnect', timeoutMs: number): void {
  const timer = setTimeout(() => socket.destroy(new Error('connecting took too long')), timeoutMs);
  const mark = (error: Error): void => {
    if (classifyNetworkError(error).kind !== 'never_sent') Object.assign(error, { code: NOT_CONNECTED });
  };
  socket.once('error', mark);
  socket.once(connected, () => {
    clearTimeout(timer);
    socket.off('error', mark);
  });
  socket.once('close', () => clearTimeout(timer));
}
