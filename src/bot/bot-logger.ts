/**
 * What the bot needs of a logger: the service's own, which takes tokens and texts out of errors (an error of the Bot API
 * carries the whole payload, and its address the bot's token).
 */
export interface BotLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
