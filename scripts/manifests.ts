// node scripts/manifests.ts: what is made from daemonset/ and its chart.

import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { consoleLog } from './bed/util/progress.ts';
import { type Command, commandOf, runCommand } from './entry/command.ts';
import { chartFiles } from './manifests/chart-files.ts';
import { type InstallYaml, installYaml } from './manifests/install-yaml.ts';

const HELP = `Usage: node scripts/manifests.ts chart
       node scripts/manifests.ts install [--image REFERENCE] [--component NAME …]

chart writes what is generated in daemonset/chart: README.md (helm-docs), and the copies in files/.
install prints the objects of daemonset/ in one file, for kubectl apply -f (kubectl kustomize).

Options:
  --image REFERENCE   the agent's image in your registry, such as registry.example/kubelet-sysctl-agent:0.1.0
  --component NAME    a component of daemonset/, such as before-1.30 or components/monitoring; may be repeated
  -h, --help          show this help

Both need Go and build the tool on first use. Exit codes: 0 done, 2 wrong usage.
`;

type Options = { readonly page: 'chart' } | ({ readonly page: 'install' } & InstallYaml);

process.exitCode = await runCommand(parse(process.argv.slice(2)), HELP, make);

function parse(args: string[]): Command<Options> {
  return commandOf(() => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        image: { type: 'string' },
        component: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return undefined;
    const [page, ...others] = positionals;
    if (others.length > 0 || (page !== 'chart' && page !== 'install')) {
      throw new Error(`Expected chart or install, got ${positionals.join(' ') || 'nothing'}`);
    }
    if (page === 'install') return { page, image: values.image, components: values.component };
    if (values.image !== undefined || values.component.length > 0) {
      throw new Error('Expected no option with chart');
    }
    return { page };
  });
}

async function make(options: Options): Promise<number> {
  const log = consoleLog();
  if (options.page === 'install') {
    process.stdout.write(await installYaml(options, log));
  } else {
    for (const [path, content] of Object.entries(await chartFiles(log))) {
      await writeFile(path, content);
      log.say(`Written: ${path}`);
    }
  }
  return 0;
}
