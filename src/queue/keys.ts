/** Our keys in Redis, all below `<QUEUE_PREFIX>:dispatch:`. What each holds is said in lua/reserve.lua, lua/take.lua and lua/block.lua. */
export function dispatchKeys(prefix: string) {
  const base = `${prefix}:dispatch:`;
  return {
    pending: `${base}pending`,
    scheduled: `${base}scheduled`,
    due: `${base}due`,
    chats: `${base}chats`,
    held: `${base}held`,
    clock: `${base}clock`,
    next: `${base}next`,
    pace: `${base}pace`,
    flood: `${base}flood`,
    line: (chat: string) => `${base}line:${chat}`,
    gate: (chat: string) => `${base}gate:${chat}`,
    sent: (chat: string) => `${base}sent:${chat}`,
    answered: (chat: string) => `${base}answered:${chat}`,
    answers: `${base}answers`,
    /** What an incident shows, by the alert that brought it. */
    shown: (alertId: string) => `${base}shown:${alertId}`,
    /** lua/edit.lua */
    edited: (incidentId: string) => `${base}edited:${incidentId}`,
    edits: (chat: string) => `${base}edits:${chat}`,
    /** lua/notice.lua */
    notice: (trouble: string) => `${base}notice:${trouble}`,
    text: (alertId: string) => `${base}text:${alertId}`,
  };
}
