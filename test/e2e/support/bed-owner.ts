// A process that starts a bed of one node and waits to be killed.

import { startBed } from '../../../scripts/bed/bed.ts';
import { MACHINE_KINDS } from '../../../scripts/bed/node/layouts.ts';
import { consoleLog } from '../../../scripts/bed/util/progress.ts';

const [name = '', kind] = process.argv.slice(2);
const machine = MACHINE_KINDS.find((each) => each === kind) ?? 'container';
await startBed({ name, nodes: [{ name: 'n1', layout: 'deb-missing', machine }] }, consoleLog());
process.stdout.write('up\n');
setInterval(() => {}, 1000);
