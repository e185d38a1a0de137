import { fileName } from "../../lib/text.ts";
import type { LocalFile } from "../../lake/local-file.ts";

/** The answer that carries a sample, byte for byte, to be saved and not shown. Closes the file. */
export function downloadOf(file: LocalFile, name: string, isHead: boolean): Response {
  const headers = {
    "Content-Type": "application/octet-stream",
    "Content-Length": String(file.size),
    "Content-Disposition": dispositionOf(fileName(name)),
    "Content-Security-Policy": "sandbox",
    "X-Content-Type-Options": "nosniff",
  };
  if (!isHead) return new Response(bodyOf(file), { headers });
  file.close();
  return new Response(null, { headers });
}

/** `attachment` with a name for all browsers (RFC 6266, RFC 8187). */
export function dispositionOf(name: string): string {
  const plain = name.replace(/[^\w.~ -]/g, "_");
  const exact = [...Buffer.from(name.toWellFormed())]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      if (/[\w.~!#$&+^`|-]/.test(character)) return character;
      return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
  return `attachment; filename="${plain}"; filename*=UTF-8''${exact}`;
}

/** Reads as the client takes it; the file is closed at its end, or when the client stops. */
function bodyOf(file: LocalFile): ReadableStream<Uint8Array> {
  const chunks = closing(file);
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    // Waits for a read that is under way: what is closed then is not read from.
    async cancel() {
      await chunks.next();
      await chunks.return();
    },
  });
}

async function* closing(file: LocalFile): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* file.stream() as AsyncGenerator<Uint8Array, void, void>;
  } finally {
    file.close();
  }
}
