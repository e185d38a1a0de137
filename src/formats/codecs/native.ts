import { createRequire } from "node:module";
import type * as lzma from "@napi-rs/lzma/lzma";
import type * as xz from "@napi-rs/lzma/xz";
import type * as bzip2 from "bzip2-wasm";
import type * as lz4 from "lz4-napi";
import type * as snappy from "snappy";

const require = createRequire(import.meta.url);

/**
 * Native packages and WebAssembly. Each is loaded when it is first needed: it takes some megabytes.
 * When loading fails, because of too few descriptors for example, the next call tries again;
 * `import()` would fail for good.
 * @throws what the loader throws
 */
export const native = {
  bzip2: () => require("bzip2-wasm") as typeof bzip2,
  lz4: () => require("lz4-napi") as typeof lz4,
  snappy: () => require("snappy") as typeof snappy,
  lzma: () => require("@napi-rs/lzma/lzma") as typeof lzma,
  xz: () => require("@napi-rs/lzma/xz") as typeof xz,
} as const;
