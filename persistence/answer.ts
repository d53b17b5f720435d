/** Embedded stores answer at once; a networked one may answer later. */
export type Answer<T> = T | Promise<T>;
