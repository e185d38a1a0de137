/** Preloaded: the first thing that `main` does, setting its umask, brings `$EARLY_SIGNAL`. */
const umask = process.umask.bind(process);

process.umask = ((mask: number) => {
  process.kill(process.pid, process.env["EARLY_SIGNAL"] as NodeJS.Signals);
  return umask(mask);
}) as typeof process.umask;
