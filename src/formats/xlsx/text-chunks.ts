import { latin1 } from "./package.ts";

/**
 * Yields chunks as text, a character for each byte. While much text is held that has no end yet,
 * they are larger: joining each small one to it would take time with the square of its length. Text
 * before an error is yielded first.
 * @throws what the chunks throw
 */
export async function* textChunks(
  chunks: AsyncIterable<Uint8Array>,
  heldBytes: () => number,
): AsyncGenerator<string, void, void> {
  let pieces: string[] = [];
  let bytes = 0;
  const joined = (): string => {
    const text = pieces.length === 1 ? (pieces[0] as string) : pieces.join("");
    pieces = [];
    bytes = 0;
    return text;
  };
  try {
    for await (const chunk of chunks) {
      pieces.push(latin1(chunk));
      bytes += chunk.length;
      if (bytes >= heldBytes() / 2) yield joined();
    }
  } catch (error) {
    yield joined();
    throw error;
  }
  yield joined();
}
