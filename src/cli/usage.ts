/** The one text of how the program is called. */
export const USAGE = `Usage: npx pingui [command]      (or: node dist/src/main.js [command])

  (none)                                  runs the service
  migrate                                 brings the database up to date
  job reset-quotas | backup               runs a scheduled job now
  chats list                              shows the registered chats, by the hash that logs have
  chats block HASH | unblock HASH         the bot ignores a blocked chat, and its alerts are refused
  invite [--days N]                       makes a link that lets one chat in, once (REGISTRATION=invite); default: 7 days
  adopt-queue                             binds the queue in Redis to this database, after the one before it was lost
  adopt-key                               binds this database to the JWT_SECRET of now, after the one before it was lost
  migrate-database --from URL --to URL    copies all data into an empty database; stop the service first.
                                          URL: sqlite:<path> (a backup too) or postgres://…`;
