/** The one text of how the program is called. */
export const USAGE = `Usage: node dist/src/main.js [command]

  (none)                                  runs the service
  migrate                                 brings the database up to date
  job reset-quotas | backup               runs a scheduled job now
  adopt-queue                             binds the queue in Redis to this database, after the one before it was lost
  migrate-database --from URL --to URL    copies all data into an empty database; stop the service first.
                                          URL: sqlite:<path> (a backup too) or postgres://…`;
