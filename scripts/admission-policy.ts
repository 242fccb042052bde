// node scripts/admission-policy.ts: writes the ConfigMap's admission policies from the agents' rules.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeWidePolicyText } from './admission/node-wide.ts';
import { admissionPolicyText } from './admission/policy.ts';

const FILES = {
  'daemonset/policy-admission-policy.yaml': admissionPolicyText(),
  'daemonset/policy-node-wide-admission-policy.yaml': nodeWidePolicyText(),
};

for (const [file, text] of Object.entries(FILES)) {
  await writeFile(join(import.meta.dirname, '..', file), text);
  process.stdout.write(`Written: ${file}\n`);
}
