import { RestoreRefused } from '../../app/restore/present.ts';
import { prepareRestore, type RestoredToken, type RestorePlan } from '../../app/restore/restore.ts';
import { UnusableBackup } from '../../db/backup/backup-facts.ts';
import { type CommandDeps, type Report, type Run, WrongUse } from '../command.ts';
import { tellRows } from '../progress.ts';
import { counted, megabytes, table } from '../table.ts';

/** What happened to a token since the backup, for people. */
const SINCE: Readonly<Record<RestoredToken['since'], string>> = {
  revoked: 'was revoked',
  rotated: 'was rotated: the newer token ends',
  deleted: 'was deleted',
  created: 'was made after the backup',
  unknown: 'may have been revoked or rotated since',
};
/** Lines of one list on a terminal; JSON has them all. */
const MOST_LINES = 20;

/** Puts a backup in place of the database that is there. */
export const restore: Run = async ({ args, options, progress }, deps) => {
  const [file = ''] = args;
  if (options.yes !== true && deps.ask === undefined)
    throw new WrongUse('restore asks before it replaces anything: without a terminal, say --yes');
  const settings = { ...deps.setUp(), ...deps.process, clock: deps.clock };
  try {
    const prepared = await prepareRestore(file, settings, { foreign: options.foreign === true });
    try {
      const { plan } = prepared;
      if (options.yes !== true && !(await agreed(plan, deps)))
        return { lines: ['Nothing was changed.'], json: { restored: false }, isFault: true };
      const done = await prepared.apply({
        copied: tellRows('restored', progress),
        compared: tellRows('compared', progress),
      });
      return describe(file, plan, done);
    } finally {
      await prepared.close();
    }
  } catch (error) {
    if (!(error instanceof UnusableBackup) && !(error instanceof RestoreRefused)) throw error;
    const fault = error instanceof UnusableBackup ? error.fault : 'refused';
    return {
      lines: [error.message, 'Nothing was changed.'],
      json: { restored: false, fault, message: error.message },
      isFault: true,
    };
  }
};

async function agreed(plan: RestorePlan, { ask, io }: CommandDeps): Promise<boolean> {
  const { facts, present } = plan;
  io.error(
    `The backup is whole: ${megabytes(facts.bytes)}, ${counted(facts.rows.Integrations ?? 0, 'integration')}, ${counted(facts.rows.Alerts ?? 0, 'alert')}.`,
  );
  io.error(
    {
      none: 'There is no database yet.',
      damaged: 'The database that is there cannot be read: it is moved aside.',
      whole: 'What is in the database now is kept in a file beside the backups.',
    }[present],
  );
  for (const line of describeTokens(plan)) io.error(line);
  const answer = await ask?.('Replace the database with this backup? [y/N] ');
  return /^y(es)?$/i.test(answer?.trim() ?? '');
}

type Applied = Awaited<ReturnType<Awaited<ReturnType<typeof prepareRestore>>['apply']>>;

function describe(file: string, plan: RestorePlan, { rows, kept, settled }: Applied): Report {
  const lines = [
    `Restored ${file}: ${counted(rows.Integrations ?? 0, 'integration')}, ${counted(rows.Alerts ?? 0, 'alert')}; every row was compared.`,
    ...(kept === null ? [] : [`What was there before: ${kept}`]),
    ...describeSettled(settled),
    ...describeTokens(plan),
    'Start the service, and run `pingui doctor`.',
  ];
  return {
    lines,
    json: {
      restored: true,
      ...{ rows, kept },
      alerts: settled,
      tokensThatLiveAgain: plan.revived,
      tokensThatEnd: plan.ended,
      chatsNoLongerBlocked: plan.unblocked,
    },
  };
}

function describeSettled(settled: Applied['settled']): string[] {
  if ('unknown' in settled)
    return [
      `Alerts that had not ended could not be looked up (${settled.unknown}) The service ends those that are lost within 70 s of its start.`,
    ];
  const { waiting, known, uncertain, lost } = settled;
  if (waiting + known + uncertain + lost === 0) return [];
  return [
    `Of the alerts that had not ended in the backup, ${waiting} still wait in Redis, ${known} have ended since, ${lost} are lost ` +
      `(they end as failed), and of ${uncertain} nobody knows (uncertain).`,
  ];
}

function describeTokens({ revived, ended, unblocked, present }: RestorePlan): string[] {
  return [
    ...list(
      present === 'whole'
        ? 'These tokens live again. Revoke those that should not: `pingui integrations revoke <id>`'
        : 'There is nothing to compare with: each of these tokens lives, also where it was revoked since. `pingui integrations revoke <id>`',
      revived,
    ),
    ...list('These tokens end:', ended),
    ...(unblocked.length === 0
      ? []
      : [`No longer blocked: ${unblocked.join(', ')}. \`pingui chats block <hash>\``]),
  ];
}

function list(title: string, tokens: readonly RestoredToken[]): string[] {
  if (tokens.length === 0) return [];
  const rows = tokens.slice(0, MOST_LINES).map(({ id, name, chat, since }) => [id, name, chat, SINCE[since]]);
  const more = tokens.length - rows.length;
  return [
    title,
    ...table(['ID', 'NAME', 'CHAT', 'SINCE'], rows).map((line) => `  ${line}`),
    ...(more > 0 ? [`  … and ${more} more (--json has them all)`] : []),
  ];
}
