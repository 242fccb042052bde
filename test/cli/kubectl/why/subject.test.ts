import { describe, expect, it } from 'vitest';
import { askedFor } from '../../../../agent/cli/kubectl/why/subject.ts';

describe('askedFor', () => {
  it.each([
    ['web', 'Pod', 'web'],
    ['web-6d4c-x2v9q', 'Pod', 'web-6d4c-x2v9q'],
    ['web.v1', 'Pod', 'web.v1'],
    ['pod/net.core.somaxconn', 'Pod', 'net.core.somaxconn'],
    ['po/web', 'Pod', 'web'],
    ['deployment/web', 'Deployment', 'web'],
    ['Deployments.apps/web', 'Deployment', 'web'],
    ['deploy/web', 'Deployment', 'web'],
    ['sts/db', 'StatefulSet', 'db'],
    ['ds/log', 'DaemonSet', 'log'],
    ['rs/web-1', 'ReplicaSet', 'web-1'],
    ['job/once', 'Job', 'once'],
    ['cronjob/daily', 'CronJob', 'daily'],
  ])('takes %s for the %s %s', (word, kind, name) => {
    expect(askedFor(word)).toMatchObject({ about: 'object', kind: { kind }, name });
  });

  it.each([
    'net.core.somaxconn',
    'net/core/somaxconn',
    'kernel.sem',
    'vm.swappiness',
    'net.ipv4.*',
    'Net.Core.Somaxconn',
    'net..core',
    'some_name',
    '',
  ])('takes %j for a sysctl', (name) => {
    expect(askedFor(name)).toEqual({ about: 'sysctl', name });
  });

  it.each([
    ['service/web', 'service'],
    ['shop/web', 'shop'],
    ['deployment/', 'deployment'],
    ['/proc/sys/net', ''],
  ])('knows no kind in %s', (text, word) => {
    expect(askedFor(text)).toEqual({ about: 'unknown kind', word });
  });
});
