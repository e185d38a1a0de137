import { join } from "node:path";
import { expect, test } from "vitest";
import { createViewThreads } from "../../src/inspect/view-threads.ts";

const program = new URL("../helpers/faulty-view-worker.ts", import.meta.url);
const fixtures = join(import.meta.dirname, "../../fixtures");

test("a file is shown in a thread as it is in the process", async () => {
  const viewInThread = createViewThreads();
  const path = join(fixtures, "csv/ordinary.csv");
  expect(await viewInThread(path, { rows: 3 })).toMatchObject({ format: "csv" });
  const missing = viewInThread(join(fixtures, "none.csv"), { rows: 3 });
  await expect(missing).rejects.toMatchObject({ name: "Failure", code: "FILE_MISSING" });
  expect(await viewInThread(path, { rows: 3 })).toMatchObject({ format: "csv" });
});

test.each([
  ["takes all memory", "grow", "LIMIT_EXCEEDED"],
  ["never ends", "hang", "TIMEOUT"],
  ["throws where nobody listens", "throw", "UNEXPECTED"],
])("a file that %s costs its own view, and no other", async (_, path, code) => {
  const viewInThread = createViewThreads({
    program,
    ...(path === "hang" ? { shownMs: 10_000 } : {}),
  });
  const [bad, good] = await Promise.allSettled([
    viewInThread(path, { rows: 1 }),
    createViewThreads({ program })("good", { rows: 1 }),
  ]);
  expect(bad).toMatchObject({ status: "rejected", reason: { name: "Failure", code } });
  expect(good).toMatchObject({ status: "fulfilled", value: { format: "good" } });
  expect(await viewInThread("after", { rows: 1 }).catch(String)).toMatchObject({ format: "after" });
});
