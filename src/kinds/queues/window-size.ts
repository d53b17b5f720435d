/** How much of a queue is in memory. Read when a runtime begins; tests set it. */
export const windowSize = {
  /** Messages of each priority, of a queue and instance; at times twice as many. */
  messages: 1_000,
};
