// A process that starts a bed and waits to be killed.

import { startBed } from '../../../scripts/bed/bed.ts';
import { consoleLog } from '../../../scripts/bed/util/progress.ts';

const [name = ''] = process.argv.slice(2);
await startBed({ name, nodes: [{ name: 'n1', layout: 'deb-missing' }] }, consoleLog());
process.stdout.write('up\n');
setInterval(() => {}, 1000);
