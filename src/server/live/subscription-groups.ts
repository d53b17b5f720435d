import type { FeedEntry } from '../../engine/feed/feed-entry.ts';
import { ReadyMessage } from '../../owner/carrier.ts';
import type { LiveFilter } from './live-filter.ts';
import type { LiveMember, LivePage, LiveView } from './live-view.ts';

interface Group {
  readonly filter: LiveFilter;
  readonly members: Set<LiveMember>;
  /** Texts of the page that is being told. */
  texts: string[];
  /** The last entry among them. */
  last: FeedEntry | undefined;
}

/** The text of a commit for the subscription with a number. */
export const toCommitText = (id: number, cursor: string, entries: string): string => `{"type":"commit","id":${id},"cursor":"${cursor}","entries":[${entries}]}`;

/** Subscriptions that are at the end of the feed, by what they are about: an entry finds those that want it. */
export class SubscriptionGroups {
  readonly #groups = new Map<string, Group>();
  readonly #all = new Set<Group>();
  readonly #conditional = new Set<Group>();
  /** By kind, and by `<kind>:<id>`. */
  readonly #wanted = new Map<string, Set<Group>>();

  get hasConditions(): boolean {
    return this.#conditional.size > 0;
  }

  add(subscription: LiveMember): void {
    const { filter } = subscription;
    let group = this.#groups.get(filter.key);
    if (!group) {
      group = { filter, members: new Set(), texts: [], last: undefined };
      this.#groups.set(filter.key, group);
      for (const place of this.#placesOf(filter)) place.add(group);
    }
    group.members.add(subscription);
  }

  delete(subscription: LiveMember): void {
    const { filter } = subscription;
    const group = this.#groups.get(filter.key);
    if (!group?.members.delete(subscription) || group.members.size > 0) return;
    this.#groups.delete(filter.key);
    for (const place of this.#placesOf(filter)) place.delete(group);
    for (const name of [...filter.kinds, ...filter.instances]) if (this.#wanted.get(name)?.size === 0) this.#wanted.delete(name);
  }

  /** Tells a page to all that want something of it: one message each, with texts that are made once. */
  tell(page: LivePage, feed: LiveView): void {
    const touched = new Set<Group>();
    for (const entry of page.entries) {
      const text = feed.textOf(entry);
      const give = (group: Group): void => {
        touched.add(group);
        // One that wants an entry for two reasons has it once.
        if (group.last === entry) return;
        group.last = entry;
        group.texts.push(text);
      };
      for (const group of this.#all) give(group);
      for (const group of this.#wanted.get(entry.kind) ?? []) give(group);
      for (const group of this.#wanted.get(`${entry.kind}:${entry.id}`) ?? []) give(group);
      if (entry.kind === 'flow') for (const group of this.#conditional) if (feed.facts.meets(group.filter.condition ?? {}, entry.id)) give(group);
    }
    for (const group of touched) {
      const count = group.texts.length;
      const entries = group.texts.join(',');
      group.texts = [];
      group.last = undefined;
      const ready = new Map<number, ReadyMessage>();
      for (const subscription of Array.from(group.members)) {
        const { id } = subscription;
        let message = ready.get(id);
        if (!message) ready.set(id, (message = new ReadyMessage(toCommitText(id, page.cursor, entries))));
        subscription.take(page, message, count);
      }
    }
  }

  #placesOf({ isAll, condition, kinds, instances }: LiveFilter): readonly Set<Group>[] {
    if (isAll) return [this.#all];
    if (condition) return [this.#conditional];
    return [...kinds, ...instances].map(name => {
      let place = this.#wanted.get(name);
      if (!place) this.#wanted.set(name, (place = new Set()));
      return place;
    });
  }
}
