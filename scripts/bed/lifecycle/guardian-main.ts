// The guardian's cleanup: removes the bed after its owner has died.

import { takeDown } from './take-down.ts';

const [name = '', id = ''] = process.argv.slice(2);
await takeDown(name, { id, graceMs: 0 });
