import { type ReadonlySignal, signal, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { systemClock } from '../../core/clock.ts';
import { wire } from './stepping.ts';

/** Shortest time between two looks at what has changed, ms. */
const restMs = 400;

/** What a method answers. */
export interface Asked<Answer> {
  /** Undefined: it has not answered yet. */
  readonly answer: ReadonlySignal<Answer | undefined>;
  /** Why it did not; empty: it did. */
  readonly problem: ReadonlySignal<string>;
  readonly again: () => void;
}

/**
 * Asks a method, and again when what is asked for is another, or when something has happened that the topics name.
 *
 * @param params undefined: nothing is asked
 * @param topics as of topic `feed`
 */
export function useAsked<Answer>(method: string, params: Record<string, unknown> | undefined, topics?: readonly string[]): Asked<Answer> {
  const answer = useSignal<Answer | undefined>(undefined);
  const problem = useSignal('');
  const round = useMemo(() => signal(0), []);
  const asks = JSON.stringify(params);
  const connection = wire.value;
  const isConnected = connection?.state.value === 'connected';

  useEffect(() => {
    answer.value = undefined;
  }, [method, asks]);
  useEffect(() => {
    if (!connection || !isConnected || params === undefined) return undefined;
    let isWanted = true;
    connection.request(method, params).then(told => {
      if (!isWanted) return;
      answer.value = told as Answer;
      problem.value = '';
    }).catch((error: unknown) => {
      if (isWanted) problem.value = error instanceof Error ? error.message : String(error);
    });
    return () => {
      isWanted = false;
    };
  }, [connection, isConnected, method, asks, round.value]);

  const followed = topics?.join(' ');
  useEffect(() => {
    if (!connection || followed === undefined) return undefined;
    let isOpen = true;
    let isWaiting = false;
    const look = (): void => {
      if (isWaiting || !isOpen) return;
      isWaiting = true;
      systemClock.setTimer(() => {
        isWaiting = false;
        if (isOpen) round.value++;
      }, restMs);
    };
    const end = connection.follow('feed', { topics: followed.split(' ') }, { commit: look });
    return () => {
      isOpen = false;
      end();
    };
  }, [connection, followed]);
  return { answer, problem, again: () => void round.value++ };
}
