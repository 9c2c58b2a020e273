import type { Job, Queue } from 'bullmq';
import type { AlertJobData } from './alert-queue.ts';
import { NO_TURN, type Place, type Places, type Reservation } from './places.ts';

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
  const got = await places.reserve(jobs.map(toReservation));
  const changes = jobs.map((one, index) => changePriority(one, got[index]));
  // The others get theirs with their own look, should it have failed.
  await Promise.all([changes[0], Promise.allSettled(changes)]);
}

async function changePriority(job: Job, place: Place | undefined): Promise<void> {
  // It has left meanwhile (revoked): whatever its priority, its next look ends it.
  const priority = place === undefined || 'refusal' in place ? NO_TURN + 1 : place.priority;
  await job.changePriority({ priority });
}

function toReservation({ id = '', data }: Job<AlertJobData>): Reservation {
  return { job: { alertId: id, chat: data.chat, priority: data.priority }, due: 'come', sealed: null };
}
