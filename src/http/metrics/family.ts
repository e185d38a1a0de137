import type { Spread } from "../counters.ts";

/** One value of a metric. */
export interface Value {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  /** The name of the series, where it is not the metric's. */
  readonly metricName?: string;
}

/** A metric with all its values, in the form that prom-client takes. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly values: readonly Value[];
  readonly aggregator: "first";
}

type Labels = Value["labels"];

/** A value that may go up and down. Null gives no value. */
export function gauge(
  name: string,
  help: string,
  values: number | null | readonly Value[],
): Family {
  return family(name, help, "gauge", values);
}

/** A count that only goes up; its name ends with `_total`. */
export function counter(name: string, help: string, values: number | readonly Value[]): Family {
  return family(name, help, "counter", values);
}

/** Spreads, each with its labels. `bounds` are the ones that they were counted with. */
export function histogram(
  name: string,
  help: string,
  bounds: readonly number[],
  spreads: readonly (readonly [Labels, Spread])[],
): Family {
  return family(
    name,
    help,
    "histogram",
    spreads.flatMap(([labels, spread]) => seriesOf(name, bounds, labels, spread)),
  );
}

/** Values by one label. */
export function by(label: string, counts: Iterable<readonly [string, number]>): Value[] {
  return Array.from(counts, ([key, value]) => ({ value, labels: { [label]: key } }));
}

function family(
  name: string,
  help: string,
  type: Family["type"],
  given: number | null | readonly Value[],
): Family {
  const values = typeof given === "number" ? [{ value: given, labels: {} }] : (given ?? []);
  return { name: `staging_sampler_${name}`, help, type, values, aggregator: "first" };
}

/** The series of a spread: for Prometheus, buckets are cumulative. */
function seriesOf(
  name: string,
  bounds: readonly number[],
  labels: Labels,
  { count, sum, buckets }: Spread,
): Value[] {
  const whole = `staging_sampler_${name}`;
  let below = 0;
  const series = bounds.map((le, i): Value => {
    below += buckets[i] ?? 0;
    return { metricName: `${whole}_bucket`, labels: { ...labels, le }, value: below };
  });
  return [
    ...series,
    { metricName: `${whole}_bucket`, labels: { ...labels, le: "+Inf" }, value: count },
    { metricName: `${whole}_sum`, labels, value: sum },
    { metricName: `${whole}_count`, labels, value: count },
  ];
}
