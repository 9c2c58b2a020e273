import { createEditPace } from '../queue/edit-pace.ts';
import { createShownTexts } from '../queue/shown-texts.ts';
import { createUpdateWorker } from '../queue/update-worker.ts';
import type { TelegramGuard } from '../services/delivery/telegram-guard.ts';
import { createLeadAlerts, type LeadAlerts } from '../services/incidents/leads.ts';
import { createLivingMessages } from '../services/incidents/living.ts';
import { createReplies } from '../services/incidents/replies.ts';
import { createUpdateService } from '../services/incidents/updates.ts';
import type { Pace } from '../services/ports/queue.ts';
import type { LivingRenderer } from '../services/ports/telegram.ts';
import type { Context } from './context.ts';
import type { Core } from './core.ts';
import type { RedisConnections } from './redis.ts';

/** The incidents' part of the sending side: what their first messages say, and the worker that edits them. */
export function createEdits(deps: {
  context: Context;
  core: Core;
  redis: RedisConnections;
  guard: TelegramGuard;
  pace: Pick<Pace, 'block'>;
  renderLiving: LivingRenderer;
}): { readonly leads: LeadAlerts; readonly worker: ReturnType<typeof createUpdateWorker> } {
  const { core, redis, guard, pace } = deps;
  const { config, events, clock, onError } = deps.context;
  const { prefix } = config.redis;
  const { cipher, incidents, queue, settleLead } = core;
  // As for a send: while Redis is away this waits for it.
  const texts = createShownTexts({ redis: redis.patient, prefix, ...config.incidents });
  const { renderLiving } = deps;
  const living = createLivingMessages({ texts, cipher, renderLiving, timeZone: config.timeZone });
  const updates = createUpdateService({
    ...{ incidents, living, texts, guard, pace, queue, cipher, events, clock },
    integrations: core.repository,
    integrationService: core.integrations,
    replies: createReplies({ incidents, queue, living, cipher, clock, timeZone: config.timeZone }),
    editPace: createEditPace({ redis: redis.patient, prefix, ...config.worker }),
    ended: core.ended,
  });
  return {
    leads: createLeadAlerts({ incidents, living, settle: settleLead }),
    worker: createUpdateWorker({
      ...{ updates, prefix, onError, redis: redis.patient, fastQueue: core.updateJobs },
      ...config.worker,
    }),
  };
}
