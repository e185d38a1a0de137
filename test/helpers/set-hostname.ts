/** Preloaded into a daemon: it takes its machine for the one named `$OWN_HOSTNAME`. */
import { createRequire, syncBuiltinESMExports } from "node:module";

const os = createRequire(import.meta.url)("node:os") as { hostname: () => string };
os.hostname = () => process.env["OWN_HOSTNAME"] ?? "";
syncBuiltinESMExports();
