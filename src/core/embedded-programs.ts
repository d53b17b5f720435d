/**
 * Programs that Flowstone begins, as text, by the names of their files. Empty here, where the files are there: the
 * published bundle has them, for apps that are bundled in turn.
 */
export const embeddedPrograms: Readonly<Record<string, string>> = {};
