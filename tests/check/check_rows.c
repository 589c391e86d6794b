/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Memory and data of a case. Each row has a mapping of its own for each side, with a protected page
 * before and after; within it the row lies at the first or at the last possible place. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_ROWS = 192, LINE = 64, PICTURE_SPARE = 64, CANARY = 256, NOISE = 1 << 16 };

typedef enum Kind { PICTURE, INPUT, WORK, OUTPUT, TMP } Kind;

typedef struct Row {
    Kind kind;
    int set, index; /* for messages */
    size_t size;    /* of an element */
    int w, from, to;
    uint8_t *start[2]; /* of the memory that belongs to the row, padding included */
    uint8_t *first[2]; /* column 0 */
    size_t total;      /* bytes from start */
    uint64_t hash[2];
} Row;

static struct {
    uint8_t *memory[MAX_ROWS][2]; /* mapped at first use, kept */
    size_t capacity;              /* accessible bytes of each */
    Row row[MAX_ROWS];
    int n, sets;
    CheckPattern pattern;
    int at_end;
    uint64_t random;
    uint32_t phase, step_x, step_y; /* of the waves */
    int flip;                       /* the second set is the inverse of the first */
    uint8_t noise[NOISE];
} self;

/* ---- random numbers ---- */

uint64_t check_random(void)
{
    /* xorshift64*: any non-zero state is followed by all others */
    self.random ^= self.random >> 12;
    self.random ^= self.random << 25;
    self.random ^= self.random >> 27;
    return self.random * UINT64_C(2685821657736338717);
}

int check_below(int n)
{
    return (int)((check_random() >> 32) * (uint64_t)n >> 32);
}

void check_seed(uint64_t seed)
{
    self.random = seed ? seed : 1;
    for (int i = 0; i < 8; i++) check_random();
    for (size_t i = 0; i < NOISE; i += 8) {
        const uint64_t x = check_random();
        memcpy(self.noise + i, &x, 8);
    }
}

/* Contents of memory that nobody has written: noise; now and then all ones, NaN as a float. */
static void fill_noise(uint8_t *p, size_t n)
{
    if (check_below(8) == 0) {
        memset(p, 0xff, n);
        return;
    }
    while (n) {
        const size_t at = (size_t)check_below(NOISE / 2), part = VM_MIN(n, NOISE / 2);
        memcpy(p, self.noise + at, part);
        p += part;
        n -= part;
    }
}

/* ---- memory ---- */

static size_t round_up(size_t n, size_t unit)
{
    return (n + unit - 1) / unit * unit;
}

static uint8_t *map_guarded(size_t capacity, size_t page)
{
    uint8_t *p = mmap(NULL, capacity + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mprotect(p + page, capacity, PROT_READ | PROT_WRITE)) {
        perror("check: mmap");
        exit(2);
    }
    return p + page;
}

static uint8_t *memory_of(int row, int side)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t largest = (size_t)CHECK_MAX_WIDTH * 8 + 2 * VM_ROW_PAD + CANARY;
    self.capacity = round_up(largest, page);
    if (!self.memory[row][side]) self.memory[row][side] = map_guarded(self.capacity, page);
    return self.memory[row][side];
}

void check_rows_begin(CheckPattern pattern, int at_end)
{
    self.n = self.sets = 0;
    self.pattern = pattern;
    self.at_end = at_end;
    self.phase = (uint32_t)check_random();
    self.step_x = (uint32_t)check_random() >> 6; /* periods of 64 samples and more */
    self.step_y = (uint32_t)check_random() >> 6;
    self.flip = check_below(2);
}

void check_describe_place(char *text, size_t size)
{
    snprintf(text, size, "rows against the page %s", self.at_end ? "behind" : "before");
}

static void place(Row *r, int i)
{
    const size_t pad = r->kind == PICTURE ? 0 : VM_ROW_PAD;
    r->total = pad + round_up((size_t)r->w * r->size, LINE) +
               (r->kind == PICTURE ? PICTURE_SPARE : VM_ROW_PAD);
    for (int side = 0; side < 2; side++) {
        uint8_t *memory = memory_of(i, side);
        r->start[side] = self.at_end ? memory + self.capacity - r->total : memory;
        r->first[side] = r->start[side] + pad;
        fill_noise(r->start[side], r->total);
    }
}

