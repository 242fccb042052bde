import { describe, expect, it } from 'vitest';
import { createFeed, type Feed, type Sink } from '../../../../agent/cli/kubectl/dashboard/feed.ts';
import type { Message } from '../../../../agent/cli/kubectl/dashboard/messages.ts';
import { node } from '../nodes.ts';
import { fleetOf, NOW, viewOf } from './views.ts';

const PLACE = { server: 'https://api:6443', context: 'here', namespace: 'kubelet-sysctl-agent' };

interface Page extends Sink {
  isFullNow: boolean;
  readonly seen: Message[];
}

function page(): Page {
  const seen: Message[] = [];
  return {
    isFullNow: false,
    seen,
    isFull() {
      return this.isFullNow;
    },
    send: (text) => void seen.push(JSON.parse(text)),
  };
}

function show(feed: Feed, nodes: readonly object[], second = 0): void {
  const fleet = fleetOf(nodes);
  feed.update({ fleet, view: viewOf(fleet), trouble: '', at: new Date(NOW.getTime() + second * 1000) });
}

function namesIn({ nodes }: Message): readonly string[] {
  return nodes.map(({ name }) => name);
}

describe('the feed of the pages', () => {
  it('sends everything to a page that attaches, and then the differences to all', () => {
    const feed = createFeed(PLACE);
    show(feed, [node('n1'), node('n2')]);
    const [one, other] = [page(), page()];
    feed.attach(one);
    show(feed, [node('n1'), node('n2', { paused: true })], 1);
    feed.attach(other);
    show(feed, [node('n2', { paused: true })], 2);
    expect(one.seen.map((message) => [message.isSnapshot, namesIn(message), message.gone])).toEqual([
      [true, ['n1', 'n2'], []],
      [false, ['n2'], []],
      [false, [], ['n1']],
    ]);
    expect(other.seen.map((message) => [message.isSnapshot, namesIn(message), message.gone])).toEqual([
      [true, ['n1', 'n2'], []],
      [false, [], ['n1']],
    ]);
  });

  it('sends nothing to a page that does not read, and everything once it reads again', () => {
    const feed = createFeed(PLACE);
    show(feed, [node('n1'), node('n2')]);
    const slow = page();
    feed.attach(slow);
    slow.isFullNow = true;
    show(feed, [node('n1', { paused: true }), node('n2')], 1);
    show(feed, [node('n1', { paused: true })], 2);
    expect(slow.seen).toHaveLength(1);
    slow.isFullNow = false;
    show(feed, [node('n1', { paused: true }), node('n3')], 3);
    show(feed, [node('n1', { paused: true })], 4);
    expect(slow.seen.slice(1).map((message) => [message.isSnapshot, namesIn(message), message.gone])).toEqual(
      [
        [true, ['n1', 'n3'], []],
        [false, [], ['n3']],
      ],
    );
  });

  it('sends nothing after a page is detached', () => {
    const feed = createFeed(PLACE);
    show(feed, [node('n1')]);
    const left = page();
    feed.attach(left)();
    show(feed, [], 1);
    expect(left.seen).toHaveLength(1);
  });
});
