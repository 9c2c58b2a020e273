import { Telegram } from 'telegraf';
import { createAgents, type Way } from './agents.ts';

/**
 * A client for the sender (the bot has its own). Every call has its own connection, because a kept one that the other side
 * has just closed (or a NAT has forgotten) turns an alert that was never sent into an uncertain one, and at 1 send/s a
 * handshake costs nothing. No call follows a redirect: whoever sent it had the request, so that a second one, which may
 * fail to connect, must not be what the outcome is made of.
 * @param apiRoot with or without a path and a trailing slash
 */
export function createTelegramClient({
  token,
  ...way
}: Way & { readonly token: string }): Pick<Telegram, 'callApi'> {
  const apiRoot = way.apiRoot.endsWith('/') ? way.apiRoot : `${way.apiRoot}/`;
  const agents = createAgents(way, false);
  return {
    callApi(...call: Parameters<Telegram['callApi']>) {
      const telegram = new Telegram(token, { apiRoot, webhookReply: false });
      let requests = 0;
      const agentOnce = () => {
        requests += 1;
        if (requests > 1) throw Object.assign(new Error('redirected'), { type: 'no-redirect' });
        return agents();
      };
      // Telegraf drops the agent of an http:// root while it constructs the client, and knows no function for one, which
      // node-fetch calls for each request.
      telegram.options.agent = agentOnce as never;
      return telegram.callApi(...call);
    },
  } as Pick<Telegram, 'callApi'>;
}
