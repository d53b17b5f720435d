import type { Host } from '../kinds/flows/host.ts';
import type { Participant } from './participant.ts';

/** The participants of one runtime, through its restarts. */
export class Participants {
  readonly #all: Participant[] = [];

  add(participant: Participant): void {
    this.#all.push(participant);
  }

  /** Whether nothing of theirs runs. */
  get idle(): boolean {
    return this.#all.every(({ idle }) => idle);
  }

  async begin(host: () => Host): Promise<void> {
    for (const participant of this.#all) {
      await participant.begin(message => new Promise((done, refused) => host().post({ kind: 'participant', participant, message, done, refused })));
    }
  }

  drain(): void {
    for (const participant of this.#all) participant.drain();
  }

  release(): void {
    for (const participant of this.#all) participant.release?.();
  }

  end(error: Error): void {
    for (const participant of this.#all) participant.end(error);
  }
}
