/* What a disk holds after a power cut: of each file, what it was when it was last synchronised.
 *
 * Every fsync and fdatasync that succeeds leaves a copy of the file in the folder DURABLE, under its own name. Whatever
 * was written later may be lost when the power fails; in that folder it is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static void copy(const char *path, const char *copy_path) {
    char draft[PATH_MAX];
    snprintf(draft, sizeof draft, "%s.draft", copy_path);
    int from = open(path, O_RDONLY), to = open(draft, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (from < 0 || to < 0) abort();
    while (sendfile(to, from, NULL, 1 << 20) > 0) {}
    if (close(from) != 0 || close(to) != 0 || rename(draft, copy_path) != 0) abort();
}

static void keep(int fd) {
    const char *folder = getenv("DURABLE");
    char link[64], path[PATH_MAX], copy_path[PATH_MAX];
    struct stat about;
    if (!folder || fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) abort();
    path[length] = '\0';
    snprintf(copy_path, sizeof copy_path, "%s%s", folder, strrchr(path, '/'));
    copy(path, copy_path);
}

int fsync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    int result = real(fd);
    if (result == 0) keep(fd);
    return result;
}

int fdatasync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    int result = real(fd);
    if (result == 0) keep(fd);
    return result;
}
