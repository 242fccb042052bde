// What `apply` needs of the node: this host, or the folder of an image that is being built.

import { resolve } from 'node:path';
import { systemClock } from '../../host/clock.ts';
import { HostCommandError, hostCommands, type RunOnHost } from '../../host/commands.ts';
import { hostFiles } from '../../host/files/files.ts';
import { kubeletHealth } from '../../host/health.ts';
import { hostProcesses } from '../../host/processes.ts';
import { hostRollbackTimer } from '../../host/rollback/rollback-timer.ts';
import { hostSystemd } from '../../host/systemd.ts';
import type { Processes } from '../../node/ports.ts';
import { stateStore } from '../../node/state/state-store.ts';
import type { Version } from '../../sysctl/version.ts';
import { PlanError } from '../plan/plan-answer.ts';
import type { ApplyPorts } from './apply-node.ts';
import { rootSystemd } from './root-systemd.ts';

/** What cannot be read below a folder, where the user gives it. */
export interface GivenVersions {
  readonly kubelet: Version | undefined;
  readonly kernel: Version | undefined;
}

/** Returns the ports to this host. */
export function livePorts(): ApplyPorts {
  return portsBelow('', hostCommands([]));
}

/** Returns the ports to the node in a folder. Of its programs only the kubelet is run, for its version, and only where none is given. */
export function offlinePorts(folder: string, given: GivenVersions): ApplyPorts {
  const root = rootPrefix(folder);
  // The host's systemd would read and write the host's own files.
  const ports = portsBelow(root, (argv) =>
    Promise.reject(new Error(`${argv.join(' ')} does not run in a folder`)),
  );
  const processes = hostProcesses(root, hostCommands([]));
  return { ...ports, systemd: rootSystemd(ports.files), processes: offlineProcesses(processes, root, given) };
}

/** Returns what stands before each of the node's paths; for the root folder itself nothing. */
export function rootPrefix(folder: string): string {
  return resolve(folder).replace(/\/$/u, '');
}

function portsBelow(root: string, run: RunOnHost): ApplyPorts {
  const files = hostFiles(root, run);
  return {
    files,
    stateStore: stateStore(files),
    systemd: hostSystemd(run),
    processes: hostProcesses(root, run),
    health: kubeletHealth,
    rollbackTimer: hostRollbackTimer(files, run),
    clock: systemClock,
  };
}

function offlineProcesses(processes: Processes, root: string, given: GivenVersions): Processes {
  return {
    ...processes,
    async kubeletVersion(kubelet, flags, options) {
      if (given.kubelet !== undefined) {
        return { ok: true, output: `Kubernetes v${printed(given.kubelet)}` };
      }
      try {
        return await processes.kubeletVersion(kubelet, flags, options);
      } catch (error) {
        if (!(error instanceof HostCommandError)) throw error;
        throw new PlanError({
          kind: 'refused',
          message: `The version of the kubelet is not known: ${error.message}. Nothing was written. Give --kubelet-version.`,
          file: root + kubelet.path,
        });
      }
    },
    // The node's kernel is not the one that runs here.
    kernelRelease: () => Promise.resolve(given.kernel === undefined ? '' : printed(given.kernel)),
  };
}

function printed({ major, minor, patch }: Version): string {
  return `${major}.${minor}.${patch}`;
}
