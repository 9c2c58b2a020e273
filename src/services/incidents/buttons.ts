import { isOver } from '../../domain/acknowledgement.ts';
import type { Incident } from '../../domain/incident.ts';
import type { PressButton } from '../ports/telegram.ts';

/** Callback data is one of these words and the incident's id: 44 bytes at most. Whoever presses may have made it up. */
export const ACKNOWLEDGE = 'ack';
export const RELEASE = 'ack-off';

/** What the incident's message can be told. @param says what the button has to say where the text cannot */
export function buttonsOf(incident: Incident, says?: string): readonly PressButton[] {
  if (!incident.hasButtons || isOver(incident)) return [];
  return incident.state === 'open'
    ? [{ text: 'Acknowledge', data: `${ACKNOWLEDGE}:${incident.id}` }]
    : [{ text: says === undefined ? 'Release' : `${says} · Release`, data: `${RELEASE}:${incident.id}` }];
}
