/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Reports in libvmaf's four layouts, streamed to a file that appears whole or not at all.
 * (spec: 7) */
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report_put.h"

static int has_values(const VmReport *r, const VmColumn *c)
{
    double value;
    for (unsigned i = r->v->scores.base; i < r->v->scores.n_rows; i++)
        if (vm_report_counts(r, i) && !vm_column_get(c, i, &value)) return 1;
    return 0;
}

static int choose_columns(VmReport *r)
{
    const VmScores *s = &r->v->scores;
    r->columns = vm_alloc_array(s->n_columns + 1, sizeof(*r->columns));
    if (!r->columns) return -ENOMEM;
    for (int phase = VM_PHASE_FRAME; phase <= VM_PHASE_MODEL; phase++)
        for (unsigned i = 0; i < s->n_columns; i++)
            if ((int)s->columns[i]->phase == phase && !s->columns[i]->hidden &&
                has_values(r, s->columns[i]))
                r->columns[r->n_columns++] = s->columns[i];
    return 0;
}

/* The next row at or after i with at least one value; n_rows if there is none. */
static unsigned next_row(const VmReport *r, unsigned i)
{
    double value;
    for (i = VM_MAX(i, r->v->scores.base); i < r->v->scores.n_rows; i++)
        for (unsigned c = 0; vm_report_counts(r, i) && c < r->n_columns; c++)
            if (!vm_column_get(r->columns[c], i, &value)) return i;
    return i;
}

static int pooled(const VmReport *r, const VmColumn *c, VmPooled *p)
{
    if (r->scored.first == r->scored.end) return -ENODATA;
    return vm_column_pool(c, r->scored.first, r->scored.end - 1, vm_context_step(r->v), p);
}

static double fps(const VmReport *r)
{
    if (r->config.reproducible) return 0;
    return r->seconds > 0 ? (r->scored.end - r->scored.first) / r->seconds : 0;
}

/* A value of --precision. */
static void put_precision(const VmReport *r)
{
    const int digits = r->config.precision;
    if (digits == VMAF_PRECISION_LEGACY) fputs("legacy", r->out);
    else if (digits == VMAF_PRECISION_MAX || digits == 17) fputs("max", r->out);
    else fprintf(r->out, "%d", digits);
}

/* ---- JSON ---- */

static void json_frame(const VmReport *r, unsigned i)
{
    fprintf(r->out, "    {\n      \"frameNum\": %u,\n      \"metrics\": {\n", i);
    unsigned last = 0;
    double value;
    for (unsigned c = 0; c < r->n_columns; c++)
        if (!vm_column_get(r->columns[c], i, &value)) last = c;
    for (unsigned c = 0; c <= last; c++) {
        if (vm_column_get(r->columns[c], i, &value)) continue;
        fputs("        ", r->out);
        vm_report_json_text(r, r->columns[c]->label);
        fputs(": ", r->out);
        vm_report_number_or_null(r, value);
        fputs(c < last ? "," : "", r->out);
        /* libvmaf has no line break after a null; readers of its bytes get the same */
        if (isfinite(value)) fputc('\n', r->out);
    }
    fputs("      }\n    }", r->out);
}

static void json_frames(const VmReport *r)
{
    fputs("  \"frames\": [", r->out);
    int any = 0;
    for (unsigned i = next_row(r, 0); i < r->v->scores.n_rows; i = next_row(r, i + 1)) {
        fputs(any ? ",\n" : "\n", r->out);
        json_frame(r, i);
        any = 1;
    }
    fputs("\n  ],\n", r->out);
}

