import { exact } from "./cell.ts";
import { decimalText, perSecond, timestampText } from "./scalars.ts";

/** 1 January 2015, in seconds since 1970: ORC's timestamps begin there. */
const EPOCH = 1_420_070_400n;
/** The bits of nanoseconds that say how many zeros were left out at their end, less one. */
const ZEROS_BITS = 3n;

/** The time on the clocks of a place, for seconds since 1970, as if these were of UTC. */
export type LocalTime = (seconds: bigint) => bigint;

/** Local time by the name of a time zone; UTC for a name that is not known. */
export function localTime(zone: string | undefined): LocalTime {
  if (zone === undefined || zone === "UTC" || zone === "GMT") return (seconds) => seconds;
  try {
    const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
    return (seconds) => seconds + offsetIn(format, seconds);
  } catch {
    return (seconds) => seconds;
  }
}

/**
 * A timestamp as it was written: local time, or UTC where there is no `local`. Both parts are as in
 * the file.
 */
export function stampText(value: bigint, part: bigint, local: LocalTime | undefined): string {
  const zeros = part & 7n;
  const digits = part >> ZEROS_BITS;
  const nanoseconds = zeros === 0n ? digits : digits * 10n ** (zeros + 1n);
  // Seconds are counted from midnight of 2015 on the writer's own clock.
  const epoch = local === undefined ? EPOCH : EPOCH - (local(EPOCH) - EPOCH);
  const seconds = value + epoch;
  const shown = local === undefined ? seconds : local(seconds);
  // Before 1970 they are rounded towards it, but for less than a millisecond.
  const whole = shown < 0n && nanoseconds > 999_999n ? shown - 1n : shown;
  return timestampText(whole * perSecond.NANOS + nanoseconds, perSecond.NANOS, local === undefined);
}

/** A decimal by its digits. */
export function decimalOf(unscaled: bigint, scale: number): unknown {
  return exact(decimalText(unscaled, scale));
}

function offsetIn(format: Intl.DateTimeFormat, seconds: bigint): bigint {
  const ms = Number(seconds) * 1000;
  if (Number.isNaN(new Date(ms).getTime())) return 0n;
  const name = format.formatToParts(ms).find(({ type }) => type === "timeZoneName")?.value ?? "";
  const [, sign, hours = "0", minutes = "0", rest = "0"] =
    /([+-])(\d+):(\d+)(?::(\d+))?/.exec(name) ?? [];
  const size = BigInt(hours) * 3600n + BigInt(minutes) * 60n + BigInt(rest);
  return sign === "-" ? -size : size;
}
