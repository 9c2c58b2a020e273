/** A process of this installation, on whatever machine. */
export interface ProcessFacts {
  /** Of its own, for as long as it runs. */
  readonly id: string;
  /** ROLES */
  readonly roles: readonly string[];
  readonly version: string;
  /** Epoch ms. */
  readonly startedAt: number;
}