static void json_pooled(const VmReport *r)
{
    fputs("  \"pooled_metrics\": {", r->out);
    for (unsigned c = 0; c < r->n_columns; c++) {
        VmPooled p;
        fputs(c ? ",\n    " : "\n    ", r->out);
        vm_report_json_text(r, r->columns[c]->label);
        fputs(": {", r->out);
        if (!pooled(r, r->columns[c], &p)) {
            const char *const names[] = {"min", "max", "mean", "harmonic_mean"};
            const double values[] = {p.min, p.max, p.mean, p.harmonic_mean};
            for (int k = 0; k < 4; k++) {
                fprintf(r->out, "%s\n      \"%s\": ", k ? "," : "", names[k]);
                vm_report_number_or_null(r, values[k]);
            }
        }
        fputs("\n    }", r->out);
    }
    fputs("\n  },\n", r->out);
}

static void json_totals(const VmReport *r)
{
    fputs("  \"aggregate_metrics\": {", r->out);
    for (unsigned i = 0; i < r->v->scores.n_totals; i++) {
        fputs(i ? ",\n    " : "\n    ", r->out);
        vm_report_json_text(r, r->v->scores.totals[i].name);
        fputs(": ", r->out);
        vm_report_number_or_null(r, vm_total_value(&r->v->scores.totals[i]));
    }
    fputs("\n  }", r->out);
}

static void json_models(const VmReport *r)
{
    fputs("    \"models\": [", r->out);
    for (unsigned i = 0; i < r->v->n_models; i++) {
        const VmModelRecord *m = &r->v->models[i];
        fputs(i ? ",\n      {\"name\": " : "\n      {\"name\": ", r->out);
        vm_report_json_text(r, m->name);
        fputs(", \"source\": ", r->out);
        vm_report_json_text(r, m->origin);
        fprintf(r->out, ", \"sha256\": \"%s\", \"collection\": %s}", m->sha256,
                m->is_collection ? "true" : "false");
    }
    fputs(r->v->n_models ? "\n    ],\n" : "],\n", r->out);
}

/* What the values of the whole clip come from. 64 bits are more than most JSON readers keep of a
 * number, so that sums are texts. */
static void json_sums(const VmReport *r)
{
    fputs("    \"sums\": {", r->out);
    for (unsigned i = 0; i < r->v->scores.n_totals; i++) {
        const VmTotal *t = &r->v->scores.totals[i];
        fputs(i ? ",\n      " : "\n      ", r->out);
        vm_report_json_text(r, t->name);
        fprintf(r->out, ": {\"sse\": \"%" PRIu64 "\", \"samples\": %.0f, \"peak\": %.17g}", t->sse,
                t->samples, t->peak);
    }
    fputs(r->v->scores.n_totals ? "\n    },\n" : "},\n", r->out);
}

/* Frames of one column, if there are any; n: columns before it that have some. */
static int json_nan_frames(const VmReport *r, const VmColumn *column, int n)
{
    int found = 0;
    for (unsigned i = next_row(r, 0); i < r->v->scores.n_rows; i = next_row(r, i + 1)) {
        double value;
        if (vm_column_get(column, i, &value) || !isnan(value)) continue;
        if (found) fprintf(r->out, ", %u", i);
        else {
            fputs(n ? ",\n      " : "    \"nan\": {\n      ", r->out);
            vm_report_json_text(r, column->label);
            fprintf(r->out, ": [%u", i);
        }
        found = 1;
    }
    if (found) fputs("]", r->out);
    return found;
}

/* A score that is not finite is null; those that are no number at all are listed, so that they do not count as infinite
 * where reports are put together. */
static void json_nan(const VmReport *r)
{
    int n = 0;
    for (unsigned c = 0; c < r->n_columns; c++) n += json_nan_frames(r, r->columns[c], n);
    if (n) fputs("\n    },\n", r->out);
}

