export { openFilesReader, openFilesStore } from '../persistence/files/open-files-store.ts';
export type { FilesReader, FilesStore, FilesStoreOptions } from '../persistence/files/open-files-store.ts';
export type { FilesDurability } from '../persistence/files/journal-writer.ts';
