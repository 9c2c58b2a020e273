import { type Feature, onCommand } from '../feature.ts';
import { mayManage } from '../guards/administrators.ts';
import type { RefuseMembers } from '../guards/refuse-members.ts';
import type { TokenDesk } from '../token-desk.ts';

/** `/token [name]`, `/temporal_token [name]`: a single-use setup token for a new integration. */
export function tokenFeature(deps: { desk: TokenDesk; refuse: RefuseMembers }): Feature {
  return onCommand(['token', 'temporal_token'], async (ctx, payload) => {
    const name = payload === '' ? undefined : payload;
    if (ctx.chat?.type === 'private') await deps.desk.answerHere(ctx, name);
    else if (await mayManage(ctx)) await deps.desk.answerPrivately(ctx, name);
    else await deps.refuse(ctx);
  });
}
