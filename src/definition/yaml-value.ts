import type { Alias, Document, Node, Pair, Scalar, YAMLMap } from 'yaml';
import { setOwn } from '../core/json.ts';
import { describeInexact, isInexact } from '../core/json-text.ts';

type Yaml = typeof import('yaml');

/** What is wrong with a node. */
export interface YamlMistake {
  readonly node: Node | undefined;
  readonly code: string;
  readonly message: string;
  readonly expected: string;
  readonly found: string;
}

/** Thrown when nothing can come of the rest. */
export class AliasesTooMany extends Error {}

/** Aliases may stand for this many nodes that are or hold aliases in all; more is an attack or a mistake. */
const maxRepeated = 10_000;
/** Size of the definition with all aliases written out: texts in characters, anything else as 1. */
const maxExpanded = 16 * 1024 * 1024;

/** A node's value, how large it is written out, and how many aliases are in that. */
interface Read {
  readonly value: unknown;
  readonly size: number;
  readonly aliases: number;
}

const isMergeKey = (key: Scalar): boolean => key.value === '<<' && key.type === 'PLAIN';

/**
 * Makes plain values of a YAML document, and knows its nodes afterwards; in a time that grows with its size.
 *
 * Keys are texts as they are written. `<<` merges the keys of other objects, as YAML 1.1 had it; what the object says itself
 * comes first. A whole number that would become another one is a mistake, as is a key that is there twice.
 */
export class YamlValues {
  readonly mistakes: YamlMistake[] = [];
  readonly #yaml: Yaml;
  readonly #anchors = new Map<string, { readonly node: Node; read?: Read }>();
  readonly #targets = new Map<Alias, Node>();
  readonly #pairs = new Map<YAMLMap, ReadonlyMap<string, Pair>>();
  readonly #document: Document;
  #size = 0;
  #repeated = 0;

  constructor(yaml: Yaml, document: Document) {
    this.#yaml = yaml;
    this.#document = document;
  }

  /** @throws `AliasesTooMany` */
  read(): unknown {
    return this.#read(this.#document.contents as Node | null).value;
  }

  /** What an alias stands for; any other node is itself. */
  resolve(node: Node | null | undefined): Node | undefined {
    return (this.#yaml.isAlias(node) ? this.#targets.get(node) : node) ?? undefined;
  }

  /** The pair that gives an object the value of a key; for a merged one, that of the object it is from. */
  findPair(map: YAMLMap, key: string): Pair | undefined {
    const pairs = this.#pairs.get(map) ?? this.#index(map);
    const own = pairs.get(key);
    if (own) return own;
    const merge = pairs.get('<<');
    for (const source of merge && this.#yaml.isScalar(merge.key) && isMergeKey(merge.key) ? this.#listSources(merge.value as Node | null) : []) {
      const pair = this.findPair(source, key);
      if (pair) return pair;
    }
    return undefined;
  }

  #index(map: YAMLMap): ReadonlyMap<string, Pair> {
    const pairs = new Map<string, Pair>();
    for (const pair of map.items) {
      const key = this.#toKey(pair.key as Node | null);
      if (!pairs.has(key)) pairs.set(key, pair);
    }
    this.#pairs.set(map, pairs);
    return pairs;
  }

  #read(node: Node | null): Read {
    if (node === null) return { value: null, size: 1, aliases: 0 };
    if (this.#yaml.isAlias(node)) return this.#readAlias(node);
    const { anchor } = node as Scalar;
    const entry = anchor === undefined ? undefined : { node } as { readonly node: Node; read?: Read };
    if (anchor !== undefined && entry) this.#anchors.set(anchor, entry);
    const read = this.#yaml.isMap(node) ? this.#readMap(node) : this.#yaml.isSeq(node) ? this.#readList(node.items as (Node | null)[]) : this.#readScalar(node as Scalar);
    if (entry) entry.read = read;
    return read;
  }

  #readScalar(node: Scalar): Read {
    const { value, source } = node;
    if (typeof value === 'number' && source !== undefined && isInexact(source, value)) {
      this.mistakes.push({ node, code: 'number_inexact', message: describeInexact(source), expected: 'a whole number that a number can hold exactly', found: source });
    }
    return { value, size: this.#take(typeof value === 'string' ? value.length : 1), aliases: 0 };
  }

