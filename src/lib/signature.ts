/** True when `bytes` has `signature` at `offset`. */
export function hasBytes(bytes: Uint8Array, signature: readonly number[], offset = 0): boolean {
  return signature.every((byte, i) => bytes[offset + i] === byte);
}

const ZIP = "application/zip";

/** First bytes of files (published signatures), for those that are only described. */
const signatures: readonly (readonly [mediaType: string, offset: number, bytes: string])[] = [
  ["application/vnd.apache.avro", 0, "4f626a01"],
  ["application/vnd.apache.arrow.file", 0, "4152524f5731"],
  ["application/vnd.apache.orc", 0, "4f5243"],
  ["application/vnd.sqlite3", 0, "53514c69746520666f726d6174203300"],
  ["application/x-hdf5", 0, "894844460d0a1a0a"],
  ["application/x-netcdf", 0, "43444601"],
  ["application/x-netcdf", 0, "43444602"],
  ["application/x-netcdf", 0, "43444605"],
  ["application/x-sas-data", 0, "000000000000000000000000c2ea8160"],
  ["application/x-spss-sav", 0, "24464c32"],
  ["application/x-spss-sav", 0, "24464c33"],
  ["application/x-stata-dta", 0, "3c73746174615f6474613e"],
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
  ["image/webp", 8, "57454250"],
  ["audio/flac", 0, "664c6143"],
  ["application/ogg", 0, "4f676753"],
  ["video/mp4", 4, "66747970"],
  [ZIP, 0, "504b0304"],
];

/** Documents and packages that are zips inside, by extension (IANA's registry of media types). */
const zipBased: Readonly<Record<string, string>> = {
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  xlsm: "application/vnd.ms-excel.sheet.macroEnabled.12",
  xlsb: "application/vnd.ms-excel.sheet.binary.macroEnabled.12",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  odt: "application/vnd.oasis.opendocument.text",
  ods: "application/vnd.oasis.opendocument.spreadsheet",
  odp: "application/vnd.oasis.opendocument.presentation",
  epub: "application/epub+zip",
  jar: "application/java-archive",
  war: "application/java-archive",
  apk: "application/vnd.android.package-archive",
  kmz: "application/vnd.google-earth.kmz",
  whl: ZIP,
  npz: ZIP,
};

/**
 * True when a name is that of a document or package: three members of such a zip are no sample of
 * it.
 */
export function isZipBased(name: string): boolean {
  return zipBasedType(name) !== undefined;
}

/** The media type that the first bytes show, and of a zip its name; undefined for others. */
export function mediaTypeOf(head: Uint8Array, name = ""): string | undefined {
  const [type] =
    signatures.find(([, offset, hex]) =>
      hasBytes(head, Buffer.from(hex, "hex") as never, offset),
    ) ?? [];
  return type === ZIP ? (zipBasedType(name) ?? type) : type;
}

function zipBasedType(name: string): string | undefined {
  const extension = /\.([^.]+)$/.exec(name.toLowerCase())?.[1] ?? "";
  return Object.hasOwn(zipBased, extension) ? zipBased[extension] : undefined;
}
