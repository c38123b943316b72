/* A slow or failing disk, for the programs that it is preloaded into.
 *
 *   cc -shared -fPIC -O2 -o slow_fsync.so slow_fsync.c -ldl
 *   FSYNC_DELAY_US=2000 LD_PRELOAD=./slow_fsync.so plaudit serve
 *
 * FSYNC_DELAY_US    every fsync and fdatasync takes so many microseconds longer
 * FSYNC_DELAY_FILE  while this file exists, as many as it says
 * FSYNC_FAIL_FILE   while this file exists, they fail with EIO
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long delay_microseconds(void) {
    const char *always = getenv("FSYNC_DELAY_US"), *path = getenv("FSYNC_DELAY_FILE");
    long delay = always ? atol(always) : 0;
    FILE *file = path ? fopen(path, "r") : NULL;
    if (file) {
        if (fscanf(file, "%ld", &delay) != 1) delay = 0;
        fclose(file);
    }
    return delay;
}

static int troubled(void) {
    const char *file = getenv("FSYNC_FAIL_FILE");
    if (file && access(file, F_OK) == 0) {
        errno = EIO;
        return 1;
    }
    long microseconds = delay_microseconds();
    if (microseconds > 0) {
        struct timespec pause = {microseconds / 1000000, microseconds % 1000000 * 1000};
        while (nanosleep(&pause, &pause) != 0 && errno == EINTR) {}
    }
    return 0;
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    return troubled() ? -1 : real(fd);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    return troubled() ? -1 : real(fd);
}
