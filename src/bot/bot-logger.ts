/** What the bot needs of a logger; a pino child logger with `component: 'bot'` fits. */
export interface BotLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
