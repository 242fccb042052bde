import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EnvironmentFileOnDisk, KubeletUnit } from '../../agent/kubelet/unit.ts';
import { planChange } from '../../agent/plan/plan.ts';
import type { Plan } from '../../agent/plan/types.ts';
import { kubeadmUnit, NO_CONFIG, NOTHING_APPLIED } from '../kubelet/units.ts';

type Content = string | undefined;
interface Link {
  readonly leadsTo: string;
  readonly text?: string;
}

const DEFAULT = '/etc/default/kubelet';
const SYSCONFIG = '/etc/sysconfig/kubelet';
const KUBEADM = '/var/lib/kubelet/kubeadm-flags.env';
const FLAG = '--allowed-unsafe-sysctls=net.core.somaxconn';
const PROXY = 'PATH="/usr/sbin:/usr/bin"\nHTTP_PROXY="http://10.0.0.1:3128"#kubeone\n';

/** kubeadm's unit with these environment files, in systemd's order. */
function unitWith(
  files: readonly (readonly [path: string, content: Content | Link])[],
  more: Partial<KubeletUnit> = {},
): KubeletUnit {
  return { ...kubeadmUnit(undefined), environmentFiles: files.map(fileOf), ...more };
}

function fileOf([path, given]: readonly [string, Content | Link]): EnvironmentFileOnDisk {
  const link = typeof given === 'object' ? given : undefined;
  const text = typeof given === 'object' ? given.text : given;
  return {
    path,
    optional: true,
    fromGlob: false,
    content: text === undefined ? undefined : Buffer.from(text),
    ...(link && { leadsTo: link.leadsTo }),
  };
}

function planOf(unit: KubeletUnit): Plan {
  return planChange({
    unit,
    config: NO_CONFIG,
    desired: ['net.core.somaxconn'],
    lastApplied: NOTHING_APPLIED,
    unmanaged: 'Keep',
    goal: 'Apply',
  });
}

function changeOf(unit: KubeletUnit): { readonly file: string; readonly text: string } | Plan {
  const plan = planOf(unit);
  return plan.kind === 'planned' ? { file: plan.file, text: Buffer.from(plan.after ?? '').toString() } : plan;
}

const flags = (list: string): string => `KUBELET_FLAGS='--v=2 --allowed-unsafe-sysctls=${list}'\n`;

function textOf(plan: Plan): string {
  return plan.kind === 'planned' ? Buffer.from(plan.after ?? '').toString() : plan.kind;
}

const CREATED = `KUBELET_EXTRA_ARGS=${FLAG}\n`;