  #readAlias(alias: Alias): Read {
    const entry = this.#anchors.get(alias.source);
    if (!entry) {
      this.mistakes.push({ node: alias, code: 'not_yaml', message: `Expected \`*${alias.source}\` to stand for something before it with \`&${alias.source}\`, got nothing`, expected: 'an anchor before it', found: `*${alias.source}` });
      return { value: null, size: 1, aliases: 0 };
    }
    this.#targets.set(alias, entry.node);
    // It is inside of what it stands for.
    if (!entry.read) throw new AliasesTooMany(`Expected aliases that end, got \`*${alias.source}\` inside of what it stands for`);
    const { value, size, aliases } = entry.read;
    this.#repeat(size, aliases);
    return { value, size, aliases: aliases + 1 };
  }

  #repeat(size: number, aliases: number): void {
    this.#repeated += aliases + 1;
    this.#take(size);
    if (this.#repeated > maxRepeated) throw new AliasesTooMany(`Expected aliases to repeat at most ${maxRepeated} nodes, got more`);
  }

  #take(size: number): number {
    this.#size += size;
    if (this.#size > maxExpanded) throw new AliasesTooMany('Expected aliases to repeat little, got a definition that grows beyond all measure when they are written out');
    return size;
  }

  #readList(items: readonly (Node | null)[]): Read {
    const reads = items.map(item => this.#read(item));
    return { value: reads.map(({ value }) => value), ...this.#sum(reads) };
  }

  #sum(reads: readonly Read[]): Pick<Read, 'size' | 'aliases'> {
    let [size, aliases] = [this.#take(1), 0];
    for (const read of reads) {
      size += read.size;
      aliases += read.aliases;
    }
    return { size, aliases };
  }

  #readMap(map: YAMLMap): Read {
    const value: Record<string, unknown> = {};
    const own = new Set<string>();
    const reads: Read[] = [];
    let merge: { readonly pair: Pair; readonly given: unknown } | undefined;
    for (const pair of map.items) {
      const node = pair.key as Node | null;
      if (node && (!this.#yaml.isScalar(node) || node.anchor !== undefined)) this.#read(node);
      const key = this.#toKey(node);
      if (own.has(key)) {
        const hint = key === '<<' ? '; several are merged with a list: `<<: [*a, *b]`' : '';
        this.mistakes.push({ node: node ?? map, code: 'duplicate_key', message: `Expected every key once, got \`${key}\` a second time${hint}`, expected: 'every key once', found: `\`${key}\`` });
      }
      own.add(key);
      const read = this.#read(pair.value as Node | null);
      reads.push(read);
      if (this.#yaml.isScalar(node) && isMergeKey(node)) merge = { pair, given: read.value };
      else setOwn(value, key, read.value);
    }
    if (merge) this.#merge(value, merge.pair as Pair<Node | null, Node | null>, merge.given);
    return { value, ...this.#sum(reads) };
  }

  /** Adds the keys that an object does not have itself; of several that have a key, the first gives it. */
  #merge(into: Record<string, unknown>, { key: at, value: node }: Pair<Node | null, Node | null>, given: unknown): void {
    const sources = Array.isArray(given) ? given : [given];
    const aliases = this.#yaml.isSeq(node) ? node.items : [node];
    if (!aliases.every(one => this.#yaml.isAlias(one)) || !sources.every(source => typeof source === 'object' && source !== null && !Array.isArray(source))) {
      const message = 'Expected `<<` to merge what aliases stand for, like `<<: *common` or `<<: [*one, *other]`, and that to be objects; write keys that are given right there beside it, and a key of that name as `"<<"`';
      this.mistakes.push({ node: node ?? at ?? undefined, code: 'merge_invalid', message, expected: 'an alias of an object, or a list of such', found: '`<<`' });
      return;
    }
    for (const source of sources as Record<string, unknown>[]) {
      for (const [key, member] of Object.entries(source)) {
        if (Object.hasOwn(into, key)) continue;
        this.#take(1);
        setOwn(into, key, member);
      }
    }
  }

  #listSources(node: Node | null): YAMLMap[] {
    const resolved = this.resolve(node);
    if (this.#yaml.isMap(resolved)) return [resolved];
    return this.#yaml.isSeq(resolved) ? resolved.items.flatMap(item => this.#listSources(item as Node | null)) : [];
  }

  /** An object's key: as it is written, also where that would be a number or the like. */
  #toKey(node: Node | null): string {
    const key = this.resolve(node) ?? null;
    if (key === null) return '';
    if (this.#yaml.isScalar(key)) return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
    // A list or an object as a key: as the library writes it.
    const single = new this.#yaml.YAMLMap();
    single.items.push(new this.#yaml.Pair(key, null));
    try {
      return Object.keys(single.toJS(this.#document) as object)[0] ?? '';
    } catch (error) {
      // It counts aliases by itself.
      throw new AliasesTooMany(`Expected keys to be texts, got a list or an object with too many aliases in it: ${(error as Error).message}`);
    }
  }
}
