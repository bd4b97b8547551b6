// Stands between a node and its disk and clock: LD_PRELOAD has a process call these functions in
// place of the C library's. What happens to files under FAULTS_ROOT is appended to FAULTS_JOURNAL,
// which journal.mjs reads, and suffers what FAULTS_CONTROL says, which shim.mjs writes.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

// The order of NAMES in shim.mjs.
struct control {
  int64_t clock_seconds;
  int64_t write_errno, sync_errno, read_errno;
  int64_t write_millis, sync_millis;
  int64_t torn; // a write that fails has left its first half
  int64_t failed; // calls that failed so far
};

// The order of OPS in journal.mjs.
enum { CREATE = 1, WRITE, DURABLE_WRITE, SYNC, FAILED_SYNC, TRUNCATE, RENAME, UNLINK, MKDIR };

struct entry {
  uint32_t op, length;
  uint64_t file, at;
};

enum { FDS = 65536 };
// Times of the wall clock are later than this, times since the boot earlier.
enum { WALL_SECONDS = 1000000000 };

static struct control none, *control = &none;
static const char *root;
static size_t root_length;
static int journal = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
// Of each descriptor: the file under the root that it was opened for, or none, and whether each write
// is durable. The C library closes some files by itself, and the number is then another's: so who
// asks compares the file.
static struct { dev_t device; ino_t inode; } ours[FDS];
static unsigned char durable[FDS];

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static ssize_t real_write(int fd, const void *bytes, size_t length) {
  REAL(write);
  return real(fd, bytes, length);
}

