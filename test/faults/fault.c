/*
 * Loaded before libc (LD_PRELOAD): lets calls on files whose path holds FAULT_PATH fail with
 * FAULT_ERRNO, or kills the process where that is 0, from the FAULT_FROM-th on, FAULT_TIMES times.
 * FAULT_CALL names the call, or several; "short" lets every read and write do half of what it is
 * asked for, which the kernel may do as well. A call that fails has not been made, but for close,
 * which always closes, and with FAULT_AFTER: then it has been made, and only its answer is lost.
 * Each hit adds a byte to FAULT_LOG.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_int seen;

#define REAL(name, type, ...) \
  static type (*real)(__VA_ARGS__); \
  if (real == NULL) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static long number(const char *name, long otherwise) {
  const char *text = getenv(name);
  return text == NULL ? otherwise : atol(text);
}

static int wants(const char *call, const char *path) {
  const char *wanted = getenv("FAULT_CALL"), *part = getenv("FAULT_PATH");
  return wanted != NULL && part != NULL && strstr(wanted, call) != NULL && strstr(path, part) != NULL;
}

static void note(void) {
  static int (*open_)(const char *, int, ...);
  static ssize_t (*write_)(int, const void *, size_t);
  static int (*close_)(int);
  if (open_ == NULL) {
    write_ = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    close_ = (int (*)(int))dlsym(RTLD_NEXT, "close");
    open_ = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
  }
  int fd = open_(getenv("FAULT_LOG"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return;
  if (write_(fd, "x", 1) < 0) abort();
  close_(fd);
}

/* What a path leads to that begins with a held descriptor: "/proc/self/fd/5/a". */
static const char *resolved(const char *path, char *whole, size_t size) {
  int fd = -1, length = 0;
  if (sscanf(path, "/proc/self/fd/%d%n", &fd, &length) != 1) return path;
  snprintf(whole, size, "/proc/self/fd/%d", fd);
  char held[4096];
  ssize_t got = readlink(whole, held, sizeof held - 1);
  held[got < 0 ? 0 : got] = 0;
  snprintf(whole, size, "%s%s", held, path + length);
  return whole;
}

static int hits(const char *call, const char *named) {
  char whole[8192];
  const char *path = resolved(named, whole, sizeof whole);
  if (!wants(call, path)) return 0;
  long n = atomic_fetch_add(&seen, 1) + 1, from = number("FAULT_FROM", 1);
  if (n < from || n >= from + number("FAULT_TIMES", 1)) return 0;
  note();
  errno = (int)number("FAULT_ERRNO", 0);
  if (errno == 0) kill(getpid(), SIGKILL);
  return 1;
}

static const char *path_of(int fd, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, size - 1);
  path[length < 0 ? 0 : length] = 0;
  return path;
}

static int fd_hits(const char *call, int fd) {
  char path[4096];
  const char *wanted = getenv("FAULT_CALL");
  if (wanted == NULL || strstr(wanted, call) == NULL) return 0;
  return hits(call, path_of(fd, path, sizeof path));
}

/* A path that begins in a directory, which is held by a descriptor. */
static int hits_at(const char *call, int fd, const char *path) {
  char whole[8192];
  snprintf(whole, sizeof whole, "/proc/self/fd/%d/%s", fd, path);
  return hits(call, fd < 0 || path[0] == '/' ? path : whole);
}

static size_t room(int fd, size_t count) {
  char path[4096];
  if (count < 2 || !wants("short", path_of(fd, path, sizeof path))) return count;
  note();
  return count / 2;
}

static int opened(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
  return hits("open", path) ? -1 : real(path, flags, mode);
}

int open(const char *path, int flags, ...) {
  REAL("open", int, const char *, int, ...);
  va_list rest;
  va_start(rest, flags);
  mode_t mode = (flags & O_CREAT) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return opened(real, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  REAL("open64", int, const char *, int, ...);
  va_list rest;
  va_start(rest, flags);
  mode_t mode = (flags & O_CREAT) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return opened(real, path, flags, mode);
}

ssize_t read(int fd, void *bytes, size_t count) {
  REAL("read", ssize_t, int, void *, size_t);
  return fd_hits("read", fd) ? -1 : real(fd, bytes, room(fd, count));
}

ssize_t pread64(int fd, void *bytes, size_t count, off64_t at) {
  REAL("pread64", ssize_t, int, void *, size_t, off64_t);
  return fd_hits("read", fd) ? -1 : real(fd, bytes, room(fd, count), at);
}

ssize_t write(int fd, const void *bytes, size_t count) {
  REAL("write", ssize_t, int, const void *, size_t);
  return fd_hits("write", fd) ? -1 : real(fd, bytes, room(fd, count));
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
  REAL("pwrite64", ssize_t, int, const void *, size_t, off64_t);
  return fd_hits("write", fd) ? -1 : real(fd, bytes, room(fd, count), at);
}

/* libuv closes and states through syscall(), past close(); so do we with openat2. */
long syscall(long call, ...) {
  REAL("syscall", long, long, ...);
  va_list rest;
  va_start(rest, call);
  long a[6];
  for (int i = 0; i < 6; i += 1) a[i] = va_arg(rest, long);
  va_end(rest);
  if (call == SYS_openat2 && hits_at("open", (int)a[0], (const char *)a[1])) return -1;
  if (call == SYS_statx && hits_at("stat", (int)a[0], (const char *)a[1])) return -1;
  const char *wanted = getenv("FAULT_CALL");
  if (call != SYS_close || wanted == NULL || strstr(wanted, "close") == NULL) {
    return real(call, a[0], a[1], a[2], a[3], a[4], a[5]);
  }
  char path[4096];
  path_of((int)a[0], path, sizeof path);
  long done = real(call, a[0]);
  return hits("close", path) ? -1 : done;
}

int ftruncate64(int fd, off64_t length) {
  REAL("ftruncate64", int, int, off64_t);
  return fd_hits("ftruncate", fd) ? -1 : real(fd, length);
}

int unlink(const char *path) {
  REAL("unlink", int, const char *);
  return hits("unlink", path) ? -1 : real(path);
}

/* Where a path is removed without saying what it is. */
int remove(const char *path) {
  REAL("remove", int, const char *);
  return hits("unlink", path) ? -1 : real(path);
}

int rename(const char *from, const char *to) {
  REAL("rename", int, const char *, const char *);
  if (getenv("FAULT_AFTER") == NULL) return hits("rename", to) ? -1 : real(from, to);
  int done = real(from, to);
  return hits("rename", to) ? -1 : done;
}

int renameat(int from_at, const char *from, int to_at, const char *to) {
  REAL("renameat", int, int, const char *, int, const char *);
  if (getenv("FAULT_AFTER") == NULL) {
    return hits_at("rename", to_at, to) ? -1 : real(from_at, from, to_at, to);
  }
  int done = real(from_at, from, to_at, to);
  return hits_at("rename", to_at, to) ? -1 : done;
}

int close(int fd) {
  REAL("close", int, int);
  char path[4096];
  const char *wanted = getenv("FAULT_CALL");
  if (wanted == NULL || strstr(wanted, "close") == NULL) return real(fd);
  path_of(fd, path, sizeof path);
  int done = real(fd);
  return hits("close", path) ? -1 : done;
}