static void json_percentiles(const VmReport *r)
{
    fputs("    \"percentiles\": {", r->out);
    int any = 0;
    for (unsigned c = 0; c < r->n_columns; c++) {
        const VmafStats *s = &r->stats[c];
        const char *const names[] = {"p1", "p5", "p10", "p25", "p50", "stddev"};
        const double values[] = {s->p1, s->p5, s->p10, s->p25, s->p50, s->stddev};
        if (!s->n) continue;
        fputs(any ? ",\n      " : "\n      ", r->out);
        vm_report_json_text(r, r->columns[c]->label);
        fputs(": {", r->out);
        for (int k = 0; k < 6; k++) {
            fprintf(r->out, "%s\"%s\": ", k ? ", " : "", names[k]);
            vm_report_number_or_null(r, values[k]);
        }
        fprintf(r->out, ", \"worst_frame\": %u}", s->worst_index);
        any = 1;
    }
    fputs(any ? "\n    },\n" : "},\n", r->out);
}

static void json_extension(const VmReport *r)
{
    const VmFormat *f = &r->v->format;
    fprintf(r->out, ",\n  \"tinyvmaf\": {\n    \"version\": \"%s\",\n    \"epoch\": \"%s\",\n",
            vmaf_ext_version(), vmaf_ext_epoch());
    fputs("    \"reference\": ", r->out);
    vm_report_json_text(r, r->config.reference ? r->config.reference : "");
    fputs(",\n    \"distorted\": ", r->out);
    vm_report_json_text(r, r->config.distorted ? r->config.distorted : "");
    fprintf(r->out,
            ",\n    \"width\": %u,\n    \"height\": %u,\n    \"pixel_format\": \"%s\",\n"
            "    \"bit_depth\": %u,\n    \"first_frame\": %u,\n    \"frames\": %u,\n"
            "    \"subsample\": %u,\n",
            f->w, f->h, vm_pixel_format_name(r->v->format.pix_fmt), f->bpc, r->scored.first,
            r->scored.end - r->scored.first, vm_context_step(r->v));
    fputs("    \"precision\": \"", r->out);
    put_precision(r);
    fputs("\",\n", r->out);
    json_models(r);
    vm_report_json_tiny(r);
    vm_report_json_list(r, "features", (const char *const *)r->v->features.items, r->v->features.n);
    fputs(",\n", r->out);
    json_percentiles(r);
    json_sums(r);
    json_nan(r);
    vm_report_json_list(r, "warnings", r->config.warnings, r->config.n_warnings);
    fputs("\n  }", r->out);
}

static void write_json(const VmReport *r)
{
    fprintf(r->out, "{\n  \"version\": \"%s\",\n  \"fps\": %.2f,\n", vmaf_version(), fps(r));
    json_frames(r);
    json_pooled(r);
    json_totals(r);
    if (r->config.extended) json_extension(r);
    fputs("\n}\n", r->out);
}

/* ---- XML ---- */

/* In place: a score's name as an attribute's name, which may hold few characters. */
static void make_attribute(char *name)
{
    for (char *p = name; *p; p++) {
        const int letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_';
        const int inner = (*p >= '0' && *p <= '9') || *p == '-' || *p == '.';
        if (!letter && !(inner && p > name)) *p = '_';
    }
}

/* Attributes of an element differ, also where the scores' names differ only in what XML does not take. `taken` has them
 * as keys and the number at which to go on: no number is tried twice for one name. */
static int add_attribute(VmList *names, json_t *taken, const char *label)
{
    char *stem = vm_strdup(label), *name = stem ? vm_strdup(label) : NULL;
    if (stem) make_attribute(stem);
    if (name) make_attribute(name);
    json_int_t k = stem ? VM_MAX(json_integer_value(json_object_get(taken, stem)), 2) : 0;
    while (name && json_object_get(taken, name)) {
        vm_free(name);
        name = vm_printf("%s_%" JSON_INTEGER_FORMAT, stem, k++);
    }
    int code = name && !json_object_set_new(taken, stem, json_integer(k)) &&
                       !json_object_set_new(taken, name, json_integer(2))
                   ? vm_list_add(names, vm_strdup(name))
                   : -ENOMEM;
    vm_free(stem);
    vm_free(name);
    return code;
}

