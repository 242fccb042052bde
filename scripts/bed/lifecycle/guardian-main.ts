// What a guardian becomes when its bed's owner has died.

import { takeDown } from './take-down.ts';

const [name = '', id = ''] = process.argv.slice(2);
await takeDown(name, { id, graceMs: 0 });
