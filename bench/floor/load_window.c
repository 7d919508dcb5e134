/* The time that is measured: what came back in it, and what the server and the generator used. */
#define _GNU_SOURCE
#include "common.h"
#include "load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct usage {
    uint64_t cpu_ns;
    int64_t voluntary, involuntary; /* context switches of the threads alive */
};

struct histogram *latencies;
uint64_t requests;

static uint64_t nobody_looks;
static volatile uint64_t *all_requests = &nobody_looks;
static clockid_t server_clock;
static const char *cpu_source;
static struct usage server_before, server_after;
static uint64_t own_before, own_after;
static uint64_t opened_ns, closed_ns;
static uint64_t measured;

uint64_t now_ns(int clock) {
    struct timespec time;
    if (clock_gettime(clock, &time) != 0) {
        die("clock_gettime");
    }
    return (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec;
}

void count_in(const char *path) {
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof *all_requests) != 0) {
        die("%s", path);
    }
    void *mapped = mmap(NULL, sizeof *all_requests, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) {
        die("%s", path);
    }
    close(fd);
    all_requests = mapped;
}

void came_back(uint64_t messages) {
    requests += messages;
    *all_requests += messages;
}

/* The process's CPU clock counts nanoseconds of all threads, ended ones too; /proc/PID/stat counts clock ticks. */
void choose_cpu_source(void) {
    struct timespec time;
    if (clock_getcpuclockid(options.server, &server_clock) == 0 && clock_gettime(server_clock, &time) == 0) {
        cpu_source = "process-clock";
    } else {
        cpu_source = "stat";
    }
}

static uint64_t cpu_from_stat(void) {
    char path[64];
    char text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)options.server);
    FILE *file = fopen(path, "r");
    size_t length = file == NULL ? 0 : fread(text, 1, sizeof text - 1, file);
    if (length == 0) {
        die("%s", path);
    }
    fclose(file);
    text[length] = '\0';
    unsigned long user = 0;
    unsigned long system = 0;
    char *after_name = strrchr(text, ')');
    if (after_name == NULL
        || sscanf(after_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) {
        die("%s is not understood", path);
    }
    return (user + system) * (SECOND_NS / (uint64_t)sysconf(_SC_CLK_TCK));
}

static void add_switches(const char *path, struct usage *usage) {
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return; /* the thread has ended */
    }
    char line[256];
    while (fgets(line, sizeof line, file) != NULL) {
        long long count;
        if (sscanf(line, "voluntary_ctxt_switches: %lld", &count) == 1) {
            usage->voluntary += count;
        } else if (sscanf(line, "nonvoluntary_ctxt_switches: %lld", &count) == 1) {
            usage->involuntary += count;
        }
    }
    fclose(file);
}

static struct usage server_usage(void) {
    struct usage usage = {0};
    if (options.server == 0) {
        return usage;
    }
    char path[320];
    snprintf(path, sizeof path, "/proc/%d/task", (int)options.server);
    DIR *tasks = opendir(path);
    if (tasks == NULL) {
        die("the server, process %d", (int)options.server);
    }
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)options.server, entry->d_name);
            add_switches(path, &usage);
        }
    }
    closedir(tasks);
    usage.cpu_ns = strcmp(cpu_source, "stat") == 0 ? cpu_from_stat() : now_ns(server_clock);
    return usage;
}

uint64_t open_window(void) {
    clear_histogram(latencies);
    requests = 0;
    server_before = server_usage();
    own_before = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    return opened_ns = now_ns(CLOCK_MONOTONIC);
}

void close_window(void) {
    closed_ns = now_ns(CLOCK_MONOTONIC);
    own_after = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    server_after = server_usage();
    measured = requests;
    if (measured == 0) {
        errno = 0;
        die("no message came back in %.1f s", (double)(closed_ns - opened_ns) / 1e9);
    }
}

static double us_at(double fraction) {
    return (double)value_at(latencies, fraction) / 1000;
}

void print_report(void) {
    double seconds = (double)(closed_ns - opened_ns) / 1e9;
    double count = (double)measured;
    double own_s = (double)(own_after - own_before) / 1e9;
    if (options.hgrm != NULL) {
        write_hgrm(latencies, options.hgrm);
    }
    printf("{\"connections\":%u,\"in_flight\":%u,\"size\":%u,\"seconds\":%.3f,\"requests\":%llu,\"rps\":%.0f",
           options.connections, options.in_flight, options.size, seconds, (unsigned long long)measured,
           count / seconds);
    printf(",\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"p9999_us\":%.1f,\"max_us\":%.1f",
           us_at(0.5), us_at(0.9), us_at(0.99), us_at(0.999), us_at(0.9999), (double)greatest_of(latencies) / 1000);
    printf(",\"load_cpu_us_per_request\":%.3f,\"load_cpu_share\":%.3f", own_s * 1e6 / count, own_s / seconds);
    if (options.server != 0) {
        double cpu_s = (double)(server_after.cpu_ns - server_before.cpu_ns) / 1e9;
        printf(",\"server_pid\":%d,\"cpu_source\":\"%s\",\"cpu_us_per_request\":%.3f,\"cpu_share\":%.3f,"
               "\"voluntary_switches_per_request\":%.4f,\"involuntary_switches_per_request\":%.4f",
               (int)options.server, cpu_source, cpu_s * 1e6 / count, cpu_s / seconds,
               (double)(server_after.voluntary - server_before.voluntary) / count,
               (double)(server_after.involuntary - server_before.involuntary) / count);
    }
}
