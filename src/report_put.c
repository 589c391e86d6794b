/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "report_put.h"

#include <math.h>
#include <stdio.h>

/* ---- values ---- */

/* libvmaf's rule: 6 decimals, or 16 when the fraction is below 10^-6; |v| >= 2^31 counts as whole. */
static int legacy_decimals(double value)
{
    const double magnitude = fabs(value);
    if (magnitude >= 2147483648.0) return 6;
    double fraction = magnitude - (double)(int)magnitude;
    int count = 0;
    if (fraction == 0) return 6;
    for (; fraction < 1; fraction *= 10) count++;
    return count <= 6 ? 6 : 16;
}

/* value is finite */
void vm_report_number(const VmReport *r, double value)
{
    if (r->config.precision == VMAF_PRECISION_LEGACY)
        fprintf(r->out, "%.*f", legacy_decimals(value), value);
    else fprintf(r->out, "%.*g", r->config.precision ? r->config.precision : 17, value);
}

void vm_report_number_or_null(const VmReport *r, double value)
{
    if (isfinite(value)) vm_report_number(r, value);
    else fputs("null", r->out);
}

void vm_report_json_text(const VmReport *r, const char *text)
{
    fputc('"', r->out);
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        const int n = vm_utf8_length(p);
        if (*p == '"' || *p == '\\') fprintf(r->out, "\\%c", *p);
        else if (*p < 0x20 || *p == 0x7f || n == 0)
            fprintf(r->out, "\\u%04x", *p); /* a byte that is no text stands as its number */
        else fwrite(p, 1, (size_t)n, r->out);
        p += n ? n : 1;
    }
    fputc('"', r->out);
}

/* U+FFFE and U+FFFF are no characters of XML. */
static int is_xml(const unsigned char *p, int length)
{
    return length && *p >= 0x20 && !(*p == 0xef && p[1] == 0xbf && p[2] >= 0xbe);
}

void vm_report_xml_text(const VmReport *r, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        const int n = vm_utf8_length(p);
        if (*p == '"' || *p == '&' || *p == '<' || *p == '>') fprintf(r->out, "&#%d;", *p);
        else if (!is_xml(p, n)) fputc('?', r->out);
        else fwrite(p, 1, (size_t)n, r->out);
        p += n ? n : 1;
    }
}

/* ---- what is reported ---- */

/* Imported scores may lie anywhere, so that only what is known as context is left out. */
int vm_report_counts(const VmReport *r, unsigned i)
{
    const int is_context =
        i >= r->v->first && i < r->v->end && (i < r->scored.first || i >= r->scored.end);
    return !is_context && i % vm_context_step(r->v) == 0;
}

/* "key": ["a", "b"] */
void vm_report_json_list(const VmReport *r, const char *key, const char *const *items, unsigned n)
{
    fprintf(r->out, "    \"%s\": [", key);
    for (unsigned i = 0; i < n; i++) {
        fputs(i ? ", " : "", r->out);
        vm_report_json_text(r, items[i]);
    }
    fputs("]", r->out);
}

/* An attribute; one that has no finite value is left out. */
void vm_report_xml_number(const VmReport *r, const char *name, double value)
{
    if (!isfinite(value)) return;
    fprintf(r->out, "%s=\"", name);
    vm_report_number(r, value);
    fputs("\" ", r->out);
}

void vm_report_xml_attribute(const VmReport *r, const char *name, const char *value)
{
    fprintf(r->out, "%s=\"", name);
    vm_report_xml_text(r, value ? value : "");
    fputs("\" ", r->out);
}
