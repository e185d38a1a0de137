import { hash } from "node:crypto";
import { hostname } from "node:os";
import { Failure } from "../../errors.ts";
import type { Holder, Lock } from "../types.ts";
import { connectOnce, type Session, type Sql } from "./connect.ts";
import { isAway, translated } from "./errors.ts";
import { shownUrl } from "./shown-url.ts";

/** Number of the advisory lock that processes hold that work on the database. */
const WORK_LOCK = 7_061_302;
/** Time between two signs of life, ms. */
const BEAT_MS = 1000;
/**
 * Time after the last sign of life from which the lock counts as lost, ms. The server gives it away
 * no sooner than 11 s after it last heard of us: see `connectOnce`.
 */
const LOST_MS = 7000;

/** Options of `takeDatabaseLock`. */
export interface LockOptions {
  /** The state directory of this host. */
  readonly state: string;
  /** True for one of several that share the work. */
  readonly isShared: boolean;
}

/** A process that holds the lock; the name of its host may be cut. */
export interface Working extends Holder {
  /** Tells its host from every other one: `identityOf`. */
  readonly identity: string;
}

/**
 * Takes the lock of a database: an advisory lock of a session of its own. The server takes it back
 * when the session ends, or when it finds that the client is gone. Those who share the work hold it
 * together; nobody else does meanwhile.
 * @throws Failure ALREADY_RUNNING, naming who holds it; CACHE_UNUSABLE
 */
export async function takeDatabaseLock(url: string, options: LockOptions): Promise<Lock> {
  let held = watched(await hold(url, options));
  return {
    get lost() {
      return held.lost;
    },
    async keep() {
      if (!held.lost.aborted) return undefined;
      const before = held;
      try {
        held = watched(await hold(url, options));
      } catch (error) {
        // Nobody knows who has it while the server is away.
        if (error instanceof Failure && isAway(error.cause)) return undefined;
        throw error;
      }
      await before.end();
      return "the session that held the lock was lost";
    },
    release: () => held.end(),
  };
}

/** Finds the first holder of a database's lock; undefined when nobody has it. @throws Failure CACHE_UNUSABLE */
export async function holderIn(url: string): Promise<Holder | undefined> {
  const session = await connectOnce(url);
  try {
    const [first] = await readHolders(session);
    return first && { pid: first.pid, host: first.host, since: first.since };
  } catch (error) {
    throw translated(shownUrl(url), error);
  } finally {
    await session.close();
  }
}

/** The holders of the lock, the first one first; their sessions may have ended in this moment. */
export async function readHolders(sql: Sql): Promise<readonly Working[]> {
  const rows = await sql.all<{ name: string }>(
    `SELECT application_name AS name FROM pg_stat_activity
     WHERE pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
       AND objid = $1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
     ORDER BY name`,
    [WORK_LOCK],
  );
  return rows.flatMap(({ name }) => holderNamed(name));
}

/** Digits that tell a host of a machine and a state directory from every other one. */
export function identityOf(host: string, state: string): string {
  return hash("sha256", `${host}\0${state}`, "hex").slice(0, 8);
}

async function hold(url: string, { state, isShared }: LockOptions): Promise<Session> {
  const session = await connectOnce(url, nameOf(state, new Date()));
  const shared = isShared ? "_shared" : "";
  try {
    const taken = await session.get<{ taken: boolean }>(
      `SELECT pg_try_advisory_lock${shared}($1) AS taken`,
      [WORK_LOCK],
    );
    if (taken?.taken === true) return session;
    const [holder] = await readHolders(session);
    const who =
      holder === undefined ? "" : ` (pid ${holder.pid} on ${holder.host} since ${holder.since})`;
    throw new Failure("ALREADY_RUNNING", `another sampler uses ${shownUrl(url)}${who}`);
  } catch (error) {
    await session.close();
    throw translated(shownUrl(url), error);
  }
}

/** A session whose end is noticed. */
interface Watched {
  /** Aborts once it may have ended. */
  readonly lost: AbortSignal;
  end(): Promise<void>;
}

function watched(session: Session): Watched {
  const lost = new AbortController();
  let aliveAt = performance.now();
  const beat = setInterval(() => {
    const sentAt = performance.now();
    if (sentAt - aliveAt > LOST_MS) lost.abort();
    session.isAlive().then((isAlive) => {
      if (isAlive) aliveAt = Math.max(aliveAt, sentAt);
      else lost.abort();
    });
  }, BEAT_MS);
  lost.signal.addEventListener("abort", () => clearInterval(beat));
  return {
    lost: lost.signal,
    async end() {
      clearInterval(beat);
      await session.close();
    },
  };
}

/** The name of the session that holds the lock; PostgreSQL cuts it after 63 bytes, so the host comes last. */
function nameOf(state: string, since: Date): string {
  const host = hostname();
  return `sampler ${since.toISOString()} ${process.pid} ${identityOf(host, state)} ${host}`;
}

function holderNamed(name: string): Working[] {
  const [, since, pid, identity, host] = /^sampler (\S+) (\d+) (\w+) (.*)$/.exec(name) ?? [];
  if (since === undefined || identity === undefined || host === undefined) return [];
  return [{ pid: Number(pid), host, since, identity }];
}
