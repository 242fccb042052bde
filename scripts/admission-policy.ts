// node scripts/admission-policy.ts: writes the ConfigMap's admission policy from the agents' rules.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { admissionPolicyText } from './admission/policy.ts';

const FILE = 'daemonset/policy-admission-policy.yaml';

await writeFile(join(import.meta.dirname, '..', FILE), admissionPolicyText());
process.stdout.write(`Written: ${FILE}\n`);
