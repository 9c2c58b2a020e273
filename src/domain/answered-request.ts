/** A request that has been answered, or given up. */
export interface AnsweredRequest {
  readonly method: string;
  /** The pattern that it matched (`/api/alerts/:id`), never its own path, which may hold ids; else the mount's. */
  readonly route: string;
  /** 499: the client hung up before there was an answer (nginx's number for it). */
  readonly status: number;
  readonly tookMs: number;
  readonly requestId: string;
}
