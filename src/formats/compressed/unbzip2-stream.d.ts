/** The block decoder of unbzip2-stream. */
declare module "unbzip2-stream/lib/bzip2.js" {
  /** The next bits, as a signed number where there are 32; null goes on to the next byte. */
  type Bits = (count: number | null) => number | null;

  interface Decoder {
    /** Reads `BZh1` to `BZh9`; returns the level. */
    header(bits: Bits): number;
    /**
     * Decodes a block, byte by byte, and returns the stream's checksum so far; null after the
     * stream's end. `links` is its memory. Throws where something is wrong.
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
