/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A report while it is written, and its numbers and texts; for report.c and report_tiny.c. */
#ifndef VM_REPORT_PUT_H
#define VM_REPORT_PUT_H

#include <stdio.h>

#include "context.h"

typedef struct VmReport {
    VmafContext *v;
    VmafReportConfig config;
    FILE *out;
    const VmColumn **columns; /* those with a value, in report order */
    unsigned n_columns;
    VmafStats *stats; /* of each column; n 0: it has no finite value. NULL: not reported */
    VmList attributes,
        sums; /* the columns' and totals' names as XML takes them; empty: not needed */
    double seconds;
    VmSpan scored;
} VmReport;

/* Does frame i count? Imported scores may lie anywhere, so that only what is known as context is left out. */
int vm_report_counts(const VmReport *r, unsigned i);

/* value is finite */
void vm_report_number(const VmReport *r, double value);
void vm_report_number_or_null(const VmReport *r, double value);

/* Quoted. */
void vm_report_json_text(const VmReport *r, const char *text);

/* "key": ["a", "b"] */
void vm_report_json_list(const VmReport *r, const char *key, const char *const *items, unsigned n);

void vm_report_xml_text(const VmReport *r, const char *text);

/* Attributes; a number that is not finite is left out. */
void vm_report_xml_number(const VmReport *r, const char *name, double value);
void vm_report_xml_attribute(const VmReport *r, const char *name, const char *value);

/* The member "tiny_models" and the elements tiny_model, if there are such models. */
void vm_report_json_tiny(const VmReport *r);
void vm_report_xml_tiny(const VmReport *r);

#endif
