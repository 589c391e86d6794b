/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What reports say of tiny models. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report_put.h"

/* Text of the metadata; NULL: it has none of that key. */
static const char *meta_of(const VmTinyRecord *t, const char *key)
{
    for (unsigned i = 0; i < t->keys.n; i++)
        if (!strcmp(t->keys.items[i], key)) return t->values.items[i];
    return NULL;
}

/* The interval that the model states for a frame: score - q .. score + q at that level. */
static int interval_of(const VmTinyRecord *t, double *level, double *q)
{
    const char *a = meta_of(t, "conformal_level"), *b = meta_of(t, "conformal_q");
    return a && b && !vm_parse_double(a, level) && !vm_parse_double(b, q) && isfinite(*level) &&
           isfinite(*q);
}

/* The scores NAME_outside, NULL: there are none. Nothing is allocated: a report cannot fail any more here. */
static const VmColumn *outside_of(const VmReport *r, const char *name)
{
    const size_t n = strlen(name);
    for (unsigned i = 0; i < r->v->scores.n_columns; i++) {
        const char *label = r->v->scores.columns[i]->label;
        if (!strncmp(label, name, n) && !strcmp(label + n, "_outside"))
            return r->v->scores.columns[i];
    }
    return NULL;
}

/* Frames of which they say so: [0] beyond the training rows, [1] beyond the box. -1: no such scores */
static void count_outside(const VmReport *r, const VmModelRecord *m, long n[2])
{
    const VmColumn *c = outside_of(r, m->name);
    double value;
    n[0] = n[1] = c ? 0 : -1;
    for (unsigned i = r->v->scores.base; n[0] >= 0 && i < r->v->scores.n_rows; i++)
        if (vm_report_counts(r, i) && !vm_column_get(c, i, &value)) {
            n[0] += value >= VM_OUTSIDE_TRAINING;
            n[1] += value >= VM_OUTSIDE_BOX;
        }
}

static void json_tiny(const VmReport *r, const VmModelRecord *m)
{
    double level, q;
    long outside[2];
    count_outside(r, m, outside);
    fputs("      {\"name\": ", r->out);
    vm_report_json_text(r, m->name);
    fputs(", \"id\": ", r->out);
    if (m->tiny->id) vm_report_json_text(r, m->tiny->id);
    else fputs("null", r->out);
    fprintf(r->out, ", \"sha256\": \"%s\",\n", m->sha256);
    vm_report_json_list(r, "features", (const char *const *)m->tiny->features.items,
                        m->tiny->features.n);
    if (outside[0] >= 0)
        fprintf(r->out, ",\n    \"frames_outside_training\": %ld, \"frames_outside_box\": %ld",
                outside[0], outside[1]);
    if (interval_of(m->tiny, &level, &q))
        fprintf(r->out, ",\n    \"interval\": {\"level\": %.17g, \"plus_minus\": %.17g}", level, q);
    if (m->tiny->is_dynamic) fputs(",\n    \"depends_on_all_frames\": true", r->out);
    fputs(",\n    \"metadata\": {", r->out);
    for (unsigned i = 0; i < m->tiny->keys.n; i++) {
        fputs(i ? ", " : "", r->out);
        vm_report_json_text(r, m->tiny->keys.items[i]);
        fputs(": ", r->out);
        vm_report_json_text(r, m->tiny->values.items[i]);
    }
    fputs("}}", r->out);
}

/* The member is there only if there are such models. */
void vm_report_json_tiny(const VmReport *r)
{
    int any = 0;
    for (unsigned i = 0; i < r->v->n_models; i++) {
        if (!r->v->models[i].tiny) continue;
        fputs(any ? ",\n" : "    \"tiny_models\": [\n", r->out);
        json_tiny(r, &r->v->models[i]);
        any = 1;
    }
    fputs(any ? "\n    ],\n" : "", r->out);
}

static void xml_tiny(const VmReport *r, const VmModelRecord *m)
{
    double level, q;
    long outside[2];
    count_outside(r, m, outside);
    fputs("    <tiny_model ", r->out);
    vm_report_xml_attribute(r, "name", m->name);
    if (m->tiny->id) vm_report_xml_attribute(r, "id", m->tiny->id);
    vm_report_xml_attribute(r, "sha256", m->sha256);
    if (outside[0] >= 0)
        fprintf(r->out, "frames_outside_training=\"%ld\" frames_outside_box=\"%ld\" ", outside[0],
                outside[1]);
    if (interval_of(m->tiny, &level, &q))
        fprintf(r->out, "interval_level=\"%.17g\" interval_plus_minus=\"%.17g\" ", level, q);
    fputs(">\n", r->out);
    for (unsigned i = 0; i < m->tiny->keys.n; i++) {
        fputs("      <metadata ", r->out);
        vm_report_xml_attribute(r, "key", m->tiny->keys.items[i]);
        vm_report_xml_attribute(r, "value", m->tiny->values.items[i]);
        fputs("/>\n", r->out);
    }
    fputs("    </tiny_model>\n", r->out);
}

void vm_report_xml_tiny(const VmReport *r)
{
    for (unsigned i = 0; i < r->v->n_models; i++)
        if (r->v->models[i].tiny) xml_tiny(r, &r->v->models[i]);
}
