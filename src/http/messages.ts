import type { SettingsOrigin } from "../config/settings.ts";
import type { DaemonState } from "./state.ts";

/** Messages from the daemon to its server. */
export type ToServer =
  | { readonly type: "begin"; readonly origin: SettingsOrigin; readonly state: DaemonState }
  | { readonly type: "state"; readonly state: DaemonState }
  | { readonly type: "ping" }
  | { readonly type: "end" };

/** Messages from the server to its daemon. */
export type FromServer =
  | { readonly type: "pong" }
  /** The address at which it can be reached: `http://127.0.0.1:9464` or `unix:/run/x.sock`. */
  | { readonly type: "listening"; readonly url: string; readonly pid: number }
  /** It cannot listen, and ends. */
  | { readonly type: "refused"; readonly code: string; readonly message: string }
  /** A request could not be answered, which is a fault of ours or of the cache. */
  | {
      readonly type: "failed";
      readonly path: string;
      readonly code: string;
      readonly message: string;
    };
