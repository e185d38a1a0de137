import type { StagingDocument } from "../../src/regions/document.ts";

/** A document of a staging that is complete, with other values than usual. */
export function stagingDocument(more: Partial<StagingDocument>): StagingDocument {
  return {
    staging_id: "stage-0123456789ab",
    filename: "a",
    kind: "file",
    size_bytes: 1,
    file_count: 1,
    sha256: null,
    files_sha256: null,
    regions: ["east", "west"],
    region: "east",
    state: "complete",
    reason: null,
    destination: "/mnt/data/a",
    completed_at: null,
    put_requests: null,
    uploaded_at: "2026-11-30T00:00:00.000Z",
    expires_at: "2026-12-07T00:00:00.000Z",
    sweep_id: null,
    source_path: "/a",
    ...more,
  };
}
