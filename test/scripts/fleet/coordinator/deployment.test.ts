import { describe, expect, it } from 'vitest';
import { imageOf, programWith } from '../../../../scripts/fleet/coordinator/deployment.ts';

const IMAGE = imageOf('FROM x\nENV A=1\nENV B=2\nENTRYPOINT ["node", "--flag", "/app/main.mjs"]\n');

function deployment(container: object): object {
  const podSpec = { serviceAccountName: 'account', containers: [container] };
  return { spec: { replicas: 2, template: { spec: podSpec } } };
}

describe("a Deployment's program", () => {
  it('is the image’s entry point with the container’s arguments and environment', () => {
    const container = {
      args: ['coordinator'],
      env: [
        { name: 'B', value: '3' },
        { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ],
      volumeMounts: [{ name: 'run', mountPath: '/run/x' }],
    };
    const items = [deployment({ args: ['other'] }), deployment(container)];
    expect(programWith('coordinator', { items }, IMAGE)).toMatchObject({
      replicas: 2,
      serviceAccount: 'account',
      argv: ['node', '--flag', '/app/main.mjs', 'coordinator'],
      env: { A: '1', B: '3' },
      folders: ['/run/x'],
    });
  });

  it('has the container’s command in place of the entry point', () => {
    const items = [deployment({ command: ['node', '/app/main.mjs'], args: ['coordinator'] })];
    expect(programWith('coordinator', { items }, IMAGE)?.argv).toEqual([
      'node',
      '/app/main.mjs',
      'coordinator',
    ]);
  });

  it('is undefined when no container has the argument', () => {
    expect(programWith('coordinator', { items: [deployment({ args: ['agent'] })] }, IMAGE)).toBeUndefined();
  });
});
