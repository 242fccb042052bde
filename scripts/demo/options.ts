// The demo's command line.

import { parseArgs } from 'node:util';
import { type Command, commandOf } from '../entry/command.ts';

export interface OwnCluster {
  readonly context: string;
  /** The agent's image. */
  readonly image: string;
  /** The demo application's. */
  readonly appImage: string;
}

export type DemoOptions =
  | { readonly on: 'bed'; readonly keep: boolean }
  | { readonly on: 'context'; readonly keep: boolean; readonly cluster: OwnCluster };

/** The tutorial's image, which a cluster with access to Docker Hub can pull. */
export const DEFAULT_APP_IMAGE = 'ikubernetes/demoapp:v1.0';

export const HELP = `Usage: npm run demo [-- OPTIONS]

A pod is refused with SysctlForbidden, one ConfigMap is edited, and the same pod runs on every node.

Without --context: builds what is needed, starts a cluster of two nodes on this machine (root and Go are
needed; the first time takes some minutes), runs, and leaves the cluster up. A cluster that is already up is reused.

Options:
  --context NAME      run on your own cluster: a context of your kubeconfig
  --image IMAGE       with --context: the agent's image, which your nodes can pull or already have
  --app-image IMAGE   with --context: the demo application's image (default ${DEFAULT_APP_IMAGE})
  --keep              keep the tutorial's pods and namespace
  -h, --help          show this help

Exit codes: 0 every check passed, 1 a check failed (the output shows what was found), 2 wrong usage, 130 interrupted.
`;

export function parseCommand(args: readonly string[]): Command<DemoOptions> {
  return commandOf(() => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        context: { type: 'string' },
        image: { type: 'string' },
        'app-image': { type: 'string' },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const { context, image, keep } = values;
    if (values.help) return undefined;
    if (context === undefined) {
      if (image === undefined && values['app-image'] === undefined) return { on: 'bed', keep };
      throw new Error(
        'Expected --context with --image and --app-image. Without --context the demo builds its images',
      );
    }
    if (context === '') throw new Error('Expected the name of a context after --context, got nothing');
    if (image === undefined || image === '') {
      throw new Error(
        "Expected --image with --context: the agent's image, which your nodes can pull or already have",
      );
    }
    const cluster = { context, image, appImage: values['app-image'] ?? DEFAULT_APP_IMAGE };
    return { on: 'context', keep, cluster };
  });
}
