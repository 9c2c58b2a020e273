/** A setup token was exchanged: an integration is ready to send. */
export interface SetUp {
  readonly integrationId: number;
  /** The language (IETF) of whoever asked for the token. */
  readonly locale: string | undefined;
}

/** Tells the bot of it, in whichever process that runs. At most once, and without a bot not at all. */
export interface SetUpSignal {
  /** Never rejects. Where the bot is in this process it waits a little for the chat to be told. */
  publish(setUp: SetUp): Promise<void>;
  /** This process has the bot: it tells the chats from now on. */
  listen(tell: (setUp: SetUp) => Promise<void>): void;
}