static void take(CheckRows *set, int rows, Kind kind, size_t size, int w)
{
    for (int k = 0; k < rows; k++) {
        if (self.n == MAX_ROWS || k == CHECK_MAX_ROWS) {
            fprintf(stderr, "check: too many rows\n");
            exit(2);
        }
        Row *r = &self.row[self.n];
        *r = (Row){.kind = kind, .set = self.sets, .index = k, .size = size, .w = w, .to = w};
        place(r, self.n++);
        for (int side = 0; side < 2; side++) set->p[side][k] = r->first[side];
    }
    self.sets++;
}

/* ---- data ---- */

const char *const check_pattern_names[CHECK_PATTERNS] = {"random", "natural", "binary",   "log",
                                                         "flat",   "least",   "greatest", "column",
                                                         "row",    "board",   "ramp"};

/* Triangle waves in both directions between 1/4 and 3/4, and noise whose strength changes from block to
 * block, down to none. */
static uint32_t natural(int set, int y, int x)
{
    const uint32_t t = self.phase + (uint32_t)x * self.step_x + (uint32_t)y * self.step_y;
    const uint32_t wave = (uint32_t)((int32_t)t >> 31) ^ t;
    const uint32_t block = ((uint32_t)x >> 4) * 2654435761u + self.phase;
    const uint32_t shift = 3 + (block >> 29) * 3 + (set ? 1 : 0);
    return (1u << 30) + wave / 2 + ((uint32_t)check_random() >> shift);
}

/* Where the value lies between least and greatest, 0 .. 2^32 - 1. */
static uint32_t fraction(int set, int y, int x)
{
    const uint32_t inverse = self.flip && set & 1 ? UINT32_MAX : 0;
    switch (self.pattern) {
    case CHECK_NATURAL: return natural(set, y, x);
    case CHECK_BINARY: return check_random() >> 63 ? UINT32_MAX : 0;
    case CHECK_FLAT: return (self.phase + (uint32_t)set) * 2654435761u;
    case CHECK_LEAST: return inverse;
    case CHECK_GREATEST: return ~inverse;
    case CHECK_COLUMNS: return (x & 1 ? UINT32_MAX : 0) ^ inverse;
    case CHECK_ROWS: return (y & 1 ? UINT32_MAX : 0) ^ inverse;
    case CHECK_BOARD: return ((x + y) & 1 ? UINT32_MAX : 0) ^ inverse;
    case CHECK_RAMP:
        return (self.phase + (uint32_t)x * self.step_x + (uint32_t)y * 99991) ^ inverse;
    default: return (uint32_t)(check_random() >> 32);
    }
}

/* 0 .. 1, every power of two above 2^-bits equally likely, with either sign where lo < 0 */
static double logarithmic(double lo, double hi, int bits)
{
    const uint64_t x = check_random();
    const double m =
        (double)(x >> 40 | 1 << 23) / (1 << 24) / (double)((uint64_t)1 << x % (uint64_t)bits);
    if (lo >= 0) return lo + (hi - lo) * m;
    return x & 1 << 20 ? hi * m : lo * m;
}

static int64_t flat(int set, int64_t lo, int64_t hi)
{
    const uint32_t hash = (self.phase + (uint32_t)set) * 2654435761u;
    if (hash >> 30 == 0) return lo + (int64_t)((uint64_t)(hi - lo + 1) * (hash << 2) >> 32);
    const int64_t v = lo + (hi - lo + 1) / 2 + (hash >> 30) - 2;
    return VM_MAX(lo, VM_MIN(v, hi));
}

static int64_t value(int set, int y, int x, int64_t lo, int64_t hi)
{
    if (self.pattern == CHECK_FLAT) return flat(set, lo, hi);
    if (self.pattern == CHECK_LOG) return (int64_t)logarithmic((double)lo, (double)hi, 32);
    return lo + (int64_t)((uint64_t)(hi - lo + 1) * fraction(set, y, x) >> 32);
}

static void fill_ints(Row *r, int64_t lo, int64_t hi)
{
    uint8_t *p = r->first[0];
    for (int j = 0; j < r->w; j++, p += r->size) {
        const int64_t v = value(r->set, r->index, j, lo, hi);
        if (r->size == 1) *p = (uint8_t)v;
        else if (r->size == 2) *(uint16_t *)(void *)p = (uint16_t)v;
        else *(uint32_t *)(void *)p = (uint32_t)v;
    }
}

