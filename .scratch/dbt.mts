import { mkdtempSync } from 'node:fs';
import { makeIntegrations } from '../tests/bench/integrations.ts';
import { createAlertLedger } from '../src/db/alert-ledger.ts';
import { randomUUID } from 'node:crypto';
const dir=mkdtempSync('/tmp/w/db-');
const {db}=await makeIntegrations('sqlite:'+dir+'/a.db',[42]);
const ledger=createAlertLedger(db,{idempotencyWindowMs:1});
const mk=()=>({id:randomUUID(),integrationId:1,format:'plain',priority:'normal',silent:false,threadId:null,deliverAt:null,expiresAt:null,sealedTags:null,hasButton:false,createdAt:Date.now(),idempotency:null}) as never;
for(const sync of ['FULL','NORMAL','OFF']){
 await db.knex.raw('PRAGMA synchronous='+sync);
 for(const n of [1,50]){
  const t=performance.now(); const c0=process.cpuUsage();
  for(let r=0;r<40;r++) await Promise.all(Array.from({length:n},()=>ledger.accept(mk())));
  const c=process.cpuUsage(c0);
  console.log(sync,n,((performance.now()-t)/40).toFixed(2)+'ms/batch','cpu/alert us',((c.user+c.system)/40/n).toFixed(0));
 }
}
await db.close();
