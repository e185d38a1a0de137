/** The page's texts for names, quantities and times. */
import { countText, printable } from "../../lib/text.ts";

/**
 * Text made safe to show: control characters, and characters that change the direction of text,
 * become `·`; escaped bytes (PEP 383) and halves of characters become U+FFFD. Cut to `most`
 * characters, with `…`.
 */
export function shown(text: string, most = 4096): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return printable(cut);
}

/** A message without the directory that all paths in it begin with. */
export function shortened(message: string, directory: string): string {
  return message.replaceAll(`${directory}/`, "");
}

/** `2026-01-18 14:30:07 UTC` of a time in ms since epoch; the number where no calendar has it. */
export function timeText(ms: number): string {
  const time = new Date(ms);
  if (Number.isNaN(time.getTime())) return `${ms / 1000} s since 1970`;
  return `${time.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** A time as its distance from now; both are ms since epoch. */
export function agoText(ms: number, now: number): string {
  const away = Math.abs(now - ms);
  if (away < 1000) return "now";
  const amount = coarse(away);
  return ms <= now ? `${amount} ago` : `in ${amount}`;
}

/** A duration in one unit: enough to read at a glance. */
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
