import { closeCache, openCache } from "../../src/store/sqlite/open.ts";
import { storeIn } from "../../src/store/sqlite/store.ts";
import { storeLaws } from "./laws.ts";

storeLaws("SQLite", async (state) => storeIn(openCache(state).db, closeCache));
