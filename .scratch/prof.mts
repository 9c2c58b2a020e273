import { join } from 'node:path';
import { readFileSync, readdirSync } from 'node:fs';
import autocannon from 'autocannon';
import { makeIntegrations } from '../tests/bench/integrations.ts';
import { findPort, openWorkshop, SECRET } from '../tests/bench/processes.ts';
const shop=openWorkshop();
try{
const redis=await shop.startRedis();
const database='sqlite:'+join(shop.dir,'b.db');
const {tokens,db}=await makeIntegrations(database,[42]);
const env={REDIS_URL:redis,DATABASE_URL:database,DATA_DIR:shop.dir,JWT_SECRET:SECRET,BOT_TOKEN:'1:bench',TELEGRAM_API_ROOT:'http://127.0.0.1:9',ROLES:'api',HOST:'127.0.0.1',PORT:'0',MAX_QUEUE_SIZE:'1000000',RATE_LIMIT_PER_MINUTE:'0',LOG_LEVEL:process.env.LL??'info'};
const s=await shop.start('service',['--cpu-prof','--cpu-prof-dir='+shop.dir,'dist/src/main.js'],env,findPort);
const r=await autocannon({url:`http://127.0.0.1:${s.found}/api/alert`,connections:50,duration:8,method:'POST',headers:{authorization:'Bearer '+tokens[0],'content-type':'application/json'},body:JSON.stringify({title:'Disk full',message:'/var on web-1 is at 98 %'})});
console.log(r['2xx']/8, r.latency.p99, 'non2xx', r.non2xx);
await db.close(); await s.end();
const f=readdirSync(shop.dir).find(x=>x.endsWith('.cpuprofile'))!;
const p=JSON.parse(readFileSync(join(shop.dir,f),'utf8'));
const self=new Map<string,number>();const byId=new Map<number,any>();for(const n of p.nodes)byId.set(n.id,n);
let total=0;
p.samples.forEach((id:number,i:number)=>{const n=byId.get(id);const d=p.timeDeltas[i];total+=d;const c=n.callFrame;const k=c.functionName+' '+c.url.replace(/.*node_modules\//,'').replace(/.*\/dist\//,'')+':'+c.lineNumber;self.set(k,(self.get(k)??0)+d)});
for(const [k,v] of [...self].sort((a,b)=>b[1]-a[1]).slice(0,45))console.log((v/total*100).toFixed(1)+'%',k);
const pkg=new Map<string,number>();for(const [k,v] of self){const m=/ (@?[^/: ]+(?:\/[^/:]+)?)/.exec(k);const key=(k.split(' ')[1]||'').split('/')[0]+'/'+((k.split(' ')[1]||'').split('/')[1]||'').slice(0,20);pkg.set(key,(pkg.get(key)??0)+v)}
console.log('--');for(const [k,v] of [...pkg].sort((a,b)=>b[1]-a[1]).slice(0,25))console.log((v/total*100).toFixed(1)+'%',k);
}finally{await shop.close()}
