import type { Knex } from 'knex';
import type { OpenIncident, StatisticsRepository } from '../../services/ports/statistics.ts';

/** @see StatisticsRepository.openIncidents. Of the index of those that take alerts (incidents_silent_index). */
export async function readOpenIncidents(
  knex: Knex,
  most: number,
): ReturnType<StatisticsRepository['openIncidents']> {
  const counts: { state: string; count: number | string }[] = await knex('Incidents')
    .select('state')
    .count({ count: '*' })
    .whereNull('closedAt')
    .groupBy('state');
  const newest: OpenIncident[] = await knex({ n: 'Incidents' })
    .leftJoin({ i: 'Integrations' }, 'i.id', 'n.integrationId')
    .select('n.id', 'n.integrationId', 'i.name', 'i.chatId', 'n.state', 'n.count', 'n.openedAt', 'n.lastAt')
    .whereNull('n.closedAt')
    .orderBy('n.lastAt', 'desc')
    .limit(most);
  const count = (state: string) => Number(counts.find((row) => row.state === state)?.count ?? 0);
  return { open: count('open'), acknowledged: count('acknowledged'), newest };
}
