import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { isRemote, isRemoteType, isUnfitForDatabases } from "../../src/lake/remote.ts";

const shared = {
  NFS: 0x6969,
  CIFS: 0xff534d42,
  "SMB 2": 0xfe534d42,
  FUSE: 0x65735546,
  "9P": 0x01021997,
  Ceph: 0x00c36400,
  Lustre: 0x0bd00bd0,
  GPFS: 0x47504653,
  BeeGFS: 0x19830326,
  OCFS2: 0x7461636f,
  GFS2: 0x01161970,
  AFS: 0x5346414f,
} as const;

const local = {
  ext4: 0xef53,
  XFS: 0x58465342,
  Btrfs: 0x9123683e,
  tmpfs: 0x01021994,
  ZFS: 0x2fc12fc1,
  OverlayFS: 0x794c7630,
  F2FS: 0xf2f52010,
} as const;

test.each(Object.entries(shared))("%s is polled: others change it without an event", (_, type) => {
  expect(isRemoteType(type)).toBe(true);
});

test.each(Object.entries(local))("%s is followed by events", (_, type) => {
  expect(isRemoteType(type)).toBe(false);
});

test("what statfs says of a real directory is understood", () => {
  expect(isRemote(tmpdir())).toBe(false);
  expect(isRemote("/proc")).toBe(false);
});

test("a database is kept on no network file system, but may be where a container's root is", () => {
  for (const name of ["NFS", "CIFS", "SMB 2", "Ceph", "Lustre", "GPFS", "BeeGFS", "AFS"] as const) {
    expect(isUnfitForDatabases(shared[name]), name).toBe(true);
  }
  for (const type of [shared.FUSE, shared["9P"], shared.OCFS2, ...Object.values(local)]) {
    expect(isUnfitForDatabases(type)).toBe(false);
  }
});
