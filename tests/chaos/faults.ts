import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { pause } from '../../src/async/pause.ts';
import type { Rig } from './rig.ts';

/** Another process holds SQLite's write lock for `ms`. @param onLocked called when it has it */
export async function lockDatabase(
  rig: Pick<Rig, 'api'>,
  ms: number,
  onLocked: () => void = () => {},
): Promise<void> {
  const db = new sqlite3.Database(join(rig.api.dataDir, 'pingui.db'));
  const run = (sql: string) =>
    new Promise<void>((resolve, reject) => {
      db.exec(sql, (error) => (error ? reject(error) : resolve()));
    });
  db.configure('busyTimeout', 10_000);
  await run('BEGIN IMMEDIATE');
  onLocked();
  await pause(ms);
  await run('COMMIT');
  await new Promise((resolve) => db.close(resolve));
}

/** For `ms` Telegram accepts connections and never answers. Resolves with how many there were, when it is back. */
export async function muteTelegram(rig: Pick<Rig, 'double'>, ms: number): Promise<number> {
  const port = Number(new URL(rig.double.apiRoot).port);
  await rig.double.goDown();
  const sockets = new Set<Socket>();
  const mute = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  }).listen(port, '127.0.0.1');
  await once(mute, 'listening');
  await pause(ms);
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => mute.close(resolve));
  await rig.double.comeBack();
  return sockets.size;
}
