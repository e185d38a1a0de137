/**
 * Migrations, oldest first; appended to, never changed. The cache's version is the number of those
 * it has seen (`user_version`).
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE datasets (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  ) STRICT;

  -- Where each manifest file resumes. A renamed one stays for a while: retired_at is set.
  CREATE TABLE checkpoints (
    dataset INTEGER NOT NULL,
    file TEXT NOT NULL,             -- device:inode
    path TEXT NOT NULL,             -- name in the manifests directory when last seen
    offset INTEGER NOT NULL,        -- bytes, after the last complete line
    line INTEGER NOT NULL,          -- lines before the offset
    hash TEXT NOT NULL,             -- of the bytes before the offset
    retired_at INTEGER,             -- ms
    PRIMARY KEY (dataset, file)
  ) STRICT, WITHOUT ROWID;

  -- One row per raw. next_at is the one scheduling column: due from then on; NULL: settled.
  CREATE TABLE files (
    dataset INTEGER NOT NULL,
    raw ANY NOT NULL,               -- text, or bytes where it is not UTF-8
    bronze ANY NOT NULL,
    mtime REAL NOT NULL,            -- of the newest line, s
    seq INTEGER NOT NULL,           -- arrival number of that line
    next_at INTEGER,                -- ms
    name TEXT NOT NULL,             -- where its sample goes, below samples/
    extension TEXT,                 -- the one in that name; NULL: raw's own
    outcome TEXT,                   -- of the last settled job
    done_mtime REAL,                -- the mtime it was for
    settled_at INTEGER,             -- ms
    sample TEXT,                    -- the published sample, below samples/
    format TEXT,
    rows INTEGER,
    bytes INTEGER,                  -- of the sample
    source_size INTEGER,            -- of bronze
    reason TEXT,
    code TEXT,                      -- of the last failure; NULL after a success
    message TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    failed_at INTEGER,              -- first failure of these attempts, ms
    PRIMARY KEY (dataset, raw)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX due ON files (dataset, next_at, seq) WHERE next_at IS NOT NULL;
  CREATE INDEX failed ON files (code, dataset) WHERE code IS NOT NULL;

  -- Which raw has a sample name. Kept for ever, so that names never change.
  CREATE TABLE names (
    dataset INTEGER NOT NULL,
    name TEXT NOT NULL,
    raw ANY NOT NULL,
    PRIMARY KEY (dataset, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE rejected (
    id INTEGER PRIMARY KEY,
    dataset INTEGER NOT NULL,
    path TEXT NOT NULL,
    line INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL             -- ms
  ) STRICT;
  CREATE INDEX rejected_of ON rejected (dataset);

  -- What happened so far, per dataset.
  CREATE TABLE counts (
    dataset INTEGER NOT NULL,
    what TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (dataset, what)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE facts (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Samples that a power loss may take back, in the order in which they were settled.
  CREATE TABLE unsynced (
    id INTEGER PRIMARY KEY,
    dataset INTEGER NOT NULL,
    raw ANY NOT NULL,
    at INTEGER NOT NULL             -- ms
  ) STRICT;
  INSERT INTO unsynced (dataset, raw, at)
    SELECT dataset, raw, 0 FROM files WHERE outcome = 'sampled' AND next_at IS NULL;
  `,
  `
  -- When the sample was published, ms; a failure since then has settled_at of its own.
  ALTER TABLE files ADD COLUMN sampled_at INTEGER;
  UPDATE files SET sampled_at = settled_at WHERE sample IS NOT NULL;
  -- Published samples that nothing is under way for, by age: what retention goes through.
  CREATE INDEX published ON files (dataset, sampled_at, raw, bytes)
    WHERE sample IS NOT NULL AND next_at IS NULL;
  -- What is older than the cache may be known to none but a cache that was lost.
  INSERT INTO facts (key, value) VALUES ('madeAt', CAST(1000 * unixepoch('subsec') AS INTEGER));
  `,
  `
  -- How many entries have which outcome, since counting millions takes seconds. Whoever changes
  -- an outcome keeps it true, in the same transaction.
  CREATE TABLE totals (
    dataset INTEGER NOT NULL,
    outcome TEXT NOT NULL,          -- 'new' before the first
    n INTEGER NOT NULL,
    PRIMARY KEY (dataset, outcome)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO totals (dataset, outcome, n)
    SELECT dataset, coalesce(outcome, 'new'), count(*) FROM files GROUP BY 1, 2;
  -- The newest ones of each outcome, for those who look.
  CREATE INDEX settled ON files (dataset, outcome, settled_at) WHERE settled_at IS NOT NULL;
  `,
  `
  -- A manifest's file is its inode from now on, without the device: a remount changes that one.
  UPDATE OR REPLACE checkpoints SET file = substr(file, instr(file, ':') + 1)
    WHERE retired_at IS NOT NULL;
  UPDATE OR REPLACE checkpoints SET file = substr(file, instr(file, ':') + 1)
    WHERE retired_at IS NULL;
  `,
  `
  -- Up to where lines of a manifest file are compared together, in another order than their own.
  -- After a crash they have to be so again: one of them alone could undo a later one.
  CREATE TABLE together (
    dataset INTEGER PRIMARY KEY,
    file TEXT NOT NULL,             -- inode
    offset INTEGER NOT NULL,        -- bytes, after the last of these lines
    hash TEXT NOT NULL              -- of the bytes before the offset
  ) STRICT;
  `,
  `
  -- The failure that people have acknowledged, by the settled_at it had: a later one has another.
  ALTER TABLE files ADD COLUMN acknowledged INTEGER;
  CREATE INDEX acknowledged_files ON files (dataset) WHERE acknowledged IS NOT NULL;
  ALTER TABLE rejected ADD COLUMN acknowledged_at INTEGER;      -- ms
  CREATE INDEX acknowledged_rejected ON rejected (dataset) WHERE acknowledged_at IS NOT NULL;
  -- Acknowledged lines whose manifest is read again, until they are found again.
  CREATE TABLE acknowledged_lines (
    id INTEGER PRIMARY KEY,
    dataset INTEGER NOT NULL,
    line INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL             -- ms
  ) STRICT;
  CREATE INDEX acknowledged_lines_of ON acknowledged_lines (dataset, line, offset);

  -- A forgotten dataset keeps its number: rows that are written meanwhile never meet another one's.
  ALTER TABLE datasets ADD COLUMN forgotten_at INTEGER;         -- ms
  -- Raws that are known of no more, by the mtime up to which they are; none has a row in files.
  CREATE TABLE forgotten (
    dataset INTEGER NOT NULL,
    raw ANY NOT NULL,
    mtime REAL NOT NULL,            -- of the newest line, s
    at INTEGER NOT NULL,            -- ms
    PRIMARY KEY (dataset, raw)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Files that follow one another, and the shapes that they had.
  CREATE TABLE series (
    dataset INTEGER NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL,            -- JSON, as \`Series\`
    seen_at INTEGER NOT NULL,       -- ms
    PRIMARY KEY (dataset, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX series_by_age ON series (dataset, seen_at);
  `,
  `
  -- The outcome as people see and count it: a sample that only describes its file is told apart.
  ALTER TABLE files ADD COLUMN counted TEXT GENERATED ALWAYS AS
    (CASE WHEN outcome = 'sampled' AND format = 'metadata' THEN 'described' ELSE outcome END) VIRTUAL;
  DROP INDEX settled;
  CREATE INDEX settled ON files (dataset, counted, settled_at) WHERE settled_at IS NOT NULL;
  DELETE FROM totals;
  INSERT INTO totals (dataset, outcome, n)
    SELECT dataset, coalesce(counted, 'new'), count(*) FROM files GROUP BY 1, 2;
  `,
  `
  -- Of the raw file, where the newest version was found by looking, and bronze is raw itself; NULL
  -- where a line named it.
  ALTER TABLE files ADD COLUMN inode TEXT;
  -- 'raw' for a sample that was taken of the raw file; NULL: of bronze.
  ALTER TABLE files ADD COLUMN sampled_from TEXT;
  -- When a file that was found by looking was missed, ms.
  ALTER TABLE files ADD COLUMN gone_at INTEGER;
  CREATE INDEX found ON files (dataset, next_at, seq) WHERE inode IS NOT NULL;

  -- Directories of raw files as they were listed last.
  CREATE TABLE raw_directories (
    dataset INTEGER NOT NULL,
    path TEXT NOT NULL,             -- as raw begins
    state TEXT NOT NULL,            -- inode and times before it was listed
    listed_at INTEGER NOT NULL,     -- ms
    PRIMARY KEY (dataset, path)
  ) STRICT, WITHOUT ROWID;

  -- Names that are known in them, with a slash between two: written only where they change.
  CREATE TABLE raw_names (
    dataset INTEGER NOT NULL,
    directory TEXT NOT NULL,
    names ANY NOT NULL,
    PRIMARY KEY (dataset, directory)
  ) STRICT;

  -- Raw files that have to stay as they are for a while.
  CREATE TABLE raw_resting (
    dataset INTEGER NOT NULL,
    directory TEXT NOT NULL,
    name ANY NOT NULL,
    seen TEXT NOT NULL,             -- times, size and inode
    since INTEGER NOT NULL,         -- ms
    looked_at INTEGER NOT NULL,     -- ms
    PRIMARY KEY (dataset, directory, name)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- What the sample of the newest version refutes of its contract; NULL: it is held to none.
  ALTER TABLE files ADD COLUMN validation TEXT;
  CREATE INDEX refuted ON files (dataset, validation) WHERE validation IN ('failed', 'error');
  -- How many verdicts of each kind there were so far.
  CREATE TABLE verdicts (
    dataset INTEGER NOT NULL,
    result TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (dataset, result)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- The mask that the sample was made under; NULL: it is verbatim. Of a dataset: that of all of its
  -- samples, once no other ones are left.
  ALTER TABLE files ADD COLUMN mask TEXT;
  ALTER TABLE datasets ADD COLUMN mask TEXT;
  `,
];
