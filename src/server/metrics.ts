import { Counter, Gauge, Histogram, Registry } from 'prom-client';

type Labels = Readonly<Record<string, string>>;

/** Where what happens is counted. Labels are of a bounded number: names of flows and queues, statuses, never ids. */
export interface Metrics {
  /** A figure that is read when it is asked for; or several, by label. */
  gauge(name: string, about: string, read: () => number | Promise<number>): void;
  gauges(name: string, about: string, label: string, read: () => Iterable<readonly [value: string, figure: number]> | Promise<Iterable<readonly [value: string, figure: number]>>): void;
  /** Something that only grows. */
  counter(name: string, about: string, labels?: readonly string[]): { add(labels?: Labels, by?: number): void };
  /** Durations, seconds. */
  histogram(name: string, about: string, labels?: readonly string[]): { observe(seconds: number, labels?: Labels): void };
  /** Everything, as Prometheus reads it. */
  write(): Promise<string>;
}

const prefix = 'flowstone_';
const buckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1_800, 3_600, 86_400];

/** Metrics of one server, in a registry of its own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    gauge(name, help, read) {
      const gauge: Gauge = new Gauge({ name: prefix + name, help, registers, async collect() { gauge.set(await read()); } });
    },
    gauges(name, help, label, read) {
      const gauge: Gauge = new Gauge({
        name: prefix + name, help, labelNames: [label], registers,
        async collect() {
          gauge.reset();
          for (const [value, figure] of await read()) gauge.set({ [label]: value }, figure);
        },
      });
    },
    counter(name, help, labelNames = []) {
      const counter = new Counter({ name: prefix + name, help, labelNames, registers });
      return { add: (labels = {}, by = 1) => counter.inc({ ...labels }, by) };
    },
    histogram(name, help, labelNames = []) {
      const histogram = new Histogram({ name: prefix + name, help, labelNames, buckets, registers });
      return { observe: (seconds, labels = {}) => histogram.observe({ ...labels }, seconds) };
    },
    write: () => registry.metrics(),
  };
}
