/** A directory of raw files as it was listed last. */
export interface RawDirectory {
  /** As raw paths begin: below the dataset, or absolute. */
  readonly path: string;
  /** Its inode and times before it was listed; something else where it is to be listed again. */
  readonly state: string;
  /** ms since epoch. */
  readonly listedAt: number;
}

/** A raw file as a look found it. */
export interface RawFile {
  /** Its name in its directory. */
  readonly name: string;
  /** Seconds since epoch. */
  readonly mtime: number;
  readonly size: number;
  readonly inode: string;
  /** Everything that a writer changes, as one text: times in ns, size, inode. */
  readonly seen: string;
  /** True where it counts as complete only once it has stayed as it is for a while. */
  readonly rests: boolean;
}

/** A directory to list, and what is known of it. */
export interface Listing {
  readonly path: string;
  /** As it was listed before; undefined for the first time. */
  readonly before: RawDirectory | undefined;
  /** Names that are known of it, joined as `joinNames` does. */
  readonly known: string;
}

/** Some of a directory's files. */
export interface ListedPage {
  /** Of the directory. */
  readonly path: string;
  /** Files that have come since the listing before, and that nothing speaks against. */
  readonly came: readonly RawFile[];
  /** The end of the listing; undefined before it. */
  readonly end?: ListingEnd;
}

/** The findings in some directories. */
export interface Listed {
  readonly pages: readonly ListedPage[];
  /** Paths of those that are not there any more. */
  readonly gone: readonly string[];
  readonly problems: readonly Problem[];
  /** True where no more comes. */
  readonly isLast: boolean;
}

/** A directory that cannot be looked at, and why. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** The end of a listing. */
export interface ListingEnd {
  /** The directory, as it is to be remembered. */
  readonly directory: RawDirectory;
  /**
   * Names that are known from now on, joined as `joinNames` does; undefined where they are those of
   * before.
   */
  readonly names?: string;
  /** Names that were known before, and are not there any more. */
  readonly gone: readonly string[];
  /** Paths of the directories in it. */
  readonly directories: readonly string[];
  /** Number of all names in it. */
  readonly count: number;
  /** Directories that cannot be entered: their names are not UTF-8. */
  readonly unnamed: number;
}

/** The directories that a look has to list, after the known ones were looked at. */
export interface Changed {
  /** Paths of directories to list. */
  readonly directories: readonly string[];
  /** Paths of known directories that are gone. */
  readonly gone: readonly string[];
  readonly problems: readonly Problem[];
}
