/** What the codes of the health checks mean, in a sentence for whoever has to do something. */
export const CHECKS = {
  redis: 'Redis',
  database: 'Database',
  telegram: 'Telegram',
  queue: 'Queue',
  jobs: 'Scheduled jobs',
};

export const REASONS = {
  out_of_memory: 'It has no memory left: alerts are refused.',
  read_only: 'It takes no writes: alerts are refused.',
  cannot_persist: 'It cannot write to its disk: alerts are refused.',
  no_replicas: 'It has too few replicas to take writes.',
  unavailable: 'It cannot be reached.',
  timeout: 'It does not answer in time.',
  accepts_fail: 'Accepting alerts fails there.',
  disk_full: 'Its disk is full: alerts are refused.',
  locked: 'Another program holds its lock.',
  unreachable: 'It cannot be reached: alerts wait in the queue.',
  unauthorized: 'It refuses the bot token.',
  halted: 'It refuses the bot token: nothing is sent until it is taken again.',
  updates_conflict: 'Another program polls with this bot token.',
  updates_unreachable: 'It gives the bot no updates.',
  webhook_refused: 'It does not take WEBHOOK_URL.',
  foreign: 'What is in Redis belongs to another installation.',
  paused: 'An operator has paused it.',
  flood_wait: 'Telegram told the whole bot to wait.',
  no_progress: 'Alerts could be sent, but none is.',
  queue_full: 'It is full: alerts are refused.',
  schedule_full: 'The schedule is full: scheduled alerts are refused.',
  upkeep_overdue: 'Upkeep is late: is a process with the role scheduler running?',
  reset_overdue: 'The quotas were not reset at midnight.',
  backup_overdue: "Last night's backup is not there.",
};

export const STATES = {
  ok: ['ok', 'Everything works', 'Alerts are taken in and arrive.'],
  degraded: ['warn', 'Degraded', 'Alerts are taken in, but something is wrong.'],
  down: ['bad', 'Down', 'Alerts are refused.'],
};