__attribute__((constructor)) static void begin(void) {
  REAL(open);
  root = getenv("FAULTS_ROOT");
  root_length = root ? strlen(root) : 0;
  const char *name = getenv("FAULTS_JOURNAL");
  if (name && *name) journal = real(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  name = getenv("FAULTS_CONTROL");
  int fd = name ? real(name, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *page = mmap(0, sizeof none, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page != MAP_FAILED) control = page;
  close(fd);
}

static int is_ours(const char *path) {
  return root && path && !strncmp(path, root, root_length) &&
      (path[root_length] == '/' || !path[root_length]);
}

static int is_our_fd(int fd) {
  struct stat state;
  return fd >= 0 && fd < FDS && ours[fd].inode && !fstat(fd, &state) &&
      state.st_ino == ours[fd].inode && state.st_dev == ours[fd].device;
}

static void note(int op, uint64_t file, uint64_t at, const void *bytes, size_t length) {
  if (journal < 0) return;
  struct entry entry = {op, length, file, at};
  struct iovec parts[2] = {{&entry, sizeof entry}, {(void *)bytes, length}};
  REAL(writev);
  if (real(journal, parts, 2) != (ssize_t)(sizeof entry + length)) abort();
}

static uint64_t inode(int fd) {
  return ours[fd].inode;
}

static void wait_millis(int64_t millis) {
  struct timespec time = {millis / 1000, millis % 1000 * 1000000};
  if (millis > 0) nanosleep(&time, 0);
}

static int fails(int64_t number) {
  if (!number) return 0;
  __atomic_add_fetch(&control->failed, 1, __ATOMIC_RELAXED);
  errno = number;
  return 1;
}

static int opens(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
  if (!is_ours(path)) {
    int fd = real(path, flags, mode);
    if (fd >= 0 && fd < FDS) ours[fd].inode = 0;
    return fd;
  }
  pthread_mutex_lock(&lock);
  int is_new = flags & O_CREAT && access(path, F_OK);
  int fd = real(path, flags, mode);
  struct stat state;
  if (fd >= 0 && fd < FDS && !fstat(fd, &state)) {
    ours[fd].device = state.st_dev;
    ours[fd].inode = state.st_ino;
    durable[fd] = (flags & (O_SYNC | O_DSYNC)) != 0;
    if (is_new) note(CREATE, inode(fd), 0, path + root_length + 1, strlen(path) - root_length - 1);
    else if (flags & O_TRUNC) note(TRUNCATE, inode(fd), 0, 0, 0);
  }
  pthread_mutex_unlock(&lock);
  return fd;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    REAL(name); \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    return opens(real, path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  REAL(close);
  if (fd >= 0 && fd < FDS) ours[fd].inode = 0;
  return real(fd);
}

// `at` is -1 for the file's own place.
static ssize_t writes(int fd, const void *bytes, size_t length, off_t at) {
  REAL(pwrite);
  wait_millis(control->write_millis);
  int is_failing = fails(control->write_errno), error = errno;
  size_t some = is_failing ? (control->torn ? length / 2 : 0) : length;
  pthread_mutex_lock(&lock);
  ssize_t written = 0;
  if (some || !is_failing) {
    written = at < 0 ? real_write(fd, bytes, some) : real(fd, bytes, some, at);
  }
  if (written > 0) {
    off_t from = at < 0 ? lseek(fd, 0, SEEK_CUR) - written : at;
    note(durable[fd] ? DURABLE_WRITE : WRITE, inode(fd), from, bytes, written);
  }
  pthread_mutex_unlock(&lock);
  if (!is_failing) return written;
  errno = error;
  return -1;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  return is_our_fd(fd) ? writes(fd, bytes, length, -1) : real_write(fd, bytes, length);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
  REAL(pwrite);
  return is_our_fd(fd) ? writes(fd, bytes, length, at) : real(fd, bytes, length, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) {
  return pwrite(fd, bytes, length, at);
}

ssize_t pread(int fd, void *bytes, size_t length, off_t at) {
  REAL(pread);
  return is_our_fd(fd) && fails(control->read_errno) ? -1 : real(fd, bytes, length, at);
}

ssize_t pread64(int fd, void *bytes, size_t length, off_t at) {
  return pread(fd, bytes, length, at);
}

static int syncs(int (*real)(int), int fd) {
  if (!is_our_fd(fd)) return real(fd);
  wait_millis(control->sync_millis);
  pthread_mutex_lock(&lock);
  int result = fails(control->sync_errno) ? -1 : real(fd);
  int error = errno;
  note(result ? FAILED_SYNC : SYNC, inode(fd), 0, 0, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

int fsync(int fd) {
  REAL(fsync);
  return syncs(real, fd);
}

int fdatasync(int fd) {
  REAL(fdatasync);
  return syncs(real, fd);
}

int ftruncate(int fd, off_t length) {
  REAL(ftruncate);
  if (!is_our_fd(fd)) return real(fd, length);
  pthread_mutex_lock(&lock);
  int result = real(fd, length);
  if (!result) note(TRUNCATE, inode(fd), length, 0, 0);
  pthread_mutex_unlock(&lock);
  return result;
}

int ftruncate64(int fd, off_t length) {
  return ftruncate(fd, length);
}

int rename(const char *from, const char *to) {
  REAL(rename);
  if (!is_ours(from)) return real(from, to);
  char both[8192];
  int length = snprintf(both, sizeof both, "%s\n%s", from + root_length + 1, to + root_length + 1);
  pthread_mutex_lock(&lock);
  int result = real(from, to);
  if (!result) note(RENAME, 0, 0, both, length);
  pthread_mutex_unlock(&lock);
  return result;
}

int unlink(const char *path) {
  REAL(unlink);
  if (!is_ours(path)) return real(path);
  pthread_mutex_lock(&lock);
  int result = real(path);
  if (!result) note(UNLINK, 0, 0, path + root_length + 1, strlen(path) - root_length - 1);
  pthread_mutex_unlock(&lock);
  return result;
}

int mkdir(const char *path, mode_t mode) {
  REAL(mkdir);
  if (!is_ours(path)) return real(path, mode);
  pthread_mutex_lock(&lock);
  int result = real(path, mode);
  struct stat state;
  if (!result && !stat(path, &state)) {
    note(MKDIR, state.st_ino, 0, path + root_length + 1, strlen(path) - root_length - 1);
  }
  pthread_mutex_unlock(&lock);
  return result;
}

// The wall clock alone jumps, as a real one does.
int clock_gettime(clockid_t clock, struct timespec *time) {
  REAL(clock_gettime);
  int result = real(clock, time);
  if (!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    time->tv_sec += control->clock_seconds;
  }
  return result;
}

int gettimeofday(struct timeval *time, void *zone) {
  REAL(gettimeofday);
  int result = real(time, zone);
  if (!result) time->tv_sec += control->clock_seconds;
  return result;
}

time_t time(time_t *result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result) *result = now.tv_sec;
  return now.tv_sec;
}

// The kernel, which has not jumped, is told until when by its own clock.
int pthread_cond_timedwait(
    pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until) {
  static __typeof__(&pthread_cond_timedwait) real;
  if (!real) {
    // Without its version the C library gives the one for programs of long ago.
    void *found = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    if (!found) found = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    real = (__typeof__(real))found;
  }
  struct timespec unshifted = *until;
  if (until->tv_sec > WALL_SECONDS) unshifted.tv_sec -= control->clock_seconds;
  return real(condition, mutex, &unshifted);
}
