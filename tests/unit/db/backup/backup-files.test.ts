import { expect, it } from 'vitest';
import { backupName, outdated } from '../../../../src/db/backup/backup-files.ts';

it('names backups by their time in UTC', () => {
  expect(backupName(Date.UTC(2026, 10, 24, 3))).toBe('pingui-backup-2026-11-24T03-00-00-000Z.db');
});

it('calls the oldest backups outdated, nothing else, and never all of them', () => {
  const names = [3, 1, 2].map((day) => backupName(Date.UTC(2026, 0, day)));
  const others = ['pingui.db', 'pingui-backup-2020-01-01.db', `${names[1]}.tmp`, `x${names[1]}`];
  expect(outdated([...names, ...others], 2)).toEqual([names[1]]);
  expect(outdated([...names, ...others], 0)).toEqual([names[1], names[2]]);
  expect(outdated(names, 3)).toEqual([]);
});
