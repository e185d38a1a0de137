/** Does some work once all that was given before is done. @throws what the work throws */
export type Serial = <T>(work: () => Promise<T>) => Promise<T>;

/** Does one piece of work at a time, in the order in which they come. */
export function createSerial(): Serial {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
}
