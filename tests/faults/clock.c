/* The time of day, so many nanoseconds from the real one, as the file that CLOCK_OFFSET names says.

   For LD_PRELOAD. The file holds one 64-bit number and is looked at with each question, so a test
   sets the clock of all its processes at one moment. Clocks that measure how long something takes
   are left alone. (libfaketime cannot be used: it breaks absolute sleeps, which Python's are.) */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t SECOND = 1000000000;
static volatile const int64_t *offset;

__attribute__((constructor)) static void look(void) {
    const char *name = getenv("CLOCK_OFFSET");
    int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *place = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (place != MAP_FAILED)
        offset = place;
    close(file);
}

static int64_t now(void) {
    struct timespec real;
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &real);
    return real.tv_sec * SECOND + real.tv_nsec + (offset ? *offset : 0);
}

int clock_gettime(clockid_t id, struct timespec *answer) {
    if (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)
        return (int)syscall(SYS_clock_gettime, id, answer);
    int64_t moment = now();
    answer->tv_sec = moment / SECOND;
    answer->tv_nsec = moment % SECOND;
    return 0;
}

int gettimeofday(struct timeval *restrict answer, void *restrict zone) {
    (void)zone;
    int64_t moment = now();
    answer->tv_sec = moment / SECOND;
    answer->tv_usec = moment % SECOND / 1000;
    return 0;
}

time_t time(time_t *answer) {
    time_t seconds = now() / SECOND;
    if (answer)
        *answer = seconds;
    return seconds;
}

/* Its end is told by the clock that was changed, and the kernel knows only the real one. */
int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until) {
    int (*real)(sem_t *, const struct timespec *) = dlsym(RTLD_NEXT, "sem_timedwait");
    int64_t moment = until->tv_sec * SECOND + until->tv_nsec - (offset ? *offset : 0);
    struct timespec told = {.tv_sec = moment / SECOND, .tv_nsec = moment % SECOND};
    return real(semaphore, &told);
}
