/** A refusal in Telegram's own words: `{ ok: false, error_code, description, parameters? }`. */
export class Refusal extends Error {
  readonly status: number;
  readonly parameters: { readonly retry_after?: number; readonly migrate_to_chat_id?: number } | undefined;

  constructor(status: number, description: string, parameters?: Refusal['parameters']) {
    super(description);
    this.name = 'Refusal';
    this.status = status;
    this.parameters = parameters;
  }

  get body(): Record<string, unknown> {
    return {
      ok: false,
      error_code: this.status,
      description: this.message,
      ...(this.parameters ? { parameters: this.parameters } : {}),
    };
  }
}

export const badRequest = (text: string, parameters?: Refusal['parameters']): Refusal =>
  new Refusal(400, `Bad Request: ${text}`, parameters);

export const forbidden = (text: string): Refusal => new Refusal(403, `Forbidden: ${text}`);

export const conflict = (text: string): Refusal => new Refusal(409, `Conflict: ${text}`);

/** @param seconds whole seconds until the next send is allowed */
export const tooManyRequests = (seconds: number): Refusal =>
  new Refusal(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });
