// node scripts/reference.ts: writes the pages of docs/reference that are made of the code.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pluginPage } from './reference/plugin-page.ts';
import { rbacPage } from './reference/rbac-page.ts';

const FOLDER = join(import.meta.dirname, '..', 'docs', 'reference');

await writeFile(join(FOLDER, 'plugin.md'), await pluginPage());
await writeFile(join(FOLDER, 'rbac.md'), rbacPage());
