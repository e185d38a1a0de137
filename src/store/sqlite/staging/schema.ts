/** The tables of `staging.db`, version by version. Times are ms since epoch. */
export const stagingMigrations: readonly string[] = [
  `
  CREATE TABLE files (
    sha256 TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL,
    used_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX files_by_use ON files (used_at, sha256);
  CREATE TABLE sizes (
    name TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO sizes VALUES ('store', 0);
  CREATE TRIGGER files_added AFTER INSERT ON files BEGIN
    UPDATE sizes SET bytes = bytes + NEW.bytes WHERE name = 'store';
  END;
  CREATE TRIGGER files_removed AFTER DELETE ON files BEGIN
    UPDATE sizes SET bytes = bytes - OLD.bytes WHERE name = 'store';
  END;
  CREATE TABLE objects (
    key TEXT PRIMARY KEY,
    location TEXT NOT NULL,
    version TEXT,
    sha256 TEXT NOT NULL REFERENCES files ON DELETE CASCADE,
    verified INTEGER NOT NULL,
    encoding TEXT,
    encoded_sha256 TEXT,
    encoded_bytes INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX objects_by_file ON objects (sha256);
  CREATE TABLE leases (
    key TEXT PRIMARY KEY,
    token TEXT NOT NULL,
    pid INTEGER NOT NULL,
    boot TEXT,
    beat_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    phase TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    size INTEGER,
    code TEXT,
    message TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    directory TEXT NOT NULL,
    state TEXT NOT NULL,
    pid INTEGER,
    boot TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    result TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE holds (
    run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (run, sha256)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX holds_by_file ON holds (sha256);
  `,
  `
  CREATE TABLE documents (
    region TEXT NOT NULL,
    key TEXT NOT NULL,
    etag TEXT NOT NULL,
    text TEXT NOT NULL,
    problem TEXT,
    uses TEXT NOT NULL,
    PRIMARY KEY (region, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE regions (
    name TEXT PRIMARY KEY,
    read_at INTEGER NOT NULL,
    took_ms INTEGER NOT NULL,
    problem TEXT
  ) STRICT, WITHOUT ROWID;
  `,
  // Who works on a run has a lease of it.
  `
  ALTER TABLE runs DROP COLUMN pid;
  ALTER TABLE runs DROP COLUMN boot;
  `,
];
