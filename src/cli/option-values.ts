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
