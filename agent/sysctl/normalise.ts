/**
 * Returns the spelling with dots as separators: `net/ipv4/conf/eth0.100/forwarding` is `net.ipv4.conf.eth0/100.forwarding`.
 * A name whose first separator is a dot stays as it is. Mirrors NormalizeName in k8s.io/component-helpers
 * node/util/sysctl/sysctl.go.
 */
export function normaliseSysctl(name: string): string {
  const first = /[./]/u.exec(name)?.[0];
  return first === '/' ? name.replace(/[./]/gu, (separator) => (separator === '.' ? '/' : '.')) : name;
}

/** Returns an item of another party's list in the form of ours: with dots, without blanks around it. */
export function normaliseItem(item: string): string {
  return normaliseSysctl(item.trim());
}
