// scripts/cluster up|down|status: the command line of scripts/bed/.

import { Command, InvalidArgumentError, Option } from 'commander';
import { errorText } from '../agent/text/error-text.ts';
import { startBed } from './bed/bed.ts';
import type { Layout, MachineKind, VmSystem } from './bed/bed.ts';
import { takeDeadDown } from './bed/lifecycle/claim.ts';
import { agentImage } from './bed/images/images.ts';
import { LAYOUTS, MACHINE_KINDS, VM_SYSTEMS } from './bed/node/layouts.ts';
import { DEFAULT_KUBERNETES_VERSION } from './bed/build/kubernetes.ts';
import { consoleLog } from './bed/util/progress.ts';
import { bedStatuses } from './bed/lifecycle/status.ts';
import type { BedStatus } from './bed/lifecycle/status.ts';
import { takeDown } from './bed/lifecycle/take-down.ts';
import { installOn } from './install/install.ts';

const DEFAULT_NAME = 'cluster';
const log = consoleLog();

const program = new Command('scripts/cluster')
  .description(
    'A real cluster on this machine: etcd, API server, controller manager, scheduler, and systemd nodes.',
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

interface UpOptions {
  readonly name: string;
  readonly nodes: number;
  readonly version: string;
  readonly kubelet?: string;
  readonly layout: readonly Layout[];
  readonly machine: MachineKind;
  readonly system?: VmSystem;
  readonly audit: boolean;
  readonly agent: boolean;
}

program
  .command('up')
  .description('start a cluster and leave it up')
  .option('--name <name>', 'name of the cluster', DEFAULT_NAME)
  .option('--nodes <count>', 'number of nodes, called n1, n2, …', nodeCount, 2)
  .option('--version <version>', 'Kubernetes version of the control plane', DEFAULT_KUBERNETES_VERSION)
  .option('--kubelet <version>', "the kubelets' version, where it differs from --version")
  .addOption(
    new Option('--layout <layouts...>', 'how kubelets get their arguments; nodes use several layouts in turn')
      .choices(LAYOUTS)
      .default(['deb-missing']),
  )
  .addOption(
    new Option('--machine <kind>', 'what a node is: a container, or a virtual machine with its own kernel')
      .choices(MACHINE_KINDS)
      .default('container'),
  )
  .addOption(
    new Option(
      '--system <name>',
      "what virtual machines run: Debian's release and Linux security module",
    ).choices(VM_SYSTEMS),
  )
  .option('--audit', 'write an audit log of every request', false)
  .option('--agent', "build the agent's image and deploy it", false)
  .action(up);

program
  .command('down')
  .description('remove a cluster and everything it created')
  .option('--name <name>', 'name of the cluster', DEFAULT_NAME)
  .option('--all', 'every cluster that is up or left over, except those of running tests', false)
  .action(down);

program
  .command('status')
  .description('say which clusters are up; clean up those whose process has died')
  .option('--name <name>', 'only this one; exit status 1 when it is not up')
  .addOption(new Option('--output <format>', 'how').choices(['text', 'json']).default('text'))
  .action(status);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${errorText(error)}\n`);
  process.exitCode = 1;
}

async function up({
  name,
  nodes,
  version,
  kubelet,
  layout,
  machine,
  system,
  audit,
  agent,
}: UpOptions): Promise<void> {
  if (system !== undefined && machine !== 'vm')
    throw new Error(`Expected --machine vm with --system, got ${machine}.`);
  const image = agent ? await agentImage(log) : undefined;
  const bed = await startBed(
    {
      name,
      version,
      audit,
      lifetime: 'keep',
      images: image === undefined ? [] : [image],
      nodes: Array.from({ length: nodes }, (_, index) => ({
        name: `n${index + 1}`,
        machine,
        ...(system === undefined ? {} : { system }),
        layout: layout[index % layout.length] ?? 'deb-missing',
        ...(kubelet === undefined ? {} : { kubelet }),
      })),
    },
    log,
  );
  if (image !== undefined) {
    await log.step('Deploying the agent on every node', () => installOn(bed, image));
  }
  say((await bed.kubectl(['get', 'nodes', '--output', 'wide'])).stdout);
  say(`\nexport KUBECONFIG=${bed.kubeconfig}`);
  say(`Remove it with: scripts/cluster down${name === DEFAULT_NAME ? '' : ` --name ${name}`}`);
}

async function down({ name, all }: { readonly name: string; readonly all: boolean }): Promise<void> {
  const found = await bedStatuses(all ? undefined : name);
  if (!all && found.length === 0) say(`No cluster named ${name} is there.`);
  const inUse = found.filter((bed) => all && bed.lifetime === 'process' && bed.state !== 'dead');
  for (const bed of inUse) say(`${bed.name} belongs to a test or bench that still runs: left alone.`);
  for (const bed of found.filter((each) => !inUse.includes(each))) {
    await log.step(`Removing ${bed.name}`, () => takeDown(bed.name));
  }
}

async function status({ name, output }: { readonly name?: string; readonly output: string }): Promise<void> {
  const removed = await takeDeadDown(name);
  for (const each of removed) log.say(`Cleaned up ${each}, whose process had died.`);
  const beds = await bedStatuses(name);
  say(output === 'json' ? JSON.stringify(beds, undefined, 2) : table(beds));
  if (name !== undefined && beds.length === 0) process.exitCode = 1;
}

function table(beds: readonly BedStatus[]): string {
  if (beds.length === 0) return 'No cluster is up.';
  return beds
    .map((bed) => {
      const nodes = bed.nodes.map(
        ({ name, state, kubelet, layout, console }) =>
          `  ${name}  ${state}  kubelet ${kubelet}  ${layout}${console === undefined ? '' : `  console ${console}`}`,
      );
      const lifetime = bed.lifetime === 'keep' ? '' : ', until the process that started it ends';
      return [
        `${bed.name}  ${bed.state}  ${bed.version}${lifetime}`,
        ...nodes,
        `  KUBECONFIG=${bed.kubeconfig}`,
      ].join('\n');
    })
    .join('\n');
}

function nodeCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 20) return count;
  throw new InvalidArgumentError(`Expected a number of nodes from 1 to 20, got ${text}.`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
