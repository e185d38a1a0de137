/** An answer without what each store counts by itself: arrivals of lines, and rows of its own. */
export function comparable(answer: unknown): unknown {
  if (answer instanceof Map) return comparable([...answer]);
  if (Array.isArray(answer)) return answer.map(comparable);
  if (typeof answer !== "object" || answer === null) return answer;
  const { id: _, seq, ...rest } = answer as Record<string, unknown>;
  const all = Object.entries(rest).map(([key, value]) => [key, comparable(value)]);
  return Object.fromEntries([
    ...all,
    ...(typeof seq === "number" && seq < 0 ? [["seq", seq]] : []),
  ]);
}
