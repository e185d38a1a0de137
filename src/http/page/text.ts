/** Text from files and manifests that is safe to show, and quantities for people. */

/**
 * Control characters, and what turns the direction of text around, become `·`; escaped bytes
 * (PEP 383) and halves of characters become U+FFFD. Cut to `most` characters, with `…`.
 */
export function shown(text: string, most = 4096): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return (
    cut
      // oxlint-disable-next-line no-control-regex
      .replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]/g, "·")
      .toWellFormed()
  );
}

/** A message without the directory that all paths in it begin with. */
export function shortened(message: string, directory: string): string {
  return message.replaceAll(`${directory}/`, "");
}

/** The last part of a path. */
export function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** 1234567 → `1,234,567`. */
export function countText(n: number): string {
  return n.toLocaleString("en-GB");
}

/** `1 entry`, `2 entries`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${countText(n)} ${n === 1 ? one : many}`;
}

/** 1536 bytes → `1.5 KiB`. */
export function bytesText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let size = bytes;
  let unit = 0;
  for (; size >= 1024 && unit < units.length - 1; unit += 1) size /= 1024;
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

/** 93,000 ms → `1 min 33 s`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? `${hours} h ${minutes % 60} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `2026-01-18 14:30:07 UTC` of a time in ms since epoch; the number where no calendar has it. */
export function timeText(ms: number): string {
  const time = new Date(ms);
  if (Number.isNaN(time.getTime())) return `${ms / 1000} s since 1970`;
  return `${time.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** How long ago something was, or when it will be; both ms since epoch. */
export function agoText(ms: number, now: number): string {
  const away = Math.abs(now - ms);
  if (away < 1000) return "now";
  const amount = coarse(away);
  return ms <= now ? `${amount} ago` : `in ${amount}`;
}

/** One unit is enough to read at a glance. */
function coarse(ms: number): string {
  const steps: readonly (readonly [number, string])[] = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "min"],
    [1000, "s"],
  ];
  const [size, unit] = steps.find(([size]) => ms >= 2 * size) ?? [1000, "s"];
  return `${countText(Math.floor(ms / size))} ${unit}`;
}
