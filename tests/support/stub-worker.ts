/** Run by fork: an alert worker whose deliveries succeed at once, without our pace. Arguments: Redis socket, prefix. */
import { DELIVERED, openQueueRig } from './queue-rig.ts';

const [path = '', prefix = ''] = process.argv.slice(2);
const rig = openQueueRig({ path }, { prefix, sendDelayMs: 1_000 });
process.on('message', async () => {
  await rig.close();
  process.disconnect();
});
await rig.ready();
await rig.work(async () => DELIVERED);
process.send?.('ready');
