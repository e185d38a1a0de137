/** A signal that is aborted with either of two. Disposed of, it leaves nothing in them. */
export interface EitherSignal extends Disposable {
  readonly signal: AbortSignal;
}

/** Like `AbortSignal.any`, which takes longer than a small file does, and is only gone with its garbage. */
export function eitherSignal(one: AbortSignal, other: AbortSignal): EitherSignal {
  const abort = new AbortController();
  const onOne = () => abort.abort(one.reason);
  const onOther = () => abort.abort(other.reason);
  if (one.aborted) onOne();
  else if (other.aborted) onOther();
  one.addEventListener("abort", onOne);
  other.addEventListener("abort", onOther);
  return {
    signal: abort.signal,
    [Symbol.dispose]() {
      one.removeEventListener("abort", onOne);
      other.removeEventListener("abort", onOther);
    },
  };
}
