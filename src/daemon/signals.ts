/** The signals that `run` heeds. */
type Heeded = "SIGTERM" | "SIGINT" | "SIGHUP";

/** Handlers, by signal. */
export type SignalHandlers = Readonly<Record<Heeded, (signal: NodeJS.Signals) => void>>;

const all = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
/** Signals that came before there was somebody to heed them. */
const held: Heeded[] = [];

/** Remembers signals until they are heeded: while the program is loaded they would end it. */
export function holdSignals(): void {
  for (const signal of all) process.on(signal, hold).off(signal, end);
}

/**
 * Lets signals act by default until `holdSignals`; those that came before act now. They keep a
 * listener: Node forgets a signal whose last listener is removed before the signal is handled.
 */
export function releaseSignals(signals: readonly Heeded[] = all): void {
  for (const signal of signals) process.on(signal, end).off(signal, hold);
  for (const signal of held.splice(0)) (signals.includes(signal) ? end : hold)(signal);
}

/**
 * Heeds signals, those that came before at once, until the function that it returns is called.
 * After that, a SIGHUP ends nothing either: the remaining work is done.
 */
export function heedSignals(handlers: SignalHandlers): () => void {
  for (const signal of all) process.on(signal, handlers[signal]).off(signal, hold);
  for (const signal of held.splice(0)) handlers[signal](signal);
  return () => {
    process.on("SIGHUP", hold);
    for (const signal of all) process.off(signal, handlers[signal]);
  };
}

/** Ends this process as the signal does by default. */
function end(signal: NodeJS.Signals): void {
  process.off(signal, end).kill(process.pid, signal);
}

function hold(signal: NodeJS.Signals): void {
  held.push(signal as Heeded);
}
