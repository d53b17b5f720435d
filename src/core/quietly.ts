/** Whoever awaits it hears of a stop; whom nobody awaits must not end the process with it. */
export function quietly<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}
