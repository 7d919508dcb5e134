/*
 * Counts of values in buckets: 2048 of width 1, then 1024 for each further power of two. That is HdrHistogram's layout
 * for three significant digits and values from 1.
 */
#include "common.h"
#include "load.h"

#include <math.h>
#include <string.h>

#define HALF_BITS 10
#define HALF (1u << HALF_BITS)
#define SUB_BUCKETS (2 * HALF)
#define TOP (64 - HALF_BITS) /* powers of two above the first 2048 */
#define TICKS_PER_HALF 5 /* lines of the text while the distance to 100% halves */

struct histogram {
    uint64_t counts[(TOP + 1) * HALF];
    uint64_t total;
    uint64_t greatest;
};

struct histogram *new_histogram(void) {
    return allocate(1, sizeof(struct histogram));
}

void clear_histogram(struct histogram *histogram) {
    memset(histogram, 0, sizeof *histogram);
}

static unsigned power_of(uint64_t value) {
    return 63u - (unsigned)__builtin_clzll(value | (SUB_BUCKETS - 1)) - HALF_BITS;
}

static unsigned index_of(uint64_t value) {
    unsigned power = power_of(value);
    return (power << HALF_BITS) + (unsigned)(value >> power);
}

/* The greatest value that is counted in the same bucket. */
static uint64_t last_of(unsigned index) {
    unsigned power = index < SUB_BUCKETS ? 0 : (index >> HALF_BITS) - 1;
    uint64_t sub_bucket = index - (power << HALF_BITS);
    return ((sub_bucket + 1) << power) - 1;
}

static uint64_t middle_of(unsigned index) {
    unsigned power = index < SUB_BUCKETS ? 0 : (index >> HALF_BITS) - 1;
    return ((uint64_t)(index - (power << HALF_BITS)) << power) + (power == 0 ? 0 : 1ull << (power - 1));
}

void record(struct histogram *histogram, uint64_t value) {
    histogram->counts[index_of(value)]++;
    histogram->total++;
    if (value > histogram->greatest) {
        histogram->greatest = value;
    }
}

uint64_t count_of(const struct histogram *histogram) {
    return histogram->total;
}

uint64_t greatest_of(const struct histogram *histogram) {
    return histogram->greatest;
}

uint64_t value_at(const struct histogram *histogram, double fraction) {
    uint64_t wanted = (uint64_t)ceil((double)histogram->total * fraction);
    uint64_t seen = 0;
    for (unsigned i = 0; i < sizeof histogram->counts / sizeof *histogram->counts; i++) {
        seen += histogram->counts[i];
        if (seen > 0 && seen >= wanted) {
            return last_of(i) < histogram->greatest ? last_of(i) : histogram->greatest;
        }
    }
    return histogram->greatest;
}

static void moments(const struct histogram *histogram, double *mean, double *deviation) {
    double sum = 0;
    double squares = 0;
    for (unsigned i = 0; i < sizeof histogram->counts / sizeof *histogram->counts; i++) {
        double value = (double)middle_of(i) / 1000;
        sum += value * (double)histogram->counts[i];
        squares += value * value * (double)histogram->counts[i];
    }
    *mean = histogram->total == 0 ? 0 : sum / (double)histogram->total;
    double variance = histogram->total == 0 ? 0 : squares / (double)histogram->total - *mean * *mean;
    *deviation = variance > 0 ? sqrt(variance) : 0;
}

/* The next percentile to write: steps that halve each time the distance to 100 does. */
static double next_level(double level) {
    double halvings = floor(log2(100.0 / (100.0 - level))) + 1;
    return level + 100.0 / (TICKS_PER_HALF * exp2(halvings));
}

void write_hgrm(const struct histogram *histogram, const char *path) {
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        die("%s", path);
    }
    fprintf(file, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    double level = 0;
    uint64_t seen = 0;
    for (unsigned i = 0; i < sizeof histogram->counts / sizeof *histogram->counts && seen < histogram->total; i++) {
        if (histogram->counts[i] == 0) {
            continue;
        }
        seen += histogram->counts[i];
        double reached = 100.0 * (double)seen / (double)histogram->total;
        bool last = seen == histogram->total; /* which has one line more, and then that of 100% */
        for (bool more = true; more && level < 100 && reached >= level; more = !last) {
            fprintf(file, "%12.3f %2.12f %10llu %14.2f\n", (double)last_of(i) / 1000, level / 100,
                    (unsigned long long)seen, 1 / (1 - level / 100));
            level = next_level(level);
        }
        if (last) {
            fprintf(file, "%12.3f %2.12f %10llu\n", (double)last_of(i) / 1000, 1.0, (unsigned long long)seen);
        }
    }
    double mean;
    double deviation;
    moments(histogram, &mean, &deviation);
    fprintf(file, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", mean, deviation);
    fprintf(file, "#[Max     = %12.3f, Total count    = %12llu]\n", (double)histogram->greatest / 1000,
            (unsigned long long)histogram->total);
    fprintf(file, "#[Buckets = %12u, SubBuckets     = %12u]\n", power_of(histogram->greatest) + 1, SUB_BUCKETS);
    if (fclose(file) != 0) {
        die("%s", path);
    }
}
