import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sendTo } from "../../src/system/datagram.ts";
import { listen } from "../daemon/systemd/listener.ts";

const folder = mkdtempSync(join(tmpdir(), "datagram-"));

test.each([join(folder, "socket"), `@sampler-test-${process.pid}`])(
  "what is sent to %s arrives there whole",
  async (path) => {
    const listener = listen(path);
    const sender = sendTo(path);
    sender.send(Buffer.from("READY=1\nSTATUS=ä"));
    expect(await listener.heard(/^READY=1$/)).toEqual(["READY=1", "STATUS=ä"]);
    sender.close();
    listener.close();
  },
);

test("an address where nobody listens is told by its errno", () => {
  const sender = sendTo(join(folder, "none"));
  expect(() => sender.send(Buffer.from("x"))).toThrow("ENOENT");
  sender.close();
  rmSync(folder, { recursive: true });
});
