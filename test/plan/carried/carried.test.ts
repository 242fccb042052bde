import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeletUnit } from '../../../agent/kubelet/unit.ts';
import { planChange } from '../../../agent/plan/plan.ts';
import type { Plan, Planned, PlanInput, WrittenFile } from '../../../agent/plan/types.ts';
import { sha256Of } from '../../../agent/text/hash.ts';
import { bytesOf, EXTRA_FILE, kubeadmUnit, NOTHING_APPLIED, NO_CONFIG } from '../../kubelet/units.ts';

const NAME = 'net.core.somaxconn';
const FLAG = `--allowed-unsafe-sysctls=${NAME}`;
const ORIGIN = 'KUBELET_EXTRA_ARGS in Environment= of kubelet.service';

/** A node whose drop-in sets KUBELET_EXTRA_ARGS, and what the agent has saved of it. */
class Node {
  source: string | undefined;
  text: string | undefined;
  written: readonly WrittenFile[] = [];
  kubelet = { major: 1, minor: 37, patch: 0 };

  constructor(source: string | undefined, text?: string) {
    this.source = source;
    this.text = text;
  }

  get unit(): KubeletUnit {
    const environment = this.source === undefined ? [] : [`KUBELET_EXTRA_ARGS=${this.source}`];
    return kubeadmUnit(this.text, { environment });
  }

  plan(more: Partial<PlanInput> = {}): Plan {
    return planChange({
      unit: this.unit,
      config: NO_CONFIG,
      desired: [NAME],
      lastApplied: this.written.length === 0 ? NOTHING_APPLIED : { ours: [NAME], folded: [] },
      unmanaged: 'Keep',
      goal: 'Apply',
      written: this.written,
      kubelet: this.kubelet,
      ...more,
    });
  }

  planned(more: Partial<PlanInput> = {}): Planned {
    const plan = this.plan(more);
    if (plan.kind !== 'planned') throw new Error(`Expected a plan, got ${JSON.stringify(plan)}.`);
    return plan;
  }

  /** Carries the plan out, as state and file are saved. */
  apply(more: Partial<PlanInput> = {}): Planned {
    const plan = this.planned(more);
    const [old] = this.written;
    const isKept = old !== undefined && old.left !== sha256Of(plan.before);
    const entry: WrittenFile = {
      file: plan.file,
      variable: plan.variable,
      bytes: old === undefined ? plan.before : old.bytes,
      left: isKept ? old.left : sha256Of(plan.after),
      applied: [NAME],
      carried: plan.carried,
      found: undefined,
    };
    if (plan.changed || old !== undefined) this.written = plan.isCleaned ? [] : [entry];
    this.text = plan.after === undefined ? undefined : Buffer.from(plan.after).toString();
    return plan;
  }
}

function changed(source: string | undefined, by: string | undefined): Node {
  const node = new Node(source);
  node.apply();
  node.source = by;
  return node;
}

