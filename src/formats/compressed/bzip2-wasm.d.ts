/** bzip2 1.0.8, compiled to WebAssembly. */
declare module "bzip2-wasm" {
  export default class BZip2 {
    /** Loads the WebAssembly; sets `__dirname` and `require` of the global object. */
    init(): Promise<void>;
    /**
     * Compresses at a level from 1 to 9 into at most `maxBytes`.
     * @throws an error where that is too little
     */
    compress(bytes: Uint8Array, level: number, maxBytes: number): Uint8Array;
  }
}
