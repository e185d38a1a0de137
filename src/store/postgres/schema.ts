/**
 * Migrations, oldest first; appended to, never changed. The database's version is the number of those
 * it has seen (`facts`, `version`). Times are ms since epoch but for mtimes, which are seconds; paths are
 * bytes.
 */
export const migrations: readonly string[] = [
  `
  -- A name keeps its number for ever, also when it was forgotten.
  CREATE TABLE datasets (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    forgotten_at bigint,
    mask text                           -- that all of its samples were made under
  );

  -- Where each manifest file resumes. A renamed one stays for a while: retired_at is set.
  CREATE TABLE checkpoints (
    dataset integer NOT NULL,
    file text COLLATE "C" NOT NULL,     -- inode
    path text NOT NULL,                 -- name in the manifests directory when last seen
    "offset" bigint NOT NULL,           -- bytes, after the last complete line
    line bigint NOT NULL,               -- lines before the offset
    hash text NOT NULL,                 -- of the bytes before the offset
    retired_at bigint,
    PRIMARY KEY (dataset, file)
  );

  -- Up to where lines of a manifest file are compared together, in another order than their own.
  CREATE TABLE together (
    dataset integer PRIMARY KEY,
    file text NOT NULL,
    "offset" bigint NOT NULL,
    hash text NOT NULL
  );

  -- One row per raw. next_at is the one scheduling column: due from then on; NULL: settled.
  CREATE TABLE files (
    dataset integer NOT NULL,
    raw bytea NOT NULL,
    bronze bytea NOT NULL,
    mtime double precision NOT NULL,    -- of the newest line
    seq bigint NOT NULL,                -- arrival number of that line
    next_at bigint,
    name text NOT NULL,                 -- where its sample goes, below samples/
    extension text,                     -- the one in that name; NULL: raw's own
    outcome text,                       -- of the last settled job
    done_mtime double precision,        -- the mtime it was for
    settled_at bigint,
    sample text,                        -- the published sample, below samples/
    sampled_at bigint,                  -- when it was published
    format text,
    rows bigint,
    bytes bigint,                       -- of the sample
    source_size bigint,                 -- of bronze
    reason text,
    code text,                          -- of the last failure; NULL after a success
    message text,
    attempts integer NOT NULL DEFAULT 0,
    failed_at bigint,                   -- first failure of these attempts
    acknowledged bigint,                -- settled_at of the failure that people have seen
    counted text GENERATED ALWAYS AS
      (CASE WHEN outcome = 'sampled' AND format = 'metadata' THEN 'described' ELSE outcome END) STORED,
    inode text,                         -- of a raw file that was found by looking; NULL: a line named it
    sampled_from text,                  -- 'raw', or NULL: bronze
    gone_at bigint,                     -- when a file that was found by looking was missed
    validation text,                    -- what the newest sample refutes of its contract
    mask text,                          -- that the sample was made under; NULL: it is verbatim
    lane smallint GENERATED ALWAYS AS (get_byte(sha256(raw), 0) % 64) STORED,
    PRIMARY KEY (dataset, raw)
  ) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
  CREATE INDEX due ON files (dataset, next_at, seq, raw) WHERE next_at IS NOT NULL;
  CREATE INDEX due_in_lane ON files (dataset, lane, next_at, seq, raw) WHERE next_at IS NOT NULL;
  CREATE INDEX failed ON files (code, dataset, raw) WHERE code IS NOT NULL;
  CREATE INDEX published ON files (dataset, sampled_at, raw)
    WHERE sample IS NOT NULL AND next_at IS NULL;
  CREATE INDEX settled ON files (dataset, counted, settled_at, raw) WHERE settled_at IS NOT NULL;
  CREATE INDEX acknowledged_files ON files (dataset) WHERE acknowledged IS NOT NULL;
  CREATE INDEX found ON files (dataset, next_at, seq, raw) WHERE inode IS NOT NULL;
  CREATE INDEX refuted ON files (dataset, validation, raw)
    WHERE validation IN ('failed', 'error');

  -- Entries are numbered as they come; a gap is no harm.
  CREATE SEQUENCE arrivals;

  -- Which raw has a sample name. Kept for ever, so that names never change. A folded name is claimed
  -- as well where case does not count.
  CREATE TABLE names (
    dataset integer NOT NULL,
    name text COLLATE "C" NOT NULL,
    is_folded boolean NOT NULL DEFAULT false,
    raw bytea NOT NULL,
    PRIMARY KEY (dataset, name, is_folded)
  );

  CREATE TABLE rejected (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dataset integer NOT NULL,
    path text NOT NULL,
    line bigint NOT NULL,
    "offset" bigint NOT NULL,
    reason text NOT NULL,
    at bigint NOT NULL,
    acknowledged_at bigint
  );
  CREATE INDEX rejected_of ON rejected (dataset, id);
  CREATE INDEX acknowledged_rejected ON rejected (dataset) WHERE acknowledged_at IS NOT NULL;

  -- Acknowledged lines whose manifest is read again, until they are found again.
  CREATE TABLE acknowledged_lines (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dataset integer NOT NULL,
    line bigint NOT NULL,
    "offset" bigint NOT NULL,
    reason text NOT NULL,
    at bigint NOT NULL
  );
  CREATE INDEX acknowledged_lines_of ON acknowledged_lines (dataset, line, "offset");

  -- Raws that are known of no more, by the mtime up to which they are; none has a row in files.
  CREATE TABLE forgotten (
    dataset integer NOT NULL,
    raw bytea NOT NULL,
    mtime double precision NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (dataset, raw)
  );

  -- How many entries have which outcome ('new' before the first). Those who change an outcome keep it
  -- true, in the same transaction.
  CREATE TABLE totals (
    dataset integer NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (dataset, outcome)
  ) WITH (fillfactor = 20);

  -- How many verdicts of each kind there were so far.
  CREATE TABLE verdicts (
    dataset integer NOT NULL,
    result text COLLATE "C" NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (dataset, result)
  ) WITH (fillfactor = 20);

  -- What happened so far, per dataset.
  CREATE TABLE counts (
    dataset integer NOT NULL,
    what text COLLATE "C" NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (dataset, what)
  ) WITH (fillfactor = 20);

  -- Samples that a power loss may take back, in the order in which they were settled.
  CREATE TABLE unsynced (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dataset integer NOT NULL,
    raw bytea NOT NULL,
    at bigint NOT NULL,
    host integer NOT NULL               -- that brings them to disk; 0: any
  );
  CREATE INDEX unsynced_of ON unsynced (host, id);

  -- Files that follow one another, and the shapes that they had.
  CREATE TABLE series (
    dataset integer NOT NULL,
    key text COLLATE "C" NOT NULL,
    state text NOT NULL,                -- JSON, as Series
    seen_at bigint NOT NULL,
    PRIMARY KEY (dataset, key)
  );
  CREATE INDEX series_by_age ON series (dataset, seen_at);

  -- Directories of raw files as they were listed last; their names, with a slash between two; files
  -- that have to stay as they are for a while.
  CREATE TABLE raw_directories (
    dataset integer NOT NULL,
    path bytea NOT NULL,
    state text NOT NULL,
    listed_at bigint NOT NULL,
    PRIMARY KEY (dataset, path)
  );
  CREATE TABLE raw_names (
    dataset integer NOT NULL,
    directory bytea NOT NULL,
    names bytea NOT NULL,
    PRIMARY KEY (dataset, directory)
  );
  CREATE TABLE raw_resting (
    dataset integer NOT NULL,
    directory bytea NOT NULL,
    name bytea NOT NULL,
    seen text NOT NULL,
    since bigint NOT NULL,
    looked_at bigint NOT NULL,
    PRIMARY KEY (dataset, directory, name)
  );

  -- Hosts that have worked. One is known by its name and its state directory.
  CREATE TABLE hosts (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    state text NOT NULL,
    pid integer NOT NULL,               -- of its last process
    version text NOT NULL,
    since bigint NOT NULL,              -- when that began
    seen_at bigint NOT NULL,            -- its last sign of life
    lanes integer NOT NULL DEFAULT 0,   -- turns that it had then
    last_minute integer NOT NULL DEFAULT 0, -- files that it had settled in the minute before
    UNIQUE (name, state)
  );

  -- Single values, by the keys of \`Meta\`: those of one host, or of all (0).
  CREATE TABLE facts (
    host integer NOT NULL DEFAULT 0,
    key text NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (host, key)
  );
  INSERT INTO facts (key, value)
    VALUES ('madeAt', (floor(1000 * extract(epoch FROM clock_timestamp()))::bigint)::text);
  `,
];