static void fill_floats(Row *r, double lo, double hi)
{
    float *p = (float *)(void *)r->first[0];
    for (int j = 0; j < r->w; j++)
        p[j] = (float)(self.pattern == CHECK_LOG
                           ? logarithmic(lo, hi, 40)
                           : lo + (hi - lo) * fraction(r->set, r->index, j) / (double)UINT32_MAX);
}

void check_picture(CheckRows *set, int rows, int bpc, int w)
{
    take(set, rows, PICTURE, bpc > 8 ? 2 : 1, w);
    for (int k = 0; k < rows; k++) fill_ints(&self.row[self.n - rows + k], 0, (1 << bpc) - 1);
}

void check_ints(CheckRows *set, int rows, size_t size, int w, int64_t lo, int64_t hi)
{
    take(set, rows, INPUT, size, w);
    for (int k = 0; k < rows; k++) fill_ints(&self.row[self.n - rows + k], lo, hi);
}

void check_floats(CheckRows *set, int rows, int w, double lo, double hi)
{
    take(set, rows, INPUT, sizeof(float), w);
    for (int k = 0; k < rows; k++) fill_floats(&self.row[self.n - rows + k], lo, hi);
}

void check_input(CheckRows *set, int rows, size_t size, int w)
{
    take(set, rows, INPUT, size, w);
}

void check_work(CheckRows *set, int rows, size_t size, int w)
{
    take(set, rows, WORK, size, w);
}

void check_output(CheckRows *set, int rows, size_t size, int w, int from, int to)
{
    take(set, rows, OUTPUT, size, w);
    for (int k = 0; k < rows; k++) {
        self.row[self.n - rows + k].from = from;
        self.row[self.n - rows + k].to = to;
    }
}

void check_tmp(CheckRows *set, int rows, size_t size, int w)
{
    take(set, rows, TMP, size, w);
}

/* ---- before and after ---- */

static int is_constant(const Row *r)
{
    return r->kind == PICTURE || r->kind == INPUT;
}

/* The side that no protected page guards: only writes show there. */
static uint8_t *canary(const Row *r, int side)
{
    return self.at_end ? r->start[side] - CANARY : r->start[side] + r->total;
}

static uint64_t hash_of(const uint8_t *p, size_t n)
{
    uint64_t hash = 1, x;
    for (size_t i = 0; i < n; i += 8) {
        memcpy(&x, p + i, 8);
        hash = (hash ^ x) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    return hash;
}

void check_rows_before(void)
{
    for (int i = 0; i < self.n; i++) {
        Row *r = &self.row[i];
        if (is_constant(r) || r->kind == WORK)
            memcpy(r->first[1], r->first[0], (size_t)r->w * r->size);
        for (int side = 0; side < 2; side++) {
            memset(canary(r, side), 0xa5, CANARY);
            if (is_constant(r)) r->hash[side] = hash_of(r->start[side], r->total);
        }
    }
}

static void check_writes(const Row *r, int side)
{
    static const char *const who[] = {"the reference", "the kernel"};
    if (is_constant(r) && r->hash[side] != hash_of(r->start[side], r->total))
        check_fail("%s has written to its input, set %d row %d", who[side], r->set, r->index);
    const uint8_t *p = canary(r, side);
    for (int i = 0; i < CANARY; i++)
        if (p[i] != 0xa5)
            check_fail("%s has written %td bytes from column 0 of set %d row %d (%d columns)",
                       who[side], p + i - r->first[side], r->set, r->index, r->w);
}

static uint32_t element(const Row *r, int side, int j)
{
    uint32_t x = 0; /* printed as a number: the smaller types at the lower end */
    for (size_t b = r->size; b-- > 0;) x = x << 8 | r->first[side][(size_t)j * r->size + b];
    return x;
}

static void check_results(const Row *r)
{
    const size_t from = (size_t)r->from * r->size, to = (size_t)r->to * r->size;
    if (to <= from || !memcmp(r->first[0] + from, r->first[1] + from, to - from)) return;
    int j = r->from;
    while (element(r, 0, j) == element(r, 1, j)) j++;
    check_fail("set %d row %d column %d: %#x should be %#x", r->set, r->index, j, element(r, 1, j),
               element(r, 0, j));
}

void check_rows_after(void)
{
    for (int i = 0; i < self.n; i++) {
        const Row *r = &self.row[i];
        for (int side = 0; side < 2; side++) check_writes(r, side);
        if (r->kind == WORK || r->kind == OUTPUT) check_results(r);
    }
}
