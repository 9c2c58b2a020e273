import type { SendOutcome } from '../domain/outcome.ts';
import type { RenderedPart } from '../services/ports/telegram.ts';

const MOMENT = 'date_time';

/** The part as a server takes it that knows no moments (Bot API before 9.5): their text is there already. */
export function withoutMoments(part: RenderedPart): RenderedPart {
  return { ...part, entities: part.entities.filter(({ type }) => type !== MOMENT) };
}

interface Moments {
  readonly knows: boolean;
  /**
   * What a refusal of this part comes to: it may be for its moments, which are left out from then on. Refused without them,
   * too, it was something else.
   */
  judge(part: RenderedPart, outcome: SendOutcome): SendOutcome;
}

/** What this process has learnt of the Bot API server that it talks to. */
export function createMoments(): Moments {
  let knows = true;
  return {
    get knows() {
      return knows;
    },
    judge(part, outcome) {
      if (outcome.kind !== 'payload_rejected' || !part.entities.some(({ type }) => type === MOMENT))
        return outcome;
      const wasKnown = knows;
      knows = !wasKnown;
      return wasKnown ? { kind: 'moments_refused' } : outcome;
    },
  };
}
