import type { Press } from '../../domain/acknowledgement.ts';
import type { Incident, IncidentReply, Resolve } from '../../domain/incident.ts';
import type { AcceptingIntegration, AcceptResult, NewAlert } from './alerts.ts';

/** An alert that names an incident, or whose integration has a digest. */
export interface FoldingAlert extends NewAlert {
  /** Keyed hash; null: it names none. */
  readonly keyHash: string | null;
  readonly resolve: Resolve;
  /** The message of the digest that it opens, if it does. */
  notice(): NewAlert;
  /** Whether its message has a button to acknowledge it; undefined: as its integration is set. */
  readonly acknowledge?: boolean | undefined;
}

/** What became of it: as an accept, or one of its own. `changed`: incidents whose message has to be edited. */
export type TakeInResult =
  | Exclude<AcceptResult, { kind: 'accepted' | 'overflow' }>
  /** A message of its own. `incidentId`: the incident that it opens, if it does. */
  | {
      readonly kind: 'accepted';
      readonly remaining: number;
      readonly integration: AcceptingIntegration;
      readonly incidentId: string | null;
      readonly changed: readonly string[];
    }
  /** Written as folded. `supersededTextId`: the alert whose text is not shown any more. */
  | {
      readonly kind: 'folded';
      readonly into: 'incident' | 'digest';
      readonly remaining: number;
      readonly integration: AcceptingIntegration;
      readonly incidentId: string;
      readonly showsText: boolean;
      readonly supersededTextId: string | null;
      readonly changed: readonly string[];
    }
  | { readonly kind: 'ignored'; readonly integration: AcceptingIntegration }
  /** MAX_FOLDED: nothing was written. */
  | {
      readonly kind: 'folds_exhausted';
      readonly remaining: number;
      readonly integration: AcceptingIntegration;
    };

/** An entry that ended with its incident's message. */
export interface EndedFold {
  readonly id: string;
  readonly createdAt: number;
}

/** How the message ended that carries an incident, and what ended with it. */
export interface LeadEnd {
  readonly incident: Incident;
  readonly status: 'delivered' | 'failed' | 'uncertain' | 'expired';
  readonly reason: string | null;
  readonly ended: readonly EndedFold[];
}

/** What a message shows: the incident in this version (0: unknown), and these alerts' texts. */
export interface Shown {
  readonly version: number;
  readonly textIds: readonly string[];
}

export interface IncidentRepository {
  /**
   * Decides what the alert does (domain/incident), and writes it, in one transaction; the calls of one event-loop turn
   * share it. The checks of the sender are those of `AlertLedger.accept`.
   */
  takeIn(alert: FoldingAlert): Promise<TakeInResult>;
  /** A folded entry whose sender reads a refusal: deletes it, and takes back what it did to its incident. */
  takeBack(alertId: string): Promise<void>;
  find(id: string): Promise<Incident | undefined>;
  /** Would an alert with this key (hash) go into a message that is there already? */
  isLive(integrationId: number, keyHash: string, now: number): Promise<boolean>;
  /**
   * Makes an alert without a key an incident of its own, unless it is one: it can be acknowledged, and takes no others.
   * @param hasButtons its message has a button
   */
  openSingle(
    alert: Pick<NewAlert, 'id' | 'integrationId' | 'createdAt' | 'deliverAt' | 'priority' | 'threadId'>,
    hasButtons: boolean,
  ): Promise<void>;
  /**
   * Acknowledges or releases it, once: `changed` is false where it is so already, or it is over (domain/acknowledgement).
   * Undefined: there is no such incident.
   * @param by.sealedName who, for an acknowledgement
   */
  press(
    id: string,
    press: Press,
    by: { readonly sealedName: string; readonly now: number },
  ): Promise<{ readonly incident: Incident; readonly changed: boolean } | undefined>;
  /**
   * The lead has ended: its message is the incident's, or the incident closes and what joined it ends likewise. A lead that
   * is gone was refused: the incident goes with it, unless others have joined it; then `notice` leads.
   * Undefined: nothing has ended.
   * @param shown what the message shows for certain
   */
  settleLead(
    id: string,
    shown: Shown,
    now: number,
    notice: (incident: Incident) => NewAlert,
  ): Promise<LeadEnd | undefined>;
  /** The message shows it. Returns what that delivered. */
  markShown(id: string, shown: Shown, now: number): Promise<readonly EndedFold[]>;
  /**
   * What this version shows is lost: what waits for it ends as failed (`lost`), and a reply says what has changed. Returns what
   * has ended.
   */
  markLost(
    id: string,
    lost: { readonly version: number; readonly now: number },
  ): Promise<readonly EndedFold[]>;
  /** The message is gone: `notice` makes a new one, once. False: somebody else has seen to it. */
  replaceMessage(id: string, messageId: number, notice: NewAlert): Promise<boolean>;
  /** Takes the reply that is still to be sent, as an entry of the ledger's. False: it was taken before. */
  takeReply(id: string, reply: IncidentReply, messageId: number, notice: NewAlert): Promise<boolean>;
  /** Undoes a `takeReply` that the queue refused. */
  putReplyBack(id: string, reply: IncidentReply, noticeId: string): Promise<void>;
  /** Its message cannot be changed any more: closes it and ends what waits for an edit. */
  giveUp(
    id: string,
    end: { readonly status: 'failed'; readonly reason: string; readonly now: number },
  ): Promise<readonly EndedFold[]>;
  /** Incidents whose lead has ended, or is gone, without anybody seeing to it. */
  withEndedLead(limit: number): Promise<string[]>;
  /** Live ones of this kind without an alert since `before` → stale. Returns their ids. */
  closeStale(kind: 'incident' | 'digest', before: number, now: number, limit: number): Promise<string[]>;
  /** Incidents that changed before `before` and do not show it yet, or wait for a message of our own. */
  unshown(before: number, limit: number): Promise<string[]>;
  /** Deletes those that were closed before `before`. */
  purge(before: number): Promise<void>;
}

/** What an incident shows: sealed in Redis, with an expiry, by the alert that brought it. */
export interface ShownTexts {
  /** Before the alert is decided about: kept for minutes. @throws AppError queue_unavailable */
  put(alertId: string, sealed: string): Promise<void>;
  /** Another form of it, if it is still there: a later alert may have dropped it. */
  replace(alertId: string, sealed: string): Promise<void>;
  /** It is on display: kept for BUTTON_HOURS from now, or from `aheadMs` later, when it will be. */
  keep(alertId: string, aheadMs?: number): Promise<void>;
  get(alertId: string): Promise<string | null>;
  drop(alertIds: readonly string[]): Promise<void>;
}

/** One edit of one incident's message, whatever became of it meanwhile: only the newest state is shown. */
export interface UpdateQueue {
  /** Adding one that waits already is a success. */
  add(incidentId: string): Promise<void>;
}

/** The edits' own pace, over all workers. */
export interface EditPace {
  /** 0: now, and it is taken; else ask again in so many ms. */
  take(edit: {
    readonly incidentId: string;
    readonly chat: string;
    readonly isGroup: boolean;
  }): Promise<number>;
}