describe('the file that the agent chooses', () => {
  it.each([
    [
      'a file that KubeOne shares and that is read last (F01)',
      [
        [DEFAULT, undefined],
        ['/etc/environment', PROXY],
      ],
    ],
    [
      'Gardener’s two files',
      [
        ['/etc/environment', PROXY],
        ['/var/lib/kubelet/extra_args', undefined],
      ],
      '/var/lib/kubelet/extra_args',
    ],
    [
      'image-builder’s two files',
      [
        [KUBEADM, 'KUBELET_KUBEADM_ARGS=--v=2\n'],
        [SYSCONFIG, undefined],
        [DEFAULT, undefined],
      ],
      SYSCONFIG,
    ],
    [
      'EKS Hybrid’s file',
      [['/etc/eks/kubelet/environment', 'NODEADM_KUBELET_ARGS=--v=2\n']],
      '/etc/eks/kubelet/environment',
    ],
    [
      'Flatcar’s file',
      [
        [KUBEADM, undefined],
        [SYSCONFIG, undefined],
      ],
      SYSCONFIG,
    ],
    [
      'the release of the distribution',
      [
        ['/etc/os-release', 'ID=rhcos\n'],
        [DEFAULT, undefined],
        ['/usr/lib/os-release', 'ID=x\n'],
      ],
    ],
    [
      'a file that a service writes at boot',
      [
        [DEFAULT, undefined],
        ['/etc/node-sizing.env', 'SYSTEM_RESERVED_CPU=1\n'],
      ],
    ],
    [
      'files below /run',
      [
        ['/run/metadata/flatcar', 'COREOS_EC2=1\n'],
        [DEFAULT, undefined],
        ['/run/kubelet.env', undefined],
      ],
    ],
    [
      'files of other services',
      [
        [DEFAULT, undefined],
        ['/etc/sysconfig/network', 'A=1\n'],
        ['/etc/default/docker', undefined],
      ],
    ],
    [
      'a comment behind a path (F25)',
      [
        [DEFAULT, undefined],
        ['/etc/sysconfig/kubelet\t\t\t# may go', undefined],
      ],
    ],
    [
      'a comment behind a path without a blank',
      [
        [DEFAULT, undefined],
        ['/etc/sysconfig/kubelet#may-go', undefined],
      ],
    ],
    [
      'two paths in one line',
      [
        [DEFAULT, undefined],
        ['/etc/sysconfig/kubelet -/etc/kubernetes/kubelet', undefined],
      ],
    ],
    [
      'a file of another program that exists',
      [
        [DEFAULT, undefined],
        ['/etc/kubeone/proxy-env', PROXY],
      ],
    ],
    [
      'paths with dots',
      [
        [DEFAULT, undefined],
        ['/etc/kubelet/../environment', PROXY],
        ['//run/kubelet.env', undefined],
      ],
    ],
    [
      'a link to a shared file',
      [
        ['/etc/kubernetes/kubelet', { leadsTo: '/etc/environment', text: PROXY }],
        [DEFAULT, undefined],
      ],
    ],
    [
      'a link that leads below /run',
      [
        ['/etc/kubernetes/kubelet', { leadsTo: '/run/kubelet.env' }],
        [DEFAULT, undefined],
      ],
    ],
    [
      'a link in /run to a file that stays',
      [
        [DEFAULT, undefined],
        ['/run/kubelet', { leadsTo: '/srv/kubelet' }],
      ],
    ],
    [
      'a file that a package brings',
      [
        [DEFAULT, undefined],
        ['/usr/lib/kubelet/env', 'KUBELET_PORT=1\n'],
      ],
    ],
  ] as const)('is the kubelet’s own: %s', (_, files, expected: string = DEFAULT) => {
    const plan = changeOf(unitWith(files));
    expect(plan).toMatchObject({
      file: expected,
      text: expect.stringContaining(`KUBELET_EXTRA_ARGS=${FLAG}\n`),
    });
  });

  it.each([
    ['a redirection', `/bin/sh -c 'echo KUBELET_EXTRA_ARGS= >${DEFAULT}'`],
    ['a redirection with a blank and quotes', `/bin/bash -c "hostname -I > \\"${DEFAULT}\\" && true"`],
    ['tee', `/bin/sh -c 'env | tee ${DEFAULT}'`],
    ['cp', `/usr/bin/cp -f /opt/kubelet.env ${DEFAULT}`],
    ['install', `/usr/bin/install -m 0600 /opt/kubelet.env ${DEFAULT}`],
    ['a download', `/usr/bin/curl -sf http://169.254.169.254/kubelet -o ${DEFAULT}`],
  ])('is not one that ExecStartPre= writes whole at every start: %s', (_, command) => {
    const unit = unitWith(
      [
        [DEFAULT, undefined],
        ['/etc/kubernetes/kubelet', undefined],
      ],
      { startPre: [command] },
    );
    expect(changeOf(unit)).toEqual({ file: '/etc/kubernetes/kubelet', text: CREATED });
    const alone = planOf(unitWith([[DEFAULT, undefined]], { startPre: [command] }));
    expect(alone).toMatchObject({ kind: 'unreconcilable', reason: expect.stringContaining('ExecStartPre=') });
  });

  it.each([
    ['edits it (F17)', `/usr/local/sbin/sanitize_kubelet_reserved_cpus.sh ${DEFAULT}`],
    ['edits it in place', `/bin/sed -i s/a/b/ ${DEFAULT}`],
    ['appends to it', `/bin/sh -c 'echo PROVIDER_ID=x >> ${DEFAULT}'`],
    ['appends to it with tee', `/bin/sh -c 'echo PROVIDER_ID=x | tee -a ${DEFAULT}'`],
    ['reads it', `/usr/bin/test -s ${DEFAULT}`],
    ['copies it elsewhere', `/usr/bin/cp ${DEFAULT} /run/kubelet.env`],
    ['writes a file whose name begins alike', `/bin/sh -c 'date > ${DEFAULT}.started'`],
  ])('may be one that ExecStartPre= %s', (_, command) => {
    expect(changeOf(unitWith([[DEFAULT, undefined]], { startPre: [command] }))).toMatchObject({
      file: DEFAULT,
    });
  });

  it('is the earlier one when both could hold the variable, but one that exists before one that does not', () => {
    expect(
      changeOf(
        unitWith([
          [SYSCONFIG, undefined],
          [DEFAULT, 'A=1\n'],
        ]),
      ),
    ).toMatchObject({ file: DEFAULT });
    expect(
      changeOf(
        unitWith([
          [SYSCONFIG, 'A=1\n'],
          [DEFAULT, 'A=1\n'],
        ]),
      ),
    ).toMatchObject({ file: SYSCONFIG });
    const kubernetes = '/etc/kubernetes/kubelet';
    expect(
      changeOf(
        unitWith([
          [kubernetes, 'A=1\n'],
          [DEFAULT, undefined],
        ]),
      ),
    ).toMatchObject({ file: DEFAULT });
  });

  it('is not created in a folder that this distribution does not have', () => {
    const environmentFiles = [
      { ...fileOf([SYSCONFIG, undefined]), folderMissing: true },
      fileOf([DEFAULT, undefined]),
    ];
    expect(changeOf(unitWith([], { environmentFiles }))).toMatchObject({ file: DEFAULT });
  });

  it('is the one that assigns the variable, wherever that is the kubelet’s own', () => {
    const assigns = 'KUBELET_EXTRA_ARGS=--v=2\n';
    for (const path of [SYSCONFIG, '/etc/cluster.env', '/etc/sysconfig/kubernetes', '/srv/node']) {
      const plan = changeOf(
        unitWith([
          [DEFAULT, 'A=1\n'],
          [path, assigns],
          ['/etc/environment', PROXY],
        ]),
      );
      expect(plan).toEqual({ file: path, text: `KUBELET_EXTRA_ARGS='--v=2 ${FLAG}'\n` });
    }
  });

  it('takes over the value of a shared file that is read before it', () => {
    const unit = unitWith([
      ['/etc/environment', 'KUBELET_EXTRA_ARGS=--v=2\n'],
      [DEFAULT, undefined],
    ]);
    expect(changeOf(unit)).toEqual({ file: DEFAULT, text: `KUBELET_EXTRA_ARGS=--v=2\\ ${FLAG}\n` });
  });

  it('is the first of two paths that lead to one file', () => {
    const content = 'KUBELET_EXTRA_ARGS=--v=2\n';
    const unit = unitWith([
      [DEFAULT, { leadsTo: SYSCONFIG, text: content }],
      [SYSCONFIG, content],
    ]);
    const plan = planOf(unit);
    expect(plan).toMatchObject({
      kind: 'planned',
      file: DEFAULT,
      configured: { after: ['net.core.somaxconn'] },
    });
  });
});

