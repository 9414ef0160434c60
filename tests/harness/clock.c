/* Loaded into a server before its own libraries: its time of day is the machine's and a number of seconds more, which stands
   in a file that a test changes while the server runs. Clocks that measure how long something takes go on as they are. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static int (*machine)(clockid_t, struct timespec *);
static const volatile int64_t *ahead_seconds;

__attribute__((constructor)) static void begin(void) {
    machine = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    const char *path = getenv("STATOR_TEST_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *page = mmap(NULL, sizeof *ahead_seconds, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (page != MAP_FAILED)
        ahead_seconds = page;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    if (!machine)
        begin();
    int result = machine(clock, now);
    if (result == 0 && clock == CLOCK_REALTIME && ahead_seconds)
        now->tv_sec += *ahead_seconds;
    return result;
}
