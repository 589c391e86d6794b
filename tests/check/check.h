/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Checks of kernels: every kernel that a level brings is compared with the last good one of the levels
 * below, bit for bit, and can be timed against the scalar one. A test names a slot of the table and the
 * shapes of its rows; data, memory, comparison, crashes and levels are the harness's.
 *
 * What is enforced (contract: src/kernels/kernels.h):
 * - Results: every byte of the columns asked for, and every sum.
 * - Reads: picture rows end 64 bytes after their last full 64 bytes, scratch rows VM_ROW_PAD bytes before
 *   and after theirs. At one end of a row, in turn the first and the last, lies a protected page.
 * - Writes: inputs and their padding stay as they are; of all other rows the padding may be written,
 *   nothing beyond it. Columns outside the ones asked for may hold anything.
 * - Padding: random, and different in the two runs, so no result may depend on it. */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base.h"
#include "kernels/kernels.h"
#include "rows.h"

/* ---- tests ---- */

typedef struct CheckTest {
    const char *name;       /* of the kernel */
    size_t slot;            /* offset of its pointer in VmKernels */
    void (*run)(int which); /* goes through its cases; returns only if all of them are good */
    int which;
} CheckTest;

#define CHECK_SLOT(member) offsetof(VmKernels, member)

/* One list per family, ended by a test without a name. */
extern const CheckTest check_vif[], check_adm[], check_pixel[], check_ssim[], check_float[],
    check_dense[];

/* ---- cases ---- */

/* What the cases that follow are, for messages and the table of speeds. */
void check_label(const char *format, ...) VM_PRINTF(1, 2);

/* Widths from min upwards, with a pattern of data for each:
 *     for (check_sizes(min); (w = check_next_size());) { rows; check_call(); check_same(); } */
void check_sizes(int min);
int check_next_size(void); /* 0 at the end */

/* Is the time taken instead of the results? Then there is one size with natural data. */
int check_timing(void);
/* Is it the short run? */
int check_quick(void);

uint64_t check_random(void);
int check_below(int n); /* 0 .. n - 1 */

/* Calls the kernel from table k with the pointers p[side] of all rows. */
typedef void CheckCall(const VmKernels *k, int side, void *state);

/* Runs both sides and compares the rows. */
void check_call(CheckCall *call, void *state);

/* A result that is not a row must be the same on both sides. */
void check_same(const char *name, const void *good, const void *fresh, size_t size);

/* Ends the test. */
_Noreturn void check_fail(const char *format, ...) VM_PRINTF(1, 2);

/* ---- rows of a case ---- */

enum { CHECK_MAX_ROWS = 70 };

/* A set of rows; p[side][row] points to column 0. A test may write columns of filled sets in p[0],
 * p[1] gets a copy before the call. */
typedef struct CheckRows {
    void *p[2][CHECK_MAX_ROWS];
} CheckRows;

/* Filled, constant: sample rows of a picture (8 bits: bytes), or scratch rows of integers lo .. hi of
 * `size` bytes, or of floats. Sets are correlated as far as the pattern is. */
void check_picture(CheckRows *set, int rows, int bpc, int w);
void check_ints(CheckRows *set, int rows, size_t size, int w, int64_t lo, int64_t hi);
void check_floats(CheckRows *set, int rows, int w, double lo, double hi);

/* Filled by the test itself in p[0]: constant, or with padding that may be written. */
void check_input(CheckRows *set, int rows, size_t size, int w);
void check_work(CheckRows *set, int rows, size_t size, int w);

/* Not filled: to be written at columns from .. to - 1. */
void check_output(CheckRows *set, int rows, size_t size, int w, int from, int to);

/* Not filled, not compared. */
void check_tmp(CheckRows *set, int rows, size_t size, int w);

/* ---- between check.c, check_rows.c and check_time.c ---- */

enum { CHECK_MAX_WIDTH = 32768 };

typedef enum CheckPattern {
    CHECK_RANDOM,
    CHECK_NATURAL, /* waves and noise of different strength; sets differ by a little */
    CHECK_BINARY,  /* least or greatest value at random */
    CHECK_LOG,     /* every magnitude equally likely */
    CHECK_FLAT,    /* one value for a set: random, or in or next to the middle */
    CHECK_LEAST,
    CHECK_GREATEST,
    CHECK_COLUMNS, /* least and greatest in turn */
    CHECK_ROWS,
    CHECK_BOARD,
    CHECK_RAMP,
    CHECK_PATTERNS
} CheckPattern;

extern const char *const check_pattern_names[CHECK_PATTERNS];

void check_seed(uint64_t seed);
void check_rows_begin(CheckPattern pattern, int at_end); /* forgets the rows of the last case */
void check_rows_before(void);                            /* a call */
void check_rows_after(void);
void check_describe_place(char *text, size_t size);

/* Prints what a call costs on both sides. */
void check_time(const char *name, const VmKernels *scalar, const VmKernels *fresh, CheckCall *call,
                void *state, int w);

#endif
