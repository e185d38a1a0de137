/** The block decoder of unbzip2-stream. */
declare module "unbzip2-stream/lib/bzip2.js" {
  /** The next bits, as a signed number where there are 32; null goes on to the next byte. */
  export type Bits = (count: number | null) => number | null;

  interface Decoder {
    /** Of bzip2's CRC-32. */
    readonly crcTable: readonly number[];
    /** After a block was decoded: the number of its bytes up to each value. */
    readonly byteCount: Int32Array;
    /** Reads `BZh1` to `BZh9`; returns the level. */
    header(bits: Bits): number;
    /**
     * Decodes a block, byte by byte, and returns the stream's checksum so far; null after the
     * stream's end. `links` is its memory. Before output begins, it holds for each byte the byte
     * itself and, above its 8 bits, the position of the next one.
     * @throws an error where something is wrong
     */
    decompress(
      bits: Bits,
      output: (byte: number) => void,
      links: Int32Array,
      linkCount: number,
      checksum: number,
    ): number | null;
  }

  const decoder: Decoder;
  export default decoder;
}