describe('arguments of Environment=', () => {
  it('are copied once, and stay as they are while their source does', () => {
    const node = new Node('--v=3 --node-labels=a=b');
    expect(node.apply()).toMatchObject({
      carried: { origin: ORIGIN, value: '--v=3 --node-labels=a=b' },
      words: { after: ['--v=3', '--node-labels=a=b', FLAG] },
    });
    expect(node.planned()).toMatchObject({ changed: false });
  });

  it.each([
    ['a changed value', '--v=3 --x=1', '--v=4 --x=1', ['--v=4', '--x=1', FLAG]],
    ['a removed flag', '--v=3 --max-pods=50', '--v=3', ['--v=3', FLAG]],
    ['an added flag', '--v=3', '--v=3 --max-pods=50', ['--v=3', FLAG, '--max-pods=50']],
    ['a value as a word of its own', '--max-pods 110', '--max-pods 120', ['--max-pods', '120', FLAG]],
    ['a flag used twice', '--x=1 --x=2', '--x=1 --x=3', ['--x=1', '--x=3', FLAG]],
    ['a value with a blank', '--v=3', `--v=3 --x='a b'`, ['--v=3', FLAG, '--x=a b']],
    ['all of them', '--v=3 --x=1', undefined, [FLAG]],
    ['arguments where there were none', undefined, '--v=4', [FLAG, '--v=4']],
    [
      'the drop-in’s own list',
      '--allowed-unsafe-sysctls=kernel.sem,kernel.shmmax --v=3',
      '--allowed-unsafe-sysctls=kernel.shmmax,kernel.msg* --v=3',
      ['--allowed-unsafe-sysctls=kernel.shmmax,net.core.somaxconn,kernel.msg*', '--v=3'],
    ],
  ])('are followed: %s', (_, source, by, words) => {
    const node = changed(source, by);
    const plan = node.apply();
    expect(plan.words.after).toEqual(words);
    expect(plan.reason).toContain('Follows ');
    expect(node.planned()).toMatchObject({ changed: false });
  });

  it('name both texts in the reason', () => {
    expect(changed('--v=3', '--v=4').planned().reason).toBe(
      `Follows ${ORIGIN}, which the assignment in ${EXTRA_FILE} replaces: --v=4 in place of --v=3.`,
    );
  });

  it.each([
    ['an edited value stays', '--v=3 --x=1', '--v=5 --x=1', '--v=4 --x=2', ['--v=5', '--x=2', FLAG]],
    ['a flag taken out stays out', '--v=3 --x=1', '--x=1', '--v=4 --x=2', ['--x=2', FLAG]],
    ['a flag put in stays in', '--v=3', '--v=3 --y=1', '--v=4', ['--v=4', '--y=1', FLAG]],
  ])('leave the edits of another party alone: %s', (_, source, copy, by, words) => {
    const node = new Node(source);
    node.apply();
    node.text = `KUBELET_EXTRA_ARGS='${copy} ${FLAG}'\n`;
    node.source = by;
    expect(node.apply().words.after).toEqual(words);
    expect(node.planned()).toMatchObject({ changed: false });
  });

  it('that another party keeps from being followed are named', () => {
    const node = changed('--v=3', '--v=4');
    node.text = `KUBELET_EXTRA_ARGS='--v=5 ${FLAG}'\n`;
    expect(node.planned()).toMatchObject({
      changed: false,
      kept: [`${EXTRA_FILE} has --v=5 and not --v=4 as ${ORIGIN}, because it was edited by hand.`],
    });
  });

  it('follow again once an edit by hand and the source agree', () => {
    const node = changed('--v=3', '--v=4');
    node.text = `KUBELET_EXTRA_ARGS='--v=4 ${FLAG}'\n`;
    expect(node.apply()).toMatchObject({ changed: false });
    node.source = '--v=6';
    expect(node.apply().words.after).toEqual(['--v=6', FLAG]);
  });

  it('are not those of a line that another party wrote', () => {
    const node = new Node('--v=3', 'KUBELET_EXTRA_ARGS=--node-ip=10.0.0.11\n');
    expect(node.apply()).toMatchObject({ carried: undefined });
    node.source = '--v=4';
    expect(node.planned()).toMatchObject({ changed: false });
  });

  it('are not followed into a line that another party appended', () => {
    const node = new Node('--v=3');
    node.apply();
    node.text += `KUBELET_EXTRA_ARGS='--node-ip=10.0.0.11 ${FLAG}'\n`;
    node.source = '--v=3 --max-pods=50';
    expect(node.apply()).toMatchObject({ changed: false });
    node.text = node.text?.split('\n').slice(0, 1).join('').concat('\n');
    node.source = '--v=4';
    expect(node.apply().words.after).toEqual(['--v=4', FLAG]);
  });

  it('are copied without a flag that this kubelet no longer knows', () => {
    const node = new Node('--v=3 --container-runtime=remote --network-plugin cni');
    expect(node.planned().words.after).toEqual(['--v=3', FLAG]);
    expect(node.planned().reason).toContain('without --container-runtime=remote (unknown to this kubelet)');
  });

  it('lose a flag with the kubelet that no longer knows it', () => {
    const node = new Node('--v=3 --pod-infra-container-image=x');
    node.kubelet = { major: 1, minor: 34, patch: 1 };
    expect(node.apply().words.after).toEqual(['--v=3', '--pod-infra-container-image=x', FLAG]);
    node.kubelet = { major: 1, minor: 35, patch: 0 };
    expect(node.apply().words.after).toEqual(['--v=3', FLAG]);
    expect(node.planned()).toMatchObject({ changed: false });
  });

  it('are followed from the copy that an older agent made and did not save', () => {
    const node = changed('--v=3', '--v=4');
    node.written = node.written.map((entry) => ({ ...entry, carried: undefined }));
    expect(node.planned().words.after).toEqual(['--v=4', FLAG]);
  });
});

describe('mode Restore after carried arguments', () => {
  const REST = { goal: 'Restore' } as const;

  it('removes the file that the agent created', () => {
    const node = changed('--v=3', '--v=4');
    node.apply();
    expect(node.planned(REST)).toMatchObject({ after: undefined, changed: true, isCleaned: true });
  });

  it('takes out the agent’s line where another party added one', () => {
    const node = changed('--v=3 --x=1', '--y=1 --x=1 --v=3');
    node.apply();
    node.text = `# mine\n${node.text ?? ''}A=1\n`;
    node.apply(REST);
    expect(node.text).toBe('# mine\nA=1\n');
    expect(node.planned(REST)).toMatchObject({ changed: false });
  });

  it('keeps what another party wrote into the agent’s line', () => {
    const node = new Node('--v=3');
    node.apply();
    node.text = `KUBELET_EXTRA_ARGS='--v=3 ${FLAG} --y=1'\n`;
    node.apply(REST);
    expect(node.text).toBe("KUBELET_EXTRA_ARGS='--v=3 --y=1'\n");
  });

  it('brings back the bytes after any changes of the source', () => {
    const value = fc.constantFrom(undefined, '', '--v=3', '--v=4 --x=1', `--x='a b'`, '--max-pods 110 --v=3');
    const original = fc.constantFrom(undefined, '', 'A=1', 'A=1\n', '# end \\\n', 'B="x"\r\n');
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), original, (sources, text) => {
        const node = new Node(undefined, text);
        for (const source of sources) {
          node.source = source;
          node.apply();
        }
        expect(node.planned().changed).toBe(false);
        node.apply(REST);
        expect(node.text).toBe(text);
        expect(bytesOf(node.text)).toEqual(bytesOf(text));
      }),
    );
  });
});