static int name_attributes(VmReport *r)
{
    const VmScores *s = &r->v->scores;
    json_t *taken = json_pack("{s:i}", "frameNum", 2), *sums = json_object();
    int code = taken && sums ? 0 : -ENOMEM;
    for (unsigned c = 0; !code && c < r->n_columns; c++)
        code = add_attribute(&r->attributes, taken, r->columns[c]->label);
    for (unsigned i = 0; !code && i < s->n_totals; i++)
        code = add_attribute(&r->sums, sums, s->totals[i].name);
    json_decref(taken);
    json_decref(sums);
    return code;
}

static void xml_frames(const VmReport *r)
{
    fputs("  <frames>\n", r->out);
    for (unsigned i = next_row(r, 0); i < r->v->scores.n_rows; i = next_row(r, i + 1)) {
        double value;
        fprintf(r->out, "    <frame frameNum=\"%u\" ", i);
        for (unsigned c = 0; c < r->n_columns; c++)
            if (!vm_column_get(r->columns[c], i, &value))
                vm_report_xml_number(r, r->attributes.items[c], value);
        fputs("/>\n", r->out);
    }
    fputs("  </frames>\n", r->out);
}

static void xml_pooled(const VmReport *r)
{
    fputs("  <pooled_metrics>\n", r->out);
    for (unsigned c = 0; c < r->n_columns; c++) {
        VmPooled p;
        fputs("    <metric ", r->out);
        vm_report_xml_attribute(r, "name", r->columns[c]->label);
        if (!pooled(r, r->columns[c], &p)) {
            vm_report_xml_number(r, "min", p.min);
            vm_report_xml_number(r, "max", p.max);
            vm_report_xml_number(r, "mean", p.mean);
            vm_report_xml_number(r, "harmonic_mean", p.harmonic_mean);
        }
        fputs("/>\n", r->out);
    }
    fputs("  </pooled_metrics>\n  <aggregate_metrics ", r->out);
    for (unsigned i = 0; i < r->v->scores.n_totals; i++)
        vm_report_xml_number(r, r->sums.items[i], vm_total_value(&r->v->scores.totals[i]));
    fputs("/>\n", r->out);
}

static void xml_percentiles(const VmReport *r)
{
    for (unsigned c = 0; c < r->n_columns; c++) {
        const VmafStats *s = &r->stats[c];
        if (!s->n) continue;
        fputs("    <percentiles ", r->out);
        vm_report_xml_attribute(r, "name", r->columns[c]->label);
        vm_report_xml_number(r, "p1", s->p1);
        vm_report_xml_number(r, "p5", s->p5);
        vm_report_xml_number(r, "p10", s->p10);
        vm_report_xml_number(r, "p25", s->p25);
        vm_report_xml_number(r, "p50", s->p50);
        vm_report_xml_number(r, "stddev", s->stddev);
        fprintf(r->out, "worst_frame=\"%u\" />\n", s->worst_index);
    }
}

static void xml_extension(const VmReport *r)
{
    fprintf(r->out, "  <tinyvmaf version=\"%s\" epoch=\"%s\" ", vmaf_ext_version(),
            vmaf_ext_epoch());
    vm_report_xml_attribute(r, "reference", r->config.reference);
    vm_report_xml_attribute(r, "distorted", r->config.distorted);
    fprintf(r->out,
            "pixel_format=\"%s\" bit_depth=\"%u\" first_frame=\"%u\" frames=\"%u\" "
            "subsample=\"%u\">\n",
            vm_pixel_format_name(r->v->format.pix_fmt), r->v->format.bpc, r->scored.first,
            r->scored.end - r->scored.first, vm_context_step(r->v));
    for (unsigned i = 0; i < r->v->n_models; i++) {
        fputs("    <model ", r->out);
        vm_report_xml_attribute(r, "name", r->v->models[i].name);
        vm_report_xml_attribute(r, "source", r->v->models[i].origin);
        vm_report_xml_attribute(r, "sha256", r->v->models[i].sha256);
        fputs("/>\n", r->out);
    }
    vm_report_xml_tiny(r);
    for (unsigned i = 0; i < r->v->features.n; i++) {
        fputs("    <feature ", r->out);
        vm_report_xml_attribute(r, "name", r->v->features.items[i]);
        fputs("/>\n", r->out);
    }
    xml_percentiles(r);
    for (unsigned i = 0; i < r->config.n_warnings; i++) {
        fputs("    <warning ", r->out);
        vm_report_xml_attribute(r, "text", r->config.warnings[i]);
        fputs("/>\n", r->out);
    }
    fputs("  </tinyvmaf>\n", r->out);
}

