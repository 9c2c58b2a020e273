import { benchAccept } from '../tests/bench/accept.ts';
console.log(await benchAccept({rounds:3,seconds:4}));
