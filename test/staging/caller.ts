/** A process that stages URLs from its arguments, and prints what became of each. */
import { loadStaging } from "../../src/config/load.ts";
import { openStager } from "../../src/staging/stager.ts";

const stager = await openStager({ ...loadStaging({ env: process.env }), retries: 3 });
const staged = await Promise.all(process.argv.slice(2).map((url) => stager.file(url).ready()));
process.stdout.write(
  JSON.stringify(staged.map(({ path, sha256, from }) => ({ path, sha256, from }))),
);
await stager.close();