static void write_xml(const VmReport *r)
{
    fprintf(r->out,
            "<VMAF version=\"%s\">\n  <params qualityWidth=\"%u\" qualityHeight=\"%u\" />\n"
            "  <fyi fps=\"%.2f\" />\n",
            vmaf_version(), r->v->format.w, r->v->format.h, fps(r));
    xml_frames(r);
    xml_pooled(r);
    if (r->config.extended) xml_extension(r);
    fputs("</VMAF>\n", r->out);
}

/* ---- CSV and SUB ---- */

/* A field as RFC 4180 has it: quoted where it must be. */
static void put_csv_text(const VmReport *r, const char *text)
{
    const int plain = !text[strcspn(text, ",\"\r\n")];
    fputs(plain ? "" : "\"", r->out);
    for (const char *p = text; *p; p++) fprintf(r->out, *p == '"' ? "\"%c" : "%c", *p);
    fputs(plain ? "" : "\"", r->out);
}

/* The layout has no way to quote what ends a field or a line. */
static void put_sub_text(const VmReport *r, const char *text)
{
    for (const char *p = text; *p; p++)
        fputc(*p == '|' || (unsigned char)*p < 0x20 ? '_' : *p, r->out);
}

/* A missing or non-finite value leaves its field empty, so that columns stay in place. */
static void write_csv(const VmReport *r)
{
    fputs("Frame,", r->out);
    for (unsigned c = 0; c < r->n_columns; c++) {
        put_csv_text(r, r->columns[c]->label);
        fputc(',', r->out);
    }
    fputc('\n', r->out);
    for (unsigned i = next_row(r, 0); i < r->v->scores.n_rows; i = next_row(r, i + 1)) {
        fprintf(r->out, "%u,", i);
        for (unsigned c = 0; c < r->n_columns; c++) {
            double value;
            if (!vm_column_get(r->columns[c], i, &value) && isfinite(value))
                vm_report_number(r, value);
            fputc(',', r->out);
        }
        fputc('\n', r->out);
    }
}

static void write_sub(const VmReport *r)
{
    for (unsigned i = next_row(r, 0); i < r->v->scores.n_rows; i = next_row(r, i + 1)) {
        fprintf(r->out, "{%u}{%u}frame: %u|", i, i + 1, i);
        for (unsigned c = 0; c < r->n_columns; c++) {
            double value;
            if (vm_column_get(r->columns[c], i, &value) || !isfinite(value)) continue;
            put_sub_text(r, r->columns[c]->label);
            fputs(": ", r->out);
            vm_report_number(r, value);
            fputc('|', r->out);
        }
        fputc('\n', r->out);
    }
}

/* ---- files ---- */

static double seconds_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static int compute_stats(VmReport *r)
{
    r->stats = vm_alloc_array(r->n_columns + 1, sizeof(*r->stats));
    if (!r->stats) return -ENOMEM;
    for (unsigned c = 0; c < r->n_columns; c++) {
        const int code = vm_context_stats(r->v, r->columns[c], &r->stats[c]);
        if (code && code != -ENODATA) return code;
    }
    return 0;
}

