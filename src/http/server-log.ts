import { isLocal, listenAddress } from "../config/listen.ts";
import type { Log } from "../log/log.ts";
import type { FromServer } from "./messages.ts";
import type { Death } from "./restart.ts";

/** Logs the server's messages, and its end. */
export interface ServerLog {
  /** Takes a message; `listen` is the address that it was to serve. */
  message(message: FromServer, listen: string): void;
  /**
   * Takes its end. Returns true when that was unexpected: a server that could not listen has said
   * so.
   */
  death(death: Death): boolean;
  /** Forgets why it could not listen before: the settings are others now. */
  forget(): void;
}

/**
 * Creates the log. The reason why the server cannot listen is logged once, however often it tries.
 */
export function createServerLog(log: Log): ServerLog {
  /**
   * The reason why it could not listen when that was last logged; `isRefused`: true when it ends
   * for that reason.
   */
  let refusal: string | undefined;
  let isRefused = false;

  return {
    message(message, listen) {
      if (message.type === "listening") {
        refusal = undefined;
        served(log, message, listen);
      } else if (message.type === "failed") {
        const { path, code, message: reason } = message;
        log.warn({ path, code, reason }, "a request could not be answered");
      } else if (message.type === "refused") {
        const { code, message: reason } = message;
        isRefused = true;
        if (reason !== refusal)
          log.error(
            { code, listen, reason },
            "page, health and metrics cannot be served; it is tried again",
          );
        refusal = reason;
      }
    },
    death({ code, stderr, retryMs }) {
      const isUnexpected = !isRefused;
      isRefused = false;
      if (isUnexpected)
        log.error(
          { code, stderr, retryMs },
          "the server of page and metrics ended; it is started again",
        );
      return isUnexpected;
    },
    forget: () => (refusal = undefined),
  };
}

function served(
  log: Log,
  { url, pid: server }: FromServer & { type: "listening" },
  listen: string,
) {
  log.info({ url, server }, "page, health and metrics are served");
  const address = listenAddress(listen);
  if (address !== undefined && !isLocal(address))
    log.warn("http.listen can be reached from other machines, and asks nobody for a password");
}
