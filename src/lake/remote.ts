import { statfsSync } from "node:fs";

/**
 * File systems that others may change without an event here (statfs magic numbers, from Linux'
 * magic.h and GNU coreutils' stat.c).
 */
const remote = new Set([
  0x6969, // NFS
  0x517b, // SMB
  0xff534d42, // CIFS
  0xfe534d42, // SMB 2
  0x65735546, // FUSE: sshfs, ceph-fuse, GlusterFS, JuiceFS, virtiofs
  0x01021997, // 9P
  0x00c36400, // Ceph
  0x0bd00bd0, // Lustre
  0x47504653, // GPFS
  0x19830326, // BeeGFS
  0x7461636f, // OCFS2
  0x01161970, // GFS2
  0x5346414f, // AFS
  0x6b414653, // AFS of the kernel
  0x73757245, // Coda
  0x564c, // NCP
  0xaad7aaea, // PanFS
  0x20030528, // OrangeFS
  0x013111a8, // IBRIX
  0xbeefdead, // StorNext
  0x786f4256, // VirtualBox shared folders
  0xbacbacbc, // VMware shared folders
  0x7c7c6673, // Parallels shared folders
]);

/**
 * Those of them where a database's locks and shared memory hold, or may (rootless containers,
 * clusters).
 */
const lockable = new Set([0x65735546, 0x01021997, 0x7461636f, 0x01161970]);

const devices = new Map<bigint, boolean>();

/** True for a path on a file system that other hosts may change as well. @throws errno */
export function isRemote(path: string): boolean {
  return isRemoteType(statfsSync(path).type);
}

/** The same for the magic number that statfs gives. */
export function isRemoteType(type: number): boolean {
  return remote.has(type);
}

/** The same for an open file by its device number; asked once for each device. @throws errno */
export function isOnRemote(device: bigint, fd: number): boolean {
  let known = devices.get(device);
  if (known === undefined) devices.set(device, (known = isRemote(`/proc/self/fd/${fd}`)));
  return known;
}

/** True for the magic number of a file system that a database cannot be kept on. */
export function isUnfitForDatabases(type: number): boolean {
  return remote.has(type) && !lockable.has(type);
}