/* All that can fail, before the first byte. */
static int prepare(VmReport *r)
{
    VmafContext *v = r->v;
    vm_context_settle(v);
    r->scored = vm_context_scored(v);
    if (!r->config.reference) r->config.reference = v->reference;
    if (!r->config.distorted) r->config.distorted = v->distorted;
    if (!r->config.n_warnings) {
        r->config.warnings = (const char *const *)v->warnings.items;
        r->config.n_warnings = v->warnings.n;
    }
    r->seconds = r->config.wall_seconds > 0 ? r->config.wall_seconds : seconds_since(&v->start);
    if (choose_columns(r)) return vm_fail_memory(&v->error);
    if (r->config.extended && compute_stats(r)) return vm_fail_memory(&v->error);
    if (r->config.format == VMAF_OUTPUT_FORMAT_XML && name_attributes(r))
        return vm_fail_memory(&v->error);
    return 0;
}

static int write_report(VmafContext *v, const VmafReportConfig *config, FILE *out)
{
    VmReport r = {.v = v, .config = *config, .out = out};
    const int code = prepare(&r);
    VmLocale locale = vm_locale_enter();
    switch (code ? VMAF_OUTPUT_FORMAT_NONE : config->format) {
    case VMAF_OUTPUT_FORMAT_JSON: write_json(&r); break;
    case VMAF_OUTPUT_FORMAT_CSV: write_csv(&r); break;
    case VMAF_OUTPUT_FORMAT_SUB: write_sub(&r); break;
    case VMAF_OUTPUT_FORMAT_XML: write_xml(&r); break;
    default: break;
    }
    vm_locale_leave(&locale);
    vm_free(r.columns);
    vm_free(r.stats);
    vm_list_free(&r.attributes);
    vm_list_free(&r.sums);
    return code;
}

static int check_config(VmafContext *v, const VmafReportConfig *config, VmafReportConfig *full)
{
    if (config->struct_size < sizeof(config->struct_size))
        return vm_fail(&v->error, -EINVAL,
                       "the VmafReportConfig has no size: see vmaf_ext_report_config_default()");
    vmaf_ext_report_config_default(full);
    vm_copy_struct(full, sizeof(*full), config, config->struct_size);
    if (full->format < VMAF_OUTPUT_FORMAT_XML || full->format > VMAF_OUTPUT_FORMAT_SUB)
        return vm_fail(&v->error, -EINVAL, "unknown report format %d", (int)full->format);
    if (full->precision < VMAF_PRECISION_LEGACY || full->precision > 17)
        return vm_fail(&v->error, -EINVAL, "precision %d is not in 1..17", full->precision);
    return 0;
}

/* Every byte has arrived, with `sync` on the disk: 0 or what went wrong. Closes out unless it is stdout. */
static int settle(FILE *out, int sync)
{
    errno = 0;
    int reason = fflush(out) || ferror(out) ? (errno ? errno : EIO) : 0;
    if (!reason && sync && fsync(fileno(out))) reason = errno;
    if (out != stdout && fclose(out) && !reason) reason = errno;
    return reason;
}

static int write_and_close(VmafContext *v, const VmafReportConfig *config, FILE *out,
                           const char *path, int sync)
{
    const int code = write_report(v, config, out);
    const int reason = settle(out, sync);
    if (!code && reason)
        return vm_fail(&v->error, -reason, "cannot write report %s: %s", path, strerror(reason));
    return code;
}

/* A new file beside the target, so that renaming it replaces the target in one step; it has the rights of the one that
 * is there. Its name is no longer than names can be. */
static FILE *open_beside(const char *target, char **name)
{
    enum { NAME_PART = 200 };
    struct stat old;
    const char *slash = strrchr(target, '/');
    const size_t folder = slash ? (size_t)(slash + 1 - target) : 0;
    const size_t shown = folder + VM_MIN(strlen(target + folder), (size_t)NAME_PART);
    for (int k = 0; k < 100; k++) {
        *name = vm_printf("%.*s.%ld.%d.tmp", (int)shown, target, (long)getpid(), k);
        if (!*name) {
            errno = ENOMEM;
            return NULL;
        }
        const int fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0) {
            if (!stat(target, &old)) (void)fchmod(fd, old.st_mode & 0777);
            FILE *f = fdopen(fd, "wb");
            if (f) return f;
            close(fd);
            unlink(*name);
        }
        const int reason = errno;
        vm_free(*name);
        *name = NULL;
        errno = reason;
        if (reason != EEXIST) return NULL;
    }
    return NULL;
}