describe('a node without a file of the kubelet’s own', () => {
  it.each([
    ['a shared file', [['/etc/environment', PROXY]], ['/etc/environment', 'shared']],
    ['a file below /run', [['/run/kubelet.env', undefined]], ['/run/kubelet.env', 'reboot']],
    ['/var/run', [['/var/run/kubelet.env', undefined]], ['/var/run/kubelet.env', 'reboot']],
    ['a link', [[DEFAULT, { leadsTo: '/run/kubelet.env' }]], [DEFAULT, '/run/kubelet.env', 'reboot']],
    ['kubeadm’s file', [[KUBEADM, undefined]], [KUBEADM, 'kubeadm']],
    ['a comment in the path', [['/etc/sysconfig/kubelet\t# may go', undefined]], ['comment']],
    ['a file without anything of the kubelet', [['/etc/node.env', 'A=1\n']], ['/etc/node.env']],
  ] as const)(
    'is unreconcilable, and the reason says what was found and which line to add: %s',
    (_, files, found) => {
      const plan = planOf(unitWith(files));
      expect(plan).toMatchObject({ kind: 'unreconcilable' });
      for (const part of [...found, 'EnvironmentFile=-/etc/default/kubelet']) {
        expect(JSON.stringify(plan)).toContain(part);
      }
    },
  );

  it('names the shared file and the line that would overrule the kubelet’s own', () => {
    const plan = planOf(
      unitWith([
        [DEFAULT, undefined],
        ['/etc/environment', 'A=1\nKUBELET_EXTRA_ARGS=--v=2\n'],
      ]),
    );
    expect(plan).toMatchObject({
      kind: 'unreconcilable',
      reason: expect.stringContaining('KUBELET_EXTRA_ARGS in /etc/environment, line 2'),
    });
  });

  it('is restored where an earlier agent wrote into a shared file', () => {
    const bytes = Buffer.from(PROXY);
    const path = '/etc/environment';
    const unit = unitWith([[path, `${PROXY}${CREATED}`]]);
    const plan = planChange({
      unit,
      config: NO_CONFIG,
      desired: [],
      lastApplied: { ours: ['net.core.somaxconn'], folded: [] },
      unmanaged: 'Keep',
      goal: 'Restore',
      written: [
        {
          file: path,
          variable: 'KUBELET_EXTRA_ARGS',
          bytes,
          left: null,
          applied: ['net.core.somaxconn'],
          carried: { origin: '', value: '' },
          found: undefined,
        },
      ],
    });
    expect(plan).toMatchObject({ kind: 'planned', file: path, configured: { after: [] } });
  });
});

