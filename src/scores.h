/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The score table: a column for each feature or model, a row for each frame, each cell written once.
 *
 * Columns are added and rows reserved by the thread that owns the context; cells of reserved rows may
 * then be written by any thread, different cells at the same time. */
#ifndef VM_SCORES_H
#define VM_SCORES_H

#include "base.h"
#include "libvmaf/libvmaf.h"

/* When a column gets its values; reports list them in this order. */
typedef enum VmPhase {
    VM_PHASE_FRAME, /* with the frame */
    VM_PHASE_NEXT,  /* when the frame after it is there */
    VM_PHASE_FLUSH, /* after the last frame */
    VM_PHASE_MODEL, /* when scores are asked for */
} VmPhase;

/* 2^26 frames are 300 hours at 60 frames per second. */
enum { VM_SCORE_CHUNKS = 17, VM_SCORE_FIRST_CHUNK = 1024, VM_MAX_FRAMES = 1 << 26 };

/* A quiet NaN that no arithmetic produces stands in cells without a value; storing it changes nothing. */
#define VM_UNWRITTEN UINT64_C(0x7ff8dead00000000)

/* The model whose scores stand in a column. */
typedef struct VmOwner {
    uint64_t id;      /* of the model's file, name and options */
    char source[128]; /* for sentences; long ones are cut */
} VmOwner;

typedef struct VmColumn {
    char *key;   /* name in models: "VMAF_integer_feature_adm2_score" */
    char *label; /* name in reports: "integer_adm2" */
    VmPhase phase;
    int hidden;                        /* never reported: raw material of other columns */
    int imported;                      /* filled by the caller of the library */
    VmOwner owner;                     /* of a VM_PHASE_MODEL column */
    unsigned base;                     /* the table's */
    uint64_t *chunks[VM_SCORE_CHUNKS]; /* chunk k has 1024 * 2^k cells and never moves */
} VmColumn;

/* PSNR over all frames, from exact sums: those of a clip's parts can be added. */
typedef struct VmTotal {
    char *name;
    uint64_t sse;
    double samples; /* compared; a whole number below 2^53. 0: there is no value */
    double peak;
} VmTotal;

typedef struct VmScores {
    VmColumn **columns;
    unsigned n_columns;
    VmTotal *totals;
    unsigned n_totals;
    unsigned base, n_rows; /* rows base .. n_rows - 1 are reserved in every column */
} VmScores;

void vm_scores_free(VmScores *scores);

/* Takes key and label (allocated; NULL: out of memory). *column is the new column, or NULL when a
 * column of that key or label exists. */
int vm_scores_add(VmScores *scores, char *key, char *label, VmPhase phase, VmColumn **column);

/* Adds the sums to those of that name; the name is copied. */
int vm_scores_add_total(VmScores *scores, const char *name, const VmTotal *sums);

/* In dB; -INFINITY: none. */
double vm_total_value(const VmTotal *total);

/* Nothing will be written before this row, so that a part of a long clip takes no memory for what is before it.
 * Does nothing once a row is reserved. */
void vm_scores_begin(VmScores *scores, unsigned row);

/* Takes back what was added or reserved since: columns from n_columns on, rows, the first row. */
void vm_scores_restore(VmScores *s, unsigned n_columns, unsigned n_rows, unsigned base);

/* Makes rows up to n - 1 writable in every column, from where they begin. */
int vm_scores_reserve(VmScores *scores, unsigned n);

/* By key or label; NULL if there is none. */
VmColumn *vm_scores_find(const VmScores *scores, const char *name);

void vm_column_put(VmColumn *column, unsigned row, double value);
void vm_column_put_bits(VmColumn *column, unsigned row, uint64_t bits);

/* 0 and the value, or -ENODATA where nothing was written. */
int vm_column_get(const VmColumn *column, unsigned row, double *value);
int vm_column_get_bits(const VmColumn *column, unsigned row, uint64_t *bits);

/* min, max, mean, harmonic mean over rows low..high that are multiples of step. */
typedef struct VmPooled {
    double min, max, mean, harmonic_mean;
} VmPooled;

/* Values one after the other; begins zeroed. */
typedef struct VmPooling {
    size_t n;
    double sum, inverse, min, max;
} VmPooling;

void vm_pooling_add(VmPooling *pooling, double value);
int vm_pooling_end(const VmPooling *pooling, VmPooled *pooled); /* -ENODATA: there was none */

/* By one of the four methods. */
double vm_pooled_by(const VmPooled *pooled, enum VmafPoolingMethod method);

/* -ENODATA if one of the rows has no value. */
int vm_column_pool(const VmColumn *column, unsigned low, unsigned high, unsigned step,
                   VmPooled *pooled);

/* Linear percentile, 0 <= p <= 100, of n > 0 ascending values. */
double vm_percentile(const double *sorted, unsigned n, double p);

int vm_compare_doubles(const void *a, const void *b); /* for qsort */

#endif
