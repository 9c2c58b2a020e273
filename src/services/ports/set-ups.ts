/** A setup token was exchanged: an integration is ready to send. With a `keyId`: a key of it was made by the API. */
export interface SetUp {
  readonly integrationId: number;
  /** The language (IETF) of whoever asked for the token, where that is known. */
  readonly locale: string | undefined;
  readonly keyId?: number;
}

/** Tells the bot of it, in whichever process that runs. At most once, and without a bot not at all. */
export interface SetUpSignal {
  /** Never rejects. Where the bot is in this process it waits a little for the chat to be told. */
  publish(setUp: SetUp): Promise<void>;
  /** This process has the bot: it tells the chats from now on. */
  listen(tell: (setUp: SetUp) => Promise<void>): void;
}
