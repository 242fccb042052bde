import { expect, test } from 'vitest';
import { readSigns, signsText } from '../../../../agent/node/observe/vendor/signs.ts';
import { FakeHost } from '../../../../scripts/fakes/fake-host.ts';

const NODE = { labels: {}, annotations: {} };

test('the usual environment files that exist and that the unit does not read are named', async () => {
  const host = new FakeHost({ '/etc/default/kubelet': '', '/etc/sysconfig/kubelet': '' });
  const ports = host.ports();
  host.environmentFiles = [{ path: '/etc/kubernetes/kubelet.env', optional: true }];
  const status = await ports.systemd.status('kubelet.service');

  expect(signsText(await readSigns(ports.files, status), NODE)).toBe(
    '/etc/default/kubelet and /etc/sysconfig/kubelet exist here, but the unit does not read them.',
  );

  host.environmentFiles = [{ path: '/etc/default/kubelet', optional: true }];
  const readsOne = await ports.systemd.status('kubelet.service');
  expect(signsText(await readSigns(ports.files, readsOne), NODE)).toBe(
    '/etc/sysconfig/kubelet exists here, but the unit does not read it.',
  );
});

test.each([
  ['NAME="Bottlerocket"\nID=bottlerocket\n', 'bottlerocket'],
  ['PRETTY_NAME=x\nID="cos"\n', 'cos'],
  ["ID='amzn'\nID_LIKE=fedora\n", 'amzn'],
  ['VERSION_ID=1\n', ''],
  ['', ''],
])('the ID of os-release %j is %j', async (text, id) => {
  const { files } = new FakeHost({ '/etc/os-release': text }).ports();

  expect((await readSigns(files, undefined)).osId).toBe(id);
});

test('the active units of vendors are found without a query of systemd', async () => {
  const { files } = new FakeHost({
    '/run/systemd/units/invocation:k3s.service': '',
    '/run/systemd/units/invocation:sshd.service': '',
  }).ports();

  const signs = await readSigns(files, undefined);

  expect(signs.units).toEqual(['k3s.service']);
  expect(signsText(signs, NODE)).toContain('This is a node of k3s: ');
});
