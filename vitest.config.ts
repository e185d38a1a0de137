import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    // Tests wait for processes more than they compute: one worker would take twice as long.
    maxWorkers: 2,
  },
});
