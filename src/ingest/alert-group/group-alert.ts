import type { Link } from '../text/link.ts';
import { severityOf } from '../text/severity.ts';
import { stableKey } from '../text/stable-key.ts';
import { type AlertGroup, deliveryOf } from './alert-group.ts';
import { describeGroup } from './describe-group.ts';

/** The one alert that a group is: firing and resolved meet in its key. @param isLiving false: it is nothing that ends */
export function groupAlert(adapter: string, group: AlertGroup, links: readonly Link[], isLiving = true) {
  const { title, message, severity } = describeGroup(group);
  return {
    ...{ title, message, priority: severityOf(severity).priority, links },
    ...(isLiving ? { key: stableKey(adapter, group.groupKey) } : {}),
    ...(isLiving && group.status === 'resolved' ? { resolve: 'if-open' as const } : {}),
    idempotencyKey: stableKey(adapter, ...deliveryOf(group)),
  };
}
