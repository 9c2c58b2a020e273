import { inspectToken } from '../../app/inspect-token.ts';
import { type Run, WrongUse } from '../command.ts';
import { isoTime, properties, time } from '../table.ts';

/** What a token is good for. From standard input it stays out of the shell's history. */
export const showToken: Run = async ({ args }, deps) => {
  const [given = '-'] = args;
  const token = (given === '-' ? await deps.readInput() : given).trim();
  if (token === '') throw new WrongUse('there is no token: give it as the argument, or on standard input');
  const { config } = deps.setUp();
  const { isAccepted, verdict, kind, expiresAt, scope, integration } = await inspectToken(token, {
    config,
    clock: deps.clock,
  });
  return {
    lines: [
      verdict,
      ...(kind === undefined
        ? []
        : properties([
            ['kind', kind],
            ['ends', time(expiresAt)],
            ['scope', scope],
            ['integration', integration && `${integration.id} ${integration.name}`],
            ['status', integration?.status],
            ['chat', integration?.chat],
          ])),
    ],
    json: { accepted: isAccepted, verdict, kind, scope, expiresAt: isoTime(expiresAt), integration },
    isFault: !isAccepted,
  };
};
