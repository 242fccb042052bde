// The head of the page: phase, progress, what the policy says, who paces the fleet, what needs attention.

import type { AttentionGroup, Head } from '../messages.ts';
import { byId, element, setAttribute, setText } from './dom.ts';
import { announcement, PHASE_MARKS, STANDING_ORDER, STANDING_WORDS } from './model/words.ts';

const BAR_ORDER = STANDING_ORDER.toReversed();

/** Returns what shows the head; it announces a change of the phase, and calls `onName` when a person chooses a node. */
export function createRollout(onName: (name: string) => void): (head: Head) => void {
  const [phase, bar] = [byId('phase', HTMLElement), byId('bar', HTMLElement)];
  const trouble = byId('trouble', HTMLElement);
  const list = byId('attention-list', HTMLElement);
  let attention = '';
  let announced: string | undefined;

  list.addEventListener('click', ({ target }) => {
    const name = target instanceof HTMLElement ? target.dataset['name'] : undefined;
    if (name !== undefined) onName(name);
  });

  return (head) => {
    document.title = `${head.phase} · ${head.counts.done}/${head.nodes} · ${head.context}`;
    setText(byId('cluster', HTMLElement), `${head.context} · ${head.server}`);
    setAttribute(phase, 'data-phase', head.phase);
    setText(phase, `${PHASE_MARKS[head.phase]} ${head.phase}`);
    setText(byId('reason', HTMLElement), head.reason);
    showProgress(head, bar);
    showFacts(head);
    setText(trouble, head.trouble === '' ? '' : `${head.trouble} What is shown may be stale.`);
    trouble.hidden = head.trouble === '';
    const next = JSON.stringify([head.attention, head.attentionMore]);
    if (next !== attention) {
      attention = next;
      showAttention(head, list);
    }
    if (announced !== head.phase) {
      announced = head.phase;
      setText(byId('announcement', HTMLElement), announcement(head));
    }
  };
}

function showProgress({ counts, nodes, left }: Head, bar: HTMLElement): void {
  const [done, all] = [counts.done.toLocaleString('en'), nodes.toLocaleString('en')];
  setText(byId('progress-text', HTMLElement), `${done} of ${all} nodes done${left}`);
  setAttribute(bar, 'aria-valuemax', String(Math.max(1, nodes)));
  setAttribute(bar, 'aria-valuenow', String(counts.done));
  const parts = childrenFor(bar, BAR_ORDER, (standing) =>
    element('span', { class: 'part', 'data-standing': standing }),
  );
  const items = childrenFor(byId('counts', HTMLElement), BAR_ORDER, (standing) =>
    element(
      'li',
      { 'data-standing': standing },
      element('span', { class: 'mark', 'aria-hidden': 'true' }, STANDING_WORDS[standing].mark),
      element('b'),
      ` ${STANDING_WORDS[standing].word}`,
    ),
  );
  for (const [at, standing] of BAR_ORDER.entries()) {
    const [part, item] = [parts[at], items[at]];
    if (part instanceof HTMLElement) part.style.flexGrow = String(counts[standing]);
    if (item instanceof HTMLElement) {
      item.toggleAttribute('data-zero', counts[standing] === 0);
      const number = item.querySelector('b');
      if (number !== null) setText(number, counts[standing].toLocaleString('en'));
    }
  }
}

/** Returns the children, which are made once. */
function childrenFor<T>(parent: Element, of: readonly T[], make: (one: T) => Element): readonly Element[] {
  if (parent.childElementCount === 0) parent.append(...of.map(make));
  return [...parent.children];
}

function showFacts(head: Head): void {
  const facts: readonly (readonly [string, string, boolean])[] = [
    ['Policy', head.policy.join('\n'), head.policy[0] === 'not valid'],
    ['Places', head.places, false],
    ['Restore', head.restore, true],
    ['Coordinator', head.coordinator, head.isCoordinatorMissing],
  ];
  const shown = facts.filter(([, text]) => text !== '');
  const list = byId('facts', HTMLElement);
  const key = shown.map(([title]) => title).join();
  if (list.dataset['key'] !== key) {
    list.dataset['key'] = key;
    list.replaceChildren(
      ...shown.map(([title]) => element('div', {}, element('dt', {}, title), element('dd'))),
    );
  }
  const texts = list.querySelectorAll('dd');
  for (const [at, [, said, isWarning]] of shown.entries()) {
    const text = texts[at];
    if (text !== undefined) setText(text, said);
    text?.classList.toggle('warning', isWarning);
  }
}

function showAttention({ attention, attentionMore }: Head, list: HTMLElement): void {
  byId('attention-none', HTMLElement).hidden = attention.length > 0;
  const before = buttonsIn(list);
  const at = before.findIndex((button) => button === document.activeElement);
  const name = before[at]?.dataset['name'];
  const more =
    attentionMore === 0
      ? []
      : [element('li', { class: 'help' }, `and ${attentionMore.toLocaleString('en')} more nodes`)];
  list.replaceChildren(...attention.map(attentionItem), ...more);
  if (at === -1) return;
  // A person with a keyboard stays where they were.
  const now = buttonsIn(list);
  const next = now.find((button) => button.dataset['name'] === name) ?? now[at] ?? now.at(-1);
  (next ?? byId('attention-title', HTMLElement)).focus({ preventScroll: true });
}

function buttonsIn(list: HTMLElement): readonly HTMLButtonElement[] {
  return [...list.querySelectorAll('button')];
}

function attentionItem({ standing, text, total, names }: AttentionGroup): HTMLElement {
  const { word, mark } = STANDING_WORDS[standing];
  const more = total - names.length;
  const buttons = names.map((name) =>
    element('button', { type: 'button', class: 'node-name', 'data-name': name }, name),
  );
  return element(
    'li',
    { 'data-standing': standing },
    element('span', { class: 'badge' }, `${mark} ${word}`),
    ...buttons,
    ...(more > 0 ? [` and ${more.toLocaleString('en')} more`] : []),
    element('p', {}, text),
  );
}
