// The version of this program: agent, coordinator and plugin are released together.

import packageJson from '../../package.json' with { type: 'json' };

export const VERSION: string = packageJson.version;
