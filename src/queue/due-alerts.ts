import type { Job, Queue } from 'bullmq';
import type { AlertJobData } from './alert-queue.ts';
import type { Place, Places, Reservation } from './places.ts';

/**
 * Due alerts that get their turn with one look, about 20 ms of Redis's time: with 10,000 due at once, others are held up
 * by 50 such looks and not by 10,000 single ones.
 */
const BATCH = 200;

/**
 * Scheduled alerts whose time has come get their turn, so that they queue up behind what waits already: this one, and
 * those that are due beside it.
 */
export async function giveTurns(
  job: Job<AlertJobData>,
  { queue, places }: { queue: Queue<AlertJobData>; places: Places },
): Promise<void> {
  const others = (await places.due(Date.now(), BATCH)).filter((id) => id !== job.id);
  const found = await Promise.all(others.map((id) => queue.getJob(id)));
  const jobs = [job, ...found.filter((one) => one !== undefined)];
  const missing = others.filter((_, index) => found[index] === undefined);
  await Promise.all(missing.map((id) => places.skip(id)));
  const got = await places.reserve(jobs.map(toReservation));
  await Promise.all(jobs.map((one, index) => one.changePriority({ priority: priorityOf(got[index]) })));
}

function toReservation({ id = '', data }: Job<AlertJobData>): Reservation {
  return { job: { alertId: id, chat: data.chat, priority: data.priority }, due: 'come', sealed: null };
}

function priorityOf(place: Place | undefined): number {
  if (place === undefined || 'refusal' in place) throw new Error('a due alert got no turn');
  return place.priority;
}