const GOOD = [DEFAULT, SYSCONFIG, '/var/lib/kubelet/extra_args', '/etc/kubernetes/kubelet.env'];
const BAD = [
  '/etc/environment',
  '/etc/os-release',
  '/etc/profile.d/proxy.sh',
  '/etc/lsb-release',
  '/etc/default/containerd',
  '/etc/sysconfig/docker',
  '/run/kubelet.env',
  '/var/run/kubelet/env',
  '/tmp/kubelet',
  '/dev/shm/kubelet',
  KUBEADM,
  '/etc/default/kubelet # comment',
];

it('never chooses a bad file, and one of the kubelet’s own whenever an assignment there would be in force', () => {
  const content = fc.constantFrom(
    undefined,
    '',
    'A=1\n',
    'KUBELET_EXTRA_ARGS=--v=2\n',
    'KUBELET_EXTRA_ARGS=\n',
  );
  const files = fc.uniqueArray(fc.tuple(fc.constantFrom(...GOOD, ...BAD), content), {
    selector: ([path]) => path,
  });
  fc.assert(
    fc.property(files, (given) => {
      const plan = planOf(unitWith(given));
      const last = given.findLastIndex(([, text]) => text?.startsWith('KUBELET') === true);
      const fits = given.slice(Math.max(last, 0)).some(([path]) => GOOD.includes(path));
      const found = plan.kind === 'planned' && {
        isGood: GOOD.includes(plan.file),
        allows: plan.configured.after,
      };
      expect(found).toEqual(fits && { isGood: true, allows: ['net.core.somaxconn'] });
    }),
    { numRuns: 2000 },
  );
});

