import { ListMultipartUploadsCommand, ListPartsCommand } from "@aws-sdk/client-s3";
import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { Bucket } from "../helpers/s3-bucket.ts";
import type { TwoRegions } from "./two-regions.ts";

/** Bytes of the parts that the store has of uploads that are not complete. */
export async function partBytesIn({ client, name: Bucket }: Bucket): Promise<number> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  const lists = Uploads.map(({ Key, UploadId }) =>
    // It may be complete by now.
    client.send(new ListPartsCommand({ Bucket, Key, UploadId })).catch(() => ({ Parts: [] })),
  );
  const parts = (await Promise.all(lists)).flatMap(({ Parts = [] }) => Parts);
  return parts.reduce((sum, { Size = 0 }) => sum + Size, 0);
}

/** Begins an upload, and resolves with it and its id as soon as something is so. */
export async function uploadUntil(
  here: TwoRegions,
  args: readonly string[],
  isSoFar: (id: string) => Promise<boolean>,
) {
  const started = Promise.withResolvers<ChildProcess>();
  const begun = Promise.withResolvers<string>();
  const ran = here.stage(["upload", ...args, "--regions", "east,west"], {
    onStart(child) {
      started.resolve(child);
      let said = "";
      child.stderr?.on("data", (bytes: Buffer) => {
        said += bytes.toString();
        const [id] = /stage-[0-9a-f]{12}/.exec(said) ?? [];
        if (id !== undefined) begun.resolve(id);
      });
    },
  });
  void ran.then(({ stderr }) => begun.reject(new Error(stderr)));
  const id = await begun.promise;
  const child = await started.promise;
  while (!(await isSoFar(id))) {
    expect(child.exitCode, "it has ended").toBeNull();
    await sleep(20);
  }
  return { id, child, ran };
}

/** The same; kills it then. */
export async function killedUpload(
  here: TwoRegions,
  args: readonly string[],
  isSoFar: (id: string) => Promise<boolean>,
): Promise<string> {
  const { id, child, ran } = await uploadUntil(here, args, isSoFar);
  child.kill("SIGKILL");
  await ran;
  return id;
}
