import { createRuntime, defineFlow, defineTool } from '../../src/index.ts';
import { createMemoryStore } from '../../src/open-records.ts';
import type { SimulatedClock } from '../../src/core/clock.ts';
import { PortCarrier } from '../../src/owner/port-carrier.ts';
import type { Port } from '../../src/owner/port-carrier.ts';
import type { Scope } from '../../src/owner/protocol.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import { getParts } from '../../src/runtime/sessions-of.ts';
import { ProcessClock } from '../../src/testing/process-clock.ts';
import type { Crash, StoreSite } from '../../src/testing/store-site.ts';
import { createMemorySite, createProcessStore } from '../../src/testing/store-site.ts';

/** How a life ends: at a message on its way in or out, or at a commit; at the latest when nothing moves any more. */
export interface Death {
  /** Which message of the life, 1-based; undefined: none. */
  readonly message?: number;
  /** Whether that message still arrives. */
  readonly isDelivered?: boolean;
  readonly commit?: Crash;
}

const order = defineFlow({
  id: 'order',
  steps: [
    { id: 'open', uses: 'tool:note', with: { n: '{% input.n %}' } },
    { id: 'approve', uses: 'signal', with: { name: 'approved' }, depends_on: ['open'] },
    { id: 'ship', uses: 'tool:note', with: { n: '{% input.n %}' }, depends_on: ['approve'] },
  ],
});

/** What outlives the process of a runtime: the bytes of its store, and what its tools have done out of the store's reach. */
export class MortalSite {
  readonly ledger: string[] = [];
  readonly clock: SimulatedClock;
  /** Messages that went in and out in all lives. */
  messages = 0;
  lives = 0;
  /** Of the life that goes on; undefined: none does. */
  runtime: Runtime | undefined;
  #site: StoreSite = createMemorySite(createMemoryStore());
  readonly #deaths: Death[];
  #life: MortalRuntime | undefined;
  /** It was begun, and will not die. */
  readonly #last = Promise.withResolvers<void>();
  readonly last = this.#last.promise;

  /** @param deaths of the lives, in order; whichever has none goes on */
  constructor(clock: SimulatedClock, deaths: readonly Death[]) {
    this.clock = clock;
    this.#deaths = [...deaths];
  }

  begin(died: () => void): MortalRuntime {
    this.lives++;
    const death = this.#deaths.shift();
    if (!death) this.#last.resolve();
    const life = new MortalRuntime(this, this.#site, death, left => {
      this.#site = left;
      this.#life = undefined;
      this.runtime = undefined;
      died();
    });
    if (death) this.#life = life;
    return life;
  }

  /** Ends the life whose end has not come. Whether there was one. */
  end(): boolean {
    if (!this.#life) return false;
    this.#life.kill();
    return true;
  }
}

/** A runtime that dies as a process does, within this one: what was stored is left, and nothing more is heard of it. */
export class MortalRuntime {
  readonly #site: MortalSite;
  readonly #death: Death | undefined;
  readonly #clock: ProcessClock;
  readonly #store;
  readonly #died: (left: StoreSite) => void;
  #messages = 0;
  #isDead = false;
  #runtime: Runtime | undefined;

  constructor(site: MortalSite, bytes: StoreSite, death: Death | undefined, died: (left: StoreSite) => void) {
    this.#site = site;
    this.#death = death;
    this.#died = died;
    this.#clock = new ProcessClock(site.clock);
    this.#store = createProcessStore(bytes, 0, death?.commit);
  }

  /** Resolves when it is ready; never, when it dies before. */
  async begin(): Promise<void> {
    const note = defineTool({
      name: 'note',
      run: ({ input, idempotencyKey }) => {
        if (!this.isDead) this.#site.ledger.push(idempotencyKey);
        return input;
      },
    });
    try {
      this.#runtime = await createRuntime({ store: this.#store.store, clock: this.#clock, flows: [order], tools: [note], maxInterruptions: 1_000, isolation: false, listen: false, retentionMs: null });
    } catch (error) {
      this.#look();
      if (!this.#isDead) throw error;
      return new Promise(() => {});
    }
    this.#site.runtime = this.#runtime;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  accept(port: Port, scopes: readonly Scope[]): void {
    if (this.#runtime && !this.#isDead) getParts(this.#runtime).sessions.accept(new PortCarrier(port, 'a window'), scopes);
  }

  /** Takes a message through the boundary of the process, in a later turn, in order. */
  pass(deliver: () => void): void {
    setImmediate(() => {
      this.#look();
      if (this.#isDead) return;
      this.#site.messages++;
      const isLast = ++this.#messages === this.#death?.message;
      if (!isLast || this.#death?.isDelivered) deliver();
      if (isLast) this.kill();
    });
  }

  kill(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#clock.kill();
    this.#died(this.#store.kill());
  }

  /** A store whose process has ended is that of a process that has ended. */
  #look(): void {
    if (this.#store.left() !== undefined) this.kill();
  }
}