describe('another variable of ExecStart=', () => {
  const kubespray = (files: Parameters<typeof unitWith>[0]): KubeletUnit =>
    unitWith(files, { execStart: ['/usr/local/bin/kubelet', '$KUBE_LOG_LEVEL', '$KUBELET_ARGS'] });
  const aks = (files: Parameters<typeof unitWith>[0]): KubeletUnit =>
    unitWith(files, {
      execStart: ['/opt/bin/kubelet', '--v=2', '$KUBELET_CONFIG_FILE_FLAGS', '$KUBELET_FLAGS'],
    });

  it('gets the flag where kubespray writes its arguments', () => {
    const text =
      'KUBE_LOG_LEVEL="--v=2"\nKUBELET_ARGS="--config=/etc/k.yaml \\\n--kubeconfig=/etc/k.conf \\\n "\n';
    const plan = changeOf(kubespray([['/etc/kubernetes/kubelet.env', text]]));
    expect(plan).toEqual({
      file: '/etc/kubernetes/kubelet.env',
      text: `KUBE_LOG_LEVEL="--v=2"\nKUBELET_ARGS="--config=/etc/k.yaml \\\n--kubeconfig=/etc/k.conf ${FLAG} \\\n "\n`,
    });
  });

  it('gets the flag where AKS writes its arguments', () => {
    const text = 'KUBELET_FLAGS=--cluster-dns=10.0.0.10 --max-pods=110 \nKUBELET_NODE_LABELS=a=b\n';
    expect(changeOf(aks([[DEFAULT, text]]))).toEqual({
      file: DEFAULT,
      text: `KUBELET_FLAGS=--cluster-dns=10.0.0.10 --max-pods=110 ${FLAG} \nKUBELET_NODE_LABELS=a=b\n`,
    });
  });

  it.each([
    ['in another file', kubespray([['/etc/kubernetes/other.env', 'KUBELET_ARGS=--v=2\n']])],
    ['in the other pair’s file', aks([['/etc/kubernetes/kubelet.env', 'KUBELET_FLAGS=--v=2\n']])],
    [
      'by a later file',
      kubespray([
        ['/etc/kubernetes/kubelet.env', 'KUBELET_ARGS=--v=2\n'],
        ['/run/k', 'KUBELET_ARGS=\n'],
      ]),
    ],
    ['nowhere', aks([[DEFAULT, 'A=1\n']])],
    [
      'in a file that is a link below /run',
      aks([[DEFAULT, { leadsTo: '/run/kubelet', text: 'KUBELET_FLAGS=\n' }]]),
    ],
    [
      'but not given to the kubelet as a word of its own',
      unitWith([[DEFAULT, 'KUBELET_FLAGS=\n']], { execStart: ['/opt/bin/kubelet', '--x=${KUBELET_FLAGS}'] }),
    ],
    [
      'for a kubelet that takes an unknown one',
      unitWith([['/etc/eks/kubelet/environment', 'NODEADM_KUBELET_ARGS=\n']], {
        execStart: ['/opt/bin/kubelet', '$NODEADM_KUBELET_ARGS'],
      }),
    ],
  ])('is not a target when it is assigned %s', (_, unit) => {
    expect(planOf(unit)).toMatchObject({
      kind: 'unreconcilable',
      reason: expect.stringContaining('KUBELET_EXTRA_ARGS'),
    });
  });

  it('keeps words that the agent once carried into another variable of the same file', () => {
    const words = '--node-ip=10.0.0.11 --v=2';
    const written = {
      file: DEFAULT,
      variable: 'KUBELET_EXTRA_ARGS',
      bytes: undefined,
      left: null,
      applied: ['net.core.somaxconn'],
      carried: {
        origin: 'KUBELET_EXTRA_ARGS in Environment= of kubelet.service',
        value: '--node-ip=10.0.0.11',
      },
      found: undefined,
    };
    const plan = planChange({
      unit: aks([[DEFAULT, `KUBELET_FLAGS=${words}\n`]]),
      config: NO_CONFIG,
      desired: ['net.core.somaxconn'],
      lastApplied: NOTHING_APPLIED,
      unmanaged: 'Keep',
      goal: 'Apply',
      written: [written],
    });
    expect(plan).toMatchObject({ words: { after: [...words.split(' '), FLAG] } });
  });

  it('comes after KUBELET_EXTRA_ARGS where the unit takes both', () => {
    const unit = unitWith([[DEFAULT, 'KUBELET_FLAGS=--v=2\n']], {
      execStart: ['/opt/bin/kubelet', '$KUBELET_FLAGS', '$KUBELET_EXTRA_ARGS'],
    });
    expect(changeOf(unit)).toMatchObject({ text: `KUBELET_FLAGS=--v=2\n${CREATED}` });
  });

  it('is named in the reason, and its own list is merged, removed and limited like that of KUBELET_EXTRA_ARGS', () => {
    const unit = aks([[DEFAULT, flags('kernel.sem,kernel.msgmax')]]);
    const input = {
      unit,
      config: NO_CONFIG,
      desired: ['net.core.somaxconn'],
      lastApplied: { ours: ['kernel.sem'], folded: [] },
      unmanaged: 'Keep',
      goal: 'Apply',
    } as const;
    const plan = planChange(input);
    expect(plan).toMatchObject({
      variable: 'KUBELET_FLAGS',
      words: { before: ['--v=2', '--allowed-unsafe-sysctls=kernel.sem,kernel.msgmax'] },
      unmanaged: [{ pattern: 'kernel.msgmax', origin: `KUBELET_FLAGS in ${DEFAULT}, line 1` }],
      reason: expect.stringContaining(`to KUBELET_FLAGS in ${DEFAULT}`),
    });
    expect(textOf(plan)).toBe(flags('kernel.msgmax,net.core.somaxconn'));
    expect(textOf(planChange({ ...input, goal: 'Restore', desired: [] }))).toBe(flags('kernel.msgmax'));
    const many = Array.from({ length: 9000 }, (_, index) => `net.ipv4.name${index}`);
    expect(planChange({ ...input, desired: many })).toMatchObject({
      kind: 'refused',
      file: DEFAULT,
      line: 1,
    });
  });
});
