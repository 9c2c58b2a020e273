import { pause } from '../../src/async/pause.ts';
import type { BotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { type Service, startService } from '../support/service.ts';

export type Role = 'api' | 'worker' | 'bot' | 'scheduler';
export type Sizes = Readonly<Record<Role, number>>;

/** One process of the service, which may be down. */
export interface Member {
  readonly name: string;
  readonly role: Role;
  readonly service: Service;
  readonly up: boolean;
  /** Where in the service's logs its present process begins. */
  readonly startedAt: number;
}

export interface Fleet {
  readonly members: readonly Member[];
  readonly counts: { kills: number; terms: number; restarts: number };
  /** Exit codes of processes that were asked to stop, other than 0. */
  readonly uncleanExits: readonly string[];
  /** Ends a member (-9, or by SIGTERM), leaves it down for `downMs`, and starts it again. */
  hit(member: Member, signal: 'SIGKILL' | 'SIGTERM', downMs: number): Promise<void>;
  close(): Promise<void>;
}

const ROLES: readonly Role[] = ['api', 'worker', 'bot', 'scheduler'];

/** Starts all processes at the same time, so that none can count on another's having been there before. */
export async function startFleet(
  sizes: Sizes,
  env: Readonly<Record<string, string>>,
  double: BotApiDouble,
): Promise<Fleet> {
  const counts = { kills: 0, terms: 0, restarts: 0 };
  const uncleanExits: string[] = [];
  const plan = ROLES.flatMap((role) =>
    Array.from({ length: sizes[role] }, (_, index) => ({ role, name: `${role}-${index + 1}` })),
  );
  const started = await Promise.allSettled(
    plan.map(async ({ role, name }) => {
      const service = await startService({ double, env: { ...env, ROLES: role } });
      return { role, name, service, up: true, startedAt: 0 };
    }),
  );
  const members = started.filter((result) => result.status === 'fulfilled').map((result) => result.value);
  const close = async (): Promise<void> => {
    await Promise.all(members.map(({ service }) => service.close()));
  };
  const failed = started.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await close();
    throw failed.reason;
  }
  return {
    members,
    counts,
    uncleanExits,
    async hit(chosen, signal, downMs) {
      const member = members.find((one) => one === chosen);
      if (member === undefined || !member.up) return;
      member.up = false;
      if (signal === 'SIGKILL') {
        counts.kills += 1;
        await member.service.kill9();
      } else {
        counts.terms += 1;
        const code = await member.service.stop();
        if (code !== 0) uncleanExits.push(`${member.name}: ${code}`);
      }
      await pause(downMs);
      member.startedAt = member.service.logs.length;
      await member.service.restart();
      counts.restarts += 1;
      member.up = true;
    },
    close,
  };
}
