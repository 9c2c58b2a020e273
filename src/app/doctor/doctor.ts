import type { AppDeps } from '../context.ts';
import { checkClock } from './clock.ts';
import { checkBackup, checkDatabase } from './database.ts';
import { checkDisk } from './disk.ts';
import type { Finding } from './finding.ts';
import { checkRedis } from './redis.ts';
import { checkService } from './service.ts';
import { checkNode, checkSettings } from './settings.ts';
import { checkTelegram } from './telegram.ts';

/** Looks at all that the service needs, and changes nothing. @param nodeVersion as `process.versions.node` has it */
export async function examine(
  deps: Pick<AppDeps, 'config' | 'env' | 'clock'> & { readonly nodeVersion: string },
  onSubject: (subject: string) => void,
): Promise<Finding[]> {
  const { config, clock } = deps;
  const found: Finding[] = [...checkSettings(config), checkNode(deps.nodeVersion)];
  onSubject('database');
  const { findings, installation } = await checkDatabase(config);
  found.push(...findings, ...(await checkBackup(config, deps, clock.now())), ...(await checkDisk(config)));
  onSubject('Redis');
  found.push(...(await checkRedis(deps, installation)));
  onSubject('Telegram');
  found.push(...(await checkTelegram(config, clock.now())), ...(await checkClock(config, clock.now)));
  onSubject('the service');
  found.push(...(await checkService(config)));
  return found;
}
