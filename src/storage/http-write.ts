import { createReadStream } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { http, https } from "../system/web.ts";
import { type AgentOptions, checkHost, createAgents } from "./agents.ts";
import { bodyOf, meaningOf } from "./body.ts";
import { redacted } from "./location.ts";
import { refusal } from "./refusal.ts";
import { type Storage, Unavailable, type WriteRequest } from "./types.ts";

/** Makes the function that sends a file by PUT, as signed URLs of all stores take it. */
export function createHttpWrite(options: AgentOptions): NonNullable<Storage["write"]> {
  const agents = createAgents(options);

  return async (url, request) => {
    checkHost(url, options.guard);
    const { signal, stallMs } = request;
    signal.throwIfAborted();
    const message = await answerTo(url, request).catch((error: unknown) => {
      throw meaningOf(error, url, signal);
    });
    const { statusCode: status = 0, headers } = message;
    const body = bodyOf(message, url, { stallMs, signal });
    const close = () => void message.destroy();
    if (status < 200 || status > 299)
      throw await refusal(url, { status, headers, url, body, close });
    close();
  };

  /** Sends it, and gives the answer, which may come before all is sent. */
  async function answerTo(
    url: URL,
    { path, bytes, stallMs, signal }: WriteRequest,
  ): Promise<IncomingMessage> {
    const isTls = url.protocol === "https:";
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sending = (isTls ? https : http).request(url, {
      method: "PUT",
      agent: isTls ? agents.https : agents.http,
      headers: { "Content-Length": bytes },
    });
    const stalled = () => new Unavailable(`${redacted(url)}: no byte for ${stallMs} ms`);
    const timer = setTimeout(() => sending.destroy(stalled()), stallMs);
    const stop = () => void sending.destroy();
    signal.addEventListener("abort", stop);
    sending.on("response", resolve).on("error", reject);
    const passing = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        timer.refresh();
        done(null, chunk);
      },
    });
    try {
      if (bytes === 0) sending.end();
      else pipeline(createReadStream(path, { end: bytes - 1 }), passing, sending).catch(reject);
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }
}
