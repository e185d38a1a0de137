// Loaded into a measured process: says at its end how much memory it had resident at most (KiB).
process.on("exit", () => process.stderr.write(`maxrss ${process.resourceUsage().maxRSS}\n`));
