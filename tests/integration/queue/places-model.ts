/** Small, so that a few alerts reach them. */
export const LIMITS = { maxPending: 6, maxPendingPerChat: 3, maxScheduled: 4, maxScheduledPerChat: 2 };

export interface Alert {
  readonly id: string;
  readonly chat: string;
  readonly high: boolean;
  readonly hasJob: boolean;
  state: 'pending' | 'scheduled' | 'due';
}

/** What Redis must say, told simply. */
export class Model {
  readonly alerts = new Map<string, Alert>();
  /** Ids in the order of their turns, by chat and kind. */
  readonly lines = new Map<string, string[]>();
  readonly left: Alert[] = [];
  /** The alert that each chat was sent last, while it has not left. */
  readonly sentLast = new Map<string, string>();
  #serial = 0;

  make(chat: string, high: boolean, hasJob: boolean, state: Alert['state']): Alert {
    this.#serial += 1;
    return { id: `${chat}-${this.#serial}`, chat, high, hasJob, state };
  }

  lineOf({ chat, high }: Alert): string[] {
    const key = `${chat}:${high}`;
    const line = this.lines.get(key) ?? [];
    this.lines.set(key, line);
    return line;
  }

  enter(alert: Alert): void {
    this.alerts.set(alert.id, alert);
    if (alert.state !== 'scheduled') this.lineOf(alert).push(alert.id);
  }

  leave(alert: Alert): void {
    this.alerts.delete(alert.id);
    const line = this.lineOf(alert);
    if (line.includes(alert.id)) line.splice(line.indexOf(alert.id), 1);
    if (this.sentLast.get(alert.chat) === alert.id) this.sentLast.delete(alert.chat);
    this.left.push(alert);
  }

  held(kind: 'pending' | 'scheduled', chat?: string): number {
    return this.those(
      (one) => (one.state === 'pending') === (kind === 'pending') && one.chat === (chat ?? one.chat),
    ).length;
  }

  those(fits: (alert: Alert) => boolean): Alert[] {
    return [...this.alerts.values()].filter(fits);
  }

  refusal(kind: 'pending' | 'scheduled', chat: string): string | undefined {
    const [all, ofChat] = [this.held(kind), this.held(kind, chat)];
    if (kind === 'pending') {
      if (all >= LIMITS.maxPending) return 'queue_full';
      return ofChat >= LIMITS.maxPendingPerChat ? 'chat_queue_full' : undefined;
    }
    if (all >= LIMITS.maxScheduled) return 'schedule_full';
    return ofChat >= LIMITS.maxScheduledPerChat ? 'chat_schedule_full' : undefined;
  }
}
