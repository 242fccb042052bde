// `kubelet-sysctls apply --host`: writes what the kubelet's next start needs, before it starts, and restarts nothing.

import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { Command, Option } from 'commander';
import { resolveHostPath } from '../../host/files/paths.ts';
import { LOCK_FOLDER, lockNode, type NodeLock } from '../../host/lock.ts';
import { nodeNameOf } from '../../kubelet/node-name.ts';
import { parsePolicy } from '../../policy/parse.ts';
import type { Version } from '../../sysctl/version.ts';
import { errorText as textOf } from '../../text/error-text.ts';
import { colorsFor } from '../colors.ts';
import { EXIT, Exit } from '../exit.ts';
import { type InUse, inUseOption, withInUse } from '../host-policy/in-use.ts';
import { readHostPolicy } from '../host-policy/read.ts';
import { jsonText } from '../json.ts';
import { labelsOption } from '../labels-option.ts';
import { PlanError, toJson } from '../plan/plan-answer.ts';
import { errorText, planText } from '../plan/plan-text.ts';
import type { Streams } from '../streams.ts';
import { versionOption } from '../version-option.ts';
import { type Applied, applyNode, type ApplyPorts, type ApplyRequest } from './apply-node.ts';
import { livePorts, offlinePorts, rootPrefix } from './apply-ports.ts';

interface Flags {
  readonly host?: boolean;
  readonly policy?: string;
  readonly root?: string;
  readonly kubeletVersion?: Version;
  readonly kernelVersion?: Version;
  readonly labels: Readonly<Record<string, string>>;
  readonly inUse?: InUse;
  readonly dryRun?: boolean;
  readonly output: 'text' | 'json';
}

/** Below the host's root, or below --root. */
const POLICY = '/etc/kubelet-sysctl-agent/policy.yaml';

const HELP = `
With --root the node is a folder, such as an image that is being built. What its files do not say must be given, or nothing is
written: the version of a kubelet that cannot be run here, and that of the kernel where it decides about a name of the policy.`;

/**
 * The command `apply`. Prints what was written. Throws an Exit with code 1 when nothing may be written, and commander's errors for
 * wrong usage.
 */
export function applyCommand(streams: Streams = process): Command {
  return new Command('apply')
    .description(
      "write what this host's kubelet needs before it starts; restarts nothing and never changes a running kubelet",
    )
    .option('--host', 'required: the policy is on the disk, and no cluster is asked')
    .option(
      '--policy <path>',
      `a file with the ConfigMap's YAML, or a folder with one file for each of its keys (default: ${POLICY}, with --root below it)`,
    )
    .option('--root <folder>', 'the root folder of the node, for an image that is being built')
    .addOption(
      versionOption(
        '--kubelet-version <version>',
        "with --root: the kubelet's version, where it cannot be run here",
      ),
    )
    .addOption(versionOption('--kernel-version <version>', "with --root: the version of the node's kernel"))
    .addOption(labelsOption())
    .addOption(inUseOption())
    .option('--dry-run', 'check and print all the same, and write nothing')
    .addOption(
      new Option('-o, --output <format>', 'the format of the answer')
        .choices(['text', 'json'])
        .default('text'),
    )
    .addHelpText('after', HELP)
    .configureOutput({
      writeOut: (text) => void streams.stdout.write(text),
      writeErr: (text) => void streams.stderr.write(text),
    })
    .exitOverride()
    .action((flags: Flags, command: Command) => apply(flags, command, streams));
}

async function apply(flags: Flags, command: Command, { stdout, stderr }: Streams): Promise<void> {
  expectUsable(flags, command);
  const colors = colorsFor(stdout);
  try {
    const { plan, written, note } = await withLock(flags, (ports) => applyTo(flags, ports));
    const notes = note === undefined ? [] : [note];
    if (flags.output === 'json')
      stdout.write(jsonText({ ...toJson(plan, { isAssumed: false }, notes), written }));
    else
      stdout.write(
        planText({ plan, notes: [...notes, ...written.map((path) => `${path} was written.`)] }, colors),
      );
  } catch (error) {
    const { data } = error instanceof PlanError ? error : new PlanError({ message: textOf(error) });
    if (flags.output === 'json') stdout.write(jsonText({ error: data }));
    else stderr.write(errorText(data, colors));
    throw new Exit(EXIT.no);
  }
}

function expectUsable({ host, policy, root, kubeletVersion, kernelVersion }: Flags, command: Command): void {
  if (host !== true) {
    command.error(
      'error: apply needs --host, got none. In a cluster the agents apply the ConfigMap: kubectl edit configmap.',
    );
  }
  if (policy === '-' || policy === '') {
    command.error(
      `error: expected --policy to be the path of a file or folder, got ${policy === '' ? 'nothing' : 'standard input'}.`,
    );
  }
  if (root === '') {
    command.error('error: expected --root to be a folder, got nothing. Leave it out for this host.');
  }
  if (root === undefined && (kubeletVersion ?? kernelVersion) !== undefined) {
    command.error(
      `error: --${kubeletVersion === undefined ? 'kernel' : 'kubelet'}-version needs --root, got none. This host's own version is read: leave it out.`,
    );
  }
}

/** Calls `act` while no agent works on this host. An image that is being built has none, and a dry run needs no lock. */
async function withLock(flags: Flags, act: (ports: ApplyPorts) => Promise<Applied>): Promise<Applied> {
  const { root, kubeletVersion: kubelet, kernelVersion: kernel } = flags;
  if (root !== undefined) {
    await expectFolder(root);
    return act(offlinePorts(root, { kubelet, kernel }));
  }
  if (flags.dryRun === true) return act(livePorts());
  const lock = await lockNow();
  try {
    return await act(livePorts());
  } finally {
    lock.release();
  }
}

async function expectFolder(root: string): Promise<void> {
  const found = await stat(root).catch(() => undefined);
  if (found?.isDirectory() !== true) {
    const what = found === undefined ? 'nothing' : 'no folder';
    throw new PlanError({
      message: `Expected --root to be the root folder of a node, found ${what}.`,
      file: root,
    });
  }
}

/** Throws a PlanError when an agent has the lock. */
async function lockNow(): Promise<NodeLock> {
  const giveUp = new AbortController();
  let who = 'Another agent';
  const lock = await lockNode(LOCK_FOLDER, {
    as: 'service',
    giveUp: giveUp.signal,
    onBusy: (holder) => {
      who = holder === 'service' ? "The host's own service" : 'The agent of a pod';
      giveUp.abort();
    },
  });
  if (lock === undefined) {
    throw new PlanError({
      kind: 'refused',
      message: `${who} works on this node. Nothing was written: it makes the change and proves it.`,
    });
  }
  return lock;
}

async function applyTo(flags: Flags, ports: ApplyPorts): Promise<Applied> {
  const { root, labels, inUse, dryRun = false } = flags;
  const path =
    flags.policy ?? (root === undefined ? POLICY : await resolveHostPath(rootPrefix(root), POLICY));
  const read = await readHostPolicy(path);
  const data = withInUse(read.data, inUse);
  const parsed =
    read.unreadable === undefined ? parsePolicy(data) : { ok: false as const, errors: [read.unreadable] };
  if (!parsed.ok) {
    throw new PlanError({
      message: `The policy ${path} is not valid. Nothing was written.`,
      errors: parsed.errors,
    });
  }
  const node: ApplyRequest['node'] = { name: nodeNameOf([], hostname()), uid: '', labels, annotations: {} };
  return applyNode(ports, { policy: parsed.policy, data, node, dryRun });
}
