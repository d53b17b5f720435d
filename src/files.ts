export { openFilesReader, openFilesStore } from '../persistence/files/open-files-store.ts';
export type { FilesReader, FilesStoreOptions } from '../persistence/files/open-files-store.ts';
export type { FilesStore } from '../persistence/files/files-store.ts';
export type { FilesDurability } from '../persistence/files/journal-writer.ts';
