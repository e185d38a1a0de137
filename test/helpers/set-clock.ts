/** Preloaded into a daemon: SIGUSR2 sets its wall clock, by the next of `$CLOCK_STEPS` (ms). */
const steps = (process.env["CLOCK_STEPS"] ?? "").split(",").map(Number);
const realNow = Date.now;
let offset = 0;

Date.now = () => realNow() + offset;
process.on("SIGUSR2", () => {
  offset += steps.shift() ?? 0;
});
