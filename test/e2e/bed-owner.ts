// A process that starts a bed and waits to be killed.

import { startBed } from '../bed/bed.ts';
import { consoleLog } from '../bed/progress.ts';

const [name = ''] = process.argv.slice(2);
await startBed({ name, nodes: [{ name: 'n1', layout: 'deb-missing' }] }, consoleLog());
process.stdout.write('up\n');
setInterval(() => {}, 1000);