static int replace_file(VmafContext *v, const VmafReportConfig *config, const char *target)
{
    char *name = NULL;
    FILE *out = open_beside(target, &name);
    if (!out)
        return vm_fail(&v->error, -errno, "cannot write report %s: %s", target, strerror(errno));
    int code = write_and_close(v, config, out, target, 1);
    if (!code && rename(name, target))
        code = vm_fail(&v->error, -errno, "cannot write report %s: %s", target, strerror(errno));
    if (code) unlink(name);
    vm_free(name);
    return code;
}

/* Devices and pipes are written in place; a link keeps pointing to the file it names. */
static int write_path(VmafContext *v, const VmafReportConfig *config, const char *path)
{
    struct stat info, standard;
    if (!strcmp(path, "-")) return write_and_close(v, config, stdout, "to standard output", 0);
    /* /dev/stdout sent to a file: others write there too */
    if (!stat(path, &info) && !fstat(STDOUT_FILENO, &standard) && info.st_dev == standard.st_dev &&
        info.st_ino == standard.st_ino)
        return write_and_close(v, config, stdout, path, 0);
    if (!stat(path, &info) && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
        FILE *out = fopen(path, "wb");
        if (!out)
            return vm_fail(&v->error, -errno, "cannot write report %s: %s", path, strerror(errno));
        return write_and_close(v, config, out, path, 0);
    }
    char *real = realpath(path, NULL);
    if (!real && !lstat(path, &info) && S_ISLNK(info.st_mode))
        return vm_fail(&v->error, -ENOENT,
                       "cannot write report %s: it is a link to what is not there", path);
    const int code = replace_file(v, config, real ? real : path);
    free(real); /* realpath's own allocation */
    return code;
}

int vmaf_ext_report_write(VmafContext *v, const char *path, const VmafReportConfig *cfg)
{
    VmafReportConfig config;
    VM_ENTER(v, path && cfg);
    int code = check_config(v, cfg, &config);
    if (!code && !*path) code = vm_fail(&v->error, -EINVAL, "the report's path is empty");
    if (!code) code = write_path(v, &config, path);
    return vm_context_leave(v, code);
}

/* The stream's own memory is the C library's; the caller gets a copy of the context's. */
static int print(VmafContext *v, const VmafReportConfig *config, char **text, size_t *size)
{
    char *data = NULL, *copy = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&data, &n);
    if (!out) return vm_fail_memory(&v->error);
    int code = write_and_close(v, config, out, "to memory", 0);
    /* glibc's fclose() says nothing of it */
    if (!code && !data) code = vm_fail_memory(&v->error);
    if (!code && !(copy = vm_alloc(n + 1))) code = vm_fail_memory(&v->error);
    if (!code) {
        memcpy(copy, data, n);
        *text = copy;
        *size = n;
    }
    free(data);
    return code;
}

int vmaf_ext_report_print(VmafContext *v, const VmafReportConfig *cfg, char **text, size_t *size)
{
    VmafReportConfig config;
    VM_ENTER(v, cfg && text && size);
    int code = check_config(v, cfg, &config);
    if (!code) code = print(v, &config, text, size);
    return vm_context_leave(v, code);
}

int vmaf_write_output(VmafContext *v, const char *output_path, enum VmafOutputFormat fmt)
{
    VmafReportConfig config;
    vmaf_ext_report_config_default(&config);
    config.format = fmt == VMAF_OUTPUT_FORMAT_NONE ? VMAF_OUTPUT_FORMAT_XML : fmt;
    return vmaf_ext_report_write(v, output_path, &config);
}
