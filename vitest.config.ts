import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Tests start the program hundreds of times: with what was compiled before, in half the time.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/compiled") },
    // Nothing asserts on time: a machine may have much else to do. What hangs is ended all the same.
    testTimeout: 480_000,
    hookTimeout: 480_000,
    expect: { poll: { timeout: 300_000 } },
    // Tests wait for processes more than they compute: one worker would take twice as long.
    maxWorkers: 2,
  },
});
