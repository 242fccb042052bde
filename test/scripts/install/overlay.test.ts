import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { imageParts, kustomization } from '../../../scripts/install/overlay.ts';

describe('imageParts', () => {
  it.each([
    ['agent', { newName: 'agent', newTag: 'latest' }],
    ['agent:1.2', { newName: 'agent', newTag: '1.2' }],
    ['localhost/kubelet-sysctl-agent:bed', { newName: 'localhost/kubelet-sysctl-agent', newTag: 'bed' }],
    ['r.example:5000/a/b', { newName: 'r.example:5000/a/b', newTag: 'latest' }],
    ['r.example:5000/a/b:v1', { newName: 'r.example:5000/a/b', newTag: 'v1' }],
    ['r.example:5000/a@sha256:0a1b', { newName: 'r.example:5000/a', digest: 'sha256:0a1b' }],
    ['a:v1@sha256:0a1b', { newName: 'a', digest: 'sha256:0a1b' }],
  ])('splits %s', (reference, parts) => {
    expect(imageParts(reference)).toEqual(parts);
  });
});

describe('kustomization', () => {
  it('references daemonset/ with the image, which is pulled only where it is missing', () => {
    const overlay = parse(
      kustomization({ base: '../daemonset', image: { reference: 'localhost/agent:bed' } }),
    );
    expect(overlay.resources).toEqual(['../daemonset']);
    expect(overlay.images).toEqual([
      { name: 'kubelet-sysctl-agent', newName: 'localhost/agent', newTag: 'bed' },
    ]);
    const patches = overlay.patches.map(({ patch }: { patch: string }) => parse(patch));
    expect(patches).toMatchObject([
      { kind: 'DaemonSet', metadata: { name: 'kubelet-sysctl-agent' } },
      { kind: 'Deployment', metadata: { name: 'kubelet-sysctl-coordinator' } },
    ]);
    expect(patches.map((patch: { spec: object }) => patch.spec)).toEqual(
      ['agent', 'coordinator'].map((name) => ({
        template: { metadata: {}, spec: { containers: [{ name, imagePullPolicy: 'IfNotPresent' }] } },
      })),
    );
  });

  it('probes the start of slow nodes less often, by the command of the manifests', () => {
    const image = { reference: 'localhost/agent:bed' };
    for (const { patch } of parse(kustomization({ base: 'b', image, startupProbeSeconds: 10 })).patches) {
      const [container] = parse(patch).spec.template.spec.containers;
      expect(container.startupProbe).toEqual({ periodSeconds: 10 });
    }
  });

  it('replaces the pods of agents and coordinator when the stamp changes', () => {
    for (const { patch } of parse(stamped('1a')).patches) {
      expect(parse(patch).spec.template.metadata.annotations).toEqual({ 'kubelet-sysctls-demo/image': '1a' });
    }
    expect(stamped('1a')).not.toBe(stamped('2b'));
  });
});

function stamped(stamp: string): string {
  return kustomization({ base: 'b', image: { reference: 'localhost/agent:bed', stamp } });
}
