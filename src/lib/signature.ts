/** True when `bytes` has `signature` at `offset`. */
export function hasBytes(bytes: Uint8Array, signature: readonly number[], offset = 0): boolean {
  return signature.every((byte, i) => bytes[offset + i] === byte);
}

/** What files begin with (published signatures), for those that are only described. */
const signatures: readonly (readonly [mediaType: string, offset: number, bytes: string])[] = [
  ["application/vnd.apache.avro", 0, "4f626a01"],
  ["application/vnd.apache.arrow.file", 0, "4152524f5731"],
  ["application/vnd.apache.orc", 0, "4f5243"],
  ["application/vnd.sqlite3", 0, "53514c69746520666f726d6174203300"],
  ["application/x-hdf5", 0, "894844460d0a1a0a"],
  ["application/x-7z-compressed", 0, "377abcaf271c"],
  ["application/vnd.rar", 0, "526172211a07"],
  ["application/pdf", 0, "255044462d"],
  ["application/x-elf", 0, "7f454c46"],
  ["application/x-ole-storage", 0, "d0cf11e0a1b11ae1"],
  ["application/x-npy", 0, "934e554d5059"],
  ["application/wasm", 0, "0061736d"],
  ["image/png", 0, "89504e470d0a1a0a"],
  ["image/jpeg", 0, "ffd8ff"],
  ["image/gif", 0, "47494638"],
  ["image/tiff", 0, "49492a00"],
  ["image/tiff", 0, "4d4d002a"],
  ["audio/flac", 0, "664c6143"],
  ["application/ogg", 0, "4f676753"],
  ["video/mp4", 4, "66747970"],
  ["application/zip", 0, "504b0304"],
];

/** The media type that the first bytes show, or undefined. */
export function mediaTypeOf(head: Uint8Array): string | undefined {
  return signatures.find(([, offset, hex]) =>
    hasBytes(head, Buffer.from(hex, "hex") as never, offset),
  )?.[0];
}
