/** The directories of a dataset that we read: production writes them, and we never do. */
export const BRONZE = "bronze";
export const MANIFESTS = "manifests";
/** The manifest, below a dataset's directory. */
export const MANIFEST_PATH = `${MANIFESTS}/processed.jsonl`;
/** The one that is ours. */
export const SAMPLES = "samples";
/** The directories that production keeps beside the samples. */
export const PRODUCTION = [BRONZE, "silver", "gold", "raw", MANIFESTS] as const;
