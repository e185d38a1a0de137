import { storeIn } from "../../src/store/sqlite/store.ts";
/** Brings to disk what was settled a while ago, as the daemon does; prints what came of it. */
import { closeCache, openCache } from "../../src/store/sqlite/open.ts";
import { loadConfig } from "../../src/config/load.ts";
import { syncSettled } from "../../src/sampling/upkeep/sync.ts";

const [prefix = "", state = ""] = process.argv.slice(2);
const { db } = openCache(state);
const settings = loadConfig({ env: { FP_PREFIX: prefix } });
const store = storeIn(db, closeCache).upkeep;
const options = { store, settings, isStopping: () => false, clock: Date.now, restMs: 0 };
process.stdout.write(JSON.stringify(await syncSettled(options)));
closeCache(db);
