/** Embedded stores answer at once; a networked one may answer later. */
export type Answer<T> = T | Promise<T>;

/** Goes on with an answer: at once, when it is there. */
export function chain<A, B>(answer: Answer<A>, next: (value: A) => Answer<B>): Answer<B> {
  return answer instanceof Promise ? answer.then(next) : next(answer);
}
