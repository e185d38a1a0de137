import { InvalidArgumentError } from "commander";

/** Names that are separated by commas. */
export function names(text: string): readonly string[] {
  return text.split(",").map((name) => name.trim());
}

/** A count. @throws InvalidArgumentError */
export function positive(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("use a whole number above 0.");
}

/** A quantity. @throws InvalidArgumentError */
export function aboveZero(text: string): number {
  const value = Number(text);
  if (value >= 1e-9 && value <= 1e9) return value;
  throw new InvalidArgumentError("use a number above 0.");
}

/** Columns of a terminal; 0 for no limit. @throws InvalidArgumentError */
export function width(text: string): number {
  return text === "0" ? 0 : positive(text);
}

/** An age in seconds. @throws InvalidArgumentError */
export function age(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("use a number of seconds.");
}

/** A time in seconds, of a tenth to an hour. @throws InvalidArgumentError */
export function seconds(text: string): number {
  const value = Number(text);
  if (value >= 0.1 && value <= 3600) return value;
  throw new InvalidArgumentError("use a number of seconds, 0.1 to 3600.");
}
