/* Loaded before the C library (LD_PRELOAD): counts the calls that change files below KILLER_ROOT, and kills the process at the one that
 * KILLER_AT names (from 1), before it is done. A `write` with KILLER_HALF set is done by half. KILLER_COUNT names a file for the count. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static int below(const char *path) {
    const char *root = getenv("KILLER_ROOT");
    return root && path && strncmp(path, root, strlen(root)) == 0;
}

static int below_fd(int fd) {
    char name[64], path[4096];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return below(path);
}

/* Whether this is the call at which to die. */
static int due(void) {
    const char *at = getenv("KILLER_AT");
    return atomic_fetch_add(&calls, 1) + 1 == (at ? atol(at) : -1);
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static void call(void) { if (due()) die(); }

__attribute__((destructor)) static void told(void) {
    const char *name = getenv("KILLER_COUNT");
    FILE *file = name ? fopen(name, "w") : NULL;
    if (!file) return;
    fprintf(file, "%ld\n", atomic_load(&calls));
    fclose(file);
}

ssize_t write(int fd, const void *bytes, size_t count) {
    REAL(ssize_t, "write", int, const void *, size_t);
    if (below_fd(fd) && due()) {
        if (getenv("KILLER_HALF") && count > 1) real(fd, bytes, count / 2);
        die();
    }
    return real(fd, bytes, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    if (below_fd(fd)) call();
    return real(fd, bytes, count, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    if (below_fd(fd)) call();
    return real(fd, parts, count);
}

int fsync(int fd) {
    REAL(int, "fsync", int);
    if (below_fd(fd)) call();
    return real(fd);
}

int fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    if (below_fd(fd)) call();
    return real(fd);
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    if (below(to)) call();
    return real(from, to);
}

int link(const char *from, const char *to) {
    REAL(int, "link", const char *, const char *);
    if (below(to)) call();
    return real(from, to);
}

int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    REAL(int, "linkat", int, const char *, int, const char *, int);
    if (below(to)) call();
    return real(from_at, from, to_at, to, flags);
}

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    if (below(path)) call();
    return real(path);
}

int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    if (below(path)) call();
    return real(path, mode);
}

int open64(const char *path, int flags, ...) {
    REAL(int, "open64", const char *, int, ...);
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
        if (below(path)) call();
    }
    return real(path, flags, mode);
}
