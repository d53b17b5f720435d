/*
 * Preloaded into a process, it writes down every write, truncation, sync and removal of files whose path begins with RECORD_FOLDER,
 * in the order in which they end, to RECORD_LOG: a line `operation offset length path`, then the bytes of a write and a line feed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int log_file = -1;
static const char *folder;

static void begin(void) {
  const char *log = getenv("RECORD_LOG");
  folder = getenv("RECORD_FOLDER");
  if (log && folder) log_file = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int is_watched(int file, char path[4096]) {
  char link[64];
  pthread_once(&once, begin);
  if (log_file < 0 || file == log_file) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, 4095);
  if (length < 0) return 0;
  path[length] = 0;
  return strncmp(path, folder, strlen(folder)) == 0;
}

static void put(const void *bytes, uint64_t left) {
  for (const char *next = bytes; left > 0;) {
    ssize_t written = syscall(SYS_write, log_file, next, left);
    if (written <= 0) _exit(97);
    next += written;
    left -= written;
  }
}

static void record(const char *operation, const char *path, uint64_t offset, uint64_t length, const void *bytes) {
  char head[4200];
  int size = snprintf(head, sizeof head, "%s %llu %llu %s\n", operation, (unsigned long long)offset, (unsigned long long)length, path);
  pthread_mutex_lock(&mutex);
  put(head, size);
  if (bytes) {
    put(bytes, length);
    put("\n", 1);
  }
  pthread_mutex_unlock(&mutex);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
  char path[4096];
  int watched = is_watched(file, path);
  ssize_t written = syscall(SYS_pwrite64, file, bytes, count, offset);
  if (watched && written > 0) record("write", path, offset, written, bytes);
  return written;
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) { return pwrite64(file, bytes, count, offset); }

ssize_t write(int file, const void *bytes, size_t count) {
  char path[4096];
  int watched = file > 2 && is_watched(file, path);
  ssize_t written = syscall(SYS_write, file, bytes, count);
  if (watched && written > 0) record("write", path, lseek(file, 0, SEEK_CUR) - written, written, bytes);
  return written;
}

static int record_sync(int file, int number) {
  char path[4096];
  int watched = is_watched(file, path);
  int result = syscall(number, file);
  if (watched && result == 0) record("sync", path, 0, 0, NULL);
  return result;
}

int fsync(int file) { return record_sync(file, SYS_fsync); }

int fdatasync(int file) { return record_sync(file, SYS_fdatasync); }

int ftruncate64(int file, off64_t length) {
  char path[4096];
  int watched = is_watched(file, path);
  int result = syscall(SYS_ftruncate, file, length);
  if (watched && result == 0) record("truncate", path, length, 0, NULL);
  return result;
}

int ftruncate(int file, off_t length) { return ftruncate64(file, length); }

int unlink(const char *path) {
  pthread_once(&once, begin);
  int result = syscall(SYS_unlink, path);
  if (log_file >= 0 && result == 0 && strncmp(path, folder, strlen(folder)) == 0) record("remove", path, 0, 0, NULL);
  return result;
}
