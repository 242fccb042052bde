// A running pod that uses net.core.somaxconn.

import type { SysctlPod } from '../../agent/plan/in-use.ts';

export const WEB_POD: SysctlPod = {
  uid: 'uid-web',
  namespace: 'shop',
  name: 'web',
  phase: 'Running',
  taken: true,
  sysctls: ['net.core.somaxconn'],
  hostNetwork: false,
  hostIpc: false,
};
