/**
 * Looks at the raw files of a lake, and prints a line of JSON for each look: what it found, and the
 * processor time and memory of this process: `node raw-look.js CONFIG LOOKS`.
 */
import { readFileSync } from "node:fs";
import { loadConfig } from "../dist/config/load.js";
import { createLooks } from "../dist/sampling/looking/looks.js";
import { openStore } from "../dist/store/open.js";

const [config, count] = process.argv.slice(2);
const settings = loadConfig({ config, env: {} });
const { store } = await openStore(settings);
const looks = createLooks(store, settings);

/** Looks at one dataset. */
async function look(dataset) {
  let looked;
  const report = (event) => {
    if (event.type === "looked") looked = event.looked;
    if (event.type === "unlisted") throw new Error(event.message);
  };
  await looks.round([dataset], { report, isStopping: () => false, isAnyTime: true });
  return looked;
}

for (let i = 0; i < Number(count); i += 1) {
  // The first one starts the thread, which is not measured.
  await look("acme/empty/v1");
  const before = process.cpuUsage();
  const looked = await look("acme/orders/v1");
  const { user, system } = process.cpuUsage(before);
  const cpuSeconds = (user + system) / 1e6;
  // Not `resourceUsage()`: what it says begins with the memory of the parent.
  const status = readFileSync("/proc/self/status", "latin1");
  const maxBytes = Number(/^VmHWM:\s+(\d+)/m.exec(status)[1]) * 1024;
  process.stdout.write(`${JSON.stringify({ ...looked, cpuSeconds, maxBytes })}\n`);
}
await looks.close();
await store.close();
