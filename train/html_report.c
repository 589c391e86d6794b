/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "html_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "libvmaf/vmaf_ext.h"
#include "outfile.h"

/* A plot of more points than that says nothing more, and opens slowly. */
enum { MAX_POINTS = 4000, W = 420, H = 420, LEFT = 48, TOP = 12, BOTTOM = 36, RIGHT = 12 };

typedef struct Axis {
    double lo, hi;
    const char *title;
} Axis;

typedef struct Plot {
    VmText *out;
    Axis x, y;
} Plot;

static void escaped(VmText *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&': vm_text_add(out, "&amp;"); break;
        case '<': vm_text_add(out, "&lt;"); break;
        case '>': vm_text_add(out, "&gt;"); break;
        case '"': vm_text_add(out, "&quot;"); break;
        default: vm_text_add(out, "%c", *text);
        }
    }
}

static void real(VmText *out, double value, int digits)
{
    if (isfinite(value)) vm_text_add(out, "<td>%.*f</td>", digits, value);
    else vm_text_add(out, "<td>&ndash;</td>");
}

/* ---- tables ---- */

static void metrics_row(VmText *out, const char *name, const VmMetrics *m)
{
    vm_text_add(out, "<tr><th>");
    escaped(out, name);
    vm_text_add(out, "</th><td>%zu</td>", m->n);
    real(out, m->plcc, 5);
    real(out, m->srocc, 5);
    real(out, m->krocc, 5);
    real(out, m->rmse, 4);
    real(out, m->max_error, 3);
    vm_text_add(out, "</tr>\n");
}

static void metrics_table(VmText *out, const VmEvaluation *e)
{
    char label[32];
    (void)snprintf(label, sizeof(label), "clips (%s)", vm_pool_name(e->pool));
    vm_text_add(out,
                "<table id=\"sources\"><tr><th>source</th><th>rows</th><th>PLCC</th><th>SROCC</th>"
                "<th>KROCC</th><th>RMSE</th><th>max error</th></tr>\n");
    for (unsigned s = 0; s < e->n_sources; s++)
        metrics_row(out, e->sources[s].source, &e->sources[s].metrics);
    metrics_row(out, "all rows", &e->all);
    metrics_row(out, label, &e->per_clip);
    vm_text_add(out, "</table>\n");
}

static void worst_table(VmText *out, const VmEvaluation *e, const VmDataset *d)
{
    vm_text_add(out,
                "<table id=\"worst\"><tr><th>clip</th><th>frame</th><th>model</th><th>truth</th>"
                "<th>error</th></tr>\n");
    for (unsigned k = 0; k < e->n_worst; k++) {
        const size_t i = e->worst[k], row = e->rows[i];
        vm_text_add(out, "<tr><th>");
        escaped(out, d->clips[d->clip[row]].key);
        vm_text_add(out, "</th><td>%u</td>", d->frame[row]);
        real(out, e->predicted[i], 3);
        real(out, e->truth[i], 3);
        real(out, e->predicted[i] - e->truth[i], 3);
        vm_text_add(out, "</tr>\n");
    }
    vm_text_add(out, "</table>\n");
}

/* ---- plots ---- */

static double at(const Axis *a, double value, double from, double to)
{
    return from + (to - from) * (value - a->lo) / (a->hi - a->lo);
}

static double px(const Plot *p, double x)
{
    return at(&p->x, x, LEFT, W - RIGHT);
}

static double py(const Plot *p, double y)
{
    return at(&p->y, y, H - BOTTOM, TOP);
}

static void begin_plot(const Plot *p, const char *id, const char *title)
{
    vm_text_add(p->out,
                "<figure><svg id=\"%s\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n",
                id, W, H, title);
    for (int k = 0; k <= 4; k++) {
        const double x = p->x.lo + k * (p->x.hi - p->x.lo) / 4;
        const double y = p->y.lo + k * (p->y.hi - p->y.lo) / 4;
        vm_text_add(p->out,
                    "<path class=\"grid\" d=\"M%.1f %dV%dM%d %.1fH%d\"/>"
                    "<text x=\"%.1f\" y=\"%d\" class=\"mid\">%.4g</text>"
                    "<text x=\"%d\" y=\"%.1f\" class=\"end\">%.3g</text>\n",
                    px(p, x), TOP, H - BOTTOM, LEFT, py(p, y), W - RIGHT, px(p, x), H - BOTTOM + 14,
                    x, LEFT - 4, py(p, y) + 4, y);
    }
    vm_text_add(p->out, "<text x=\"%d\" y=\"%d\" class=\"mid\">%s</text>\n", W / 2, H - 4,
                p->x.title);
}

static void end_plot(const Plot *p, const char *caption)
{
    vm_text_add(p->out, "</svg><figcaption>%s</figcaption></figure>\n", caption);
}

/* Sources are told apart by 12 hues that go round. */
static void points(const Plot *p, const VmEvaluation *e, const VmDataset *d, int residuals)
{
    const size_t step = (e->n + MAX_POINTS - 1) / MAX_POINTS;
    for (size_t i = 0; i < e->n; i += step) {
        const double y = residuals ? e->predicted[i] - e->truth[i] : e->predicted[i];
        vm_text_add(p->out, "<circle class=\"h%u\" cx=\"%.1f\" cy=\"%.1f\" r=\"1.6\"/>\n",
                    d->clips[d->clip[e->rows[i]]].source % 12, px(p, e->truth[i]), py(p, y));
    }
}

static void range(const double *values, size_t n, Axis *axis)
{
    for (size_t i = 0; i < n; i++) {
        axis->lo = VM_MIN(axis->lo, values[i]);
        axis->hi = VM_MAX(axis->hi, values[i]);
    }
}

static void plots(VmText *out, const VmEvaluation *e, const VmDataset *d)
{
    Plot p = {.out = out, .x = {0, 100, "truth"}, .y = {0, 100, "model"}};
    range(e->truth, e->n, &p.x);
    range(e->predicted, e->n, &p.y);
    p.x.lo = p.y.lo = VM_MIN(p.x.lo, p.y.lo);
    p.x.hi = p.y.hi = VM_MAX(p.x.hi, p.y.hi);
    begin_plot(&p, "scatter", "model against truth");
    vm_text_add(out, "<path class=\"line\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", px(&p, p.x.lo),
                py(&p, p.x.lo), px(&p, p.x.hi), py(&p, p.x.hi));
    points(&p, e, d, 0);
    end_plot(&p, "What the model says against the truth; a row each, a colour each source.");
    const double most = e->all.max_error > 0 ? e->all.max_error : 1;
    p.y = (Axis){-most, most, "error"};
    begin_plot(&p, "residuals", "error against truth");
    points(&p, e, d, 1);
    end_plot(&p, "Error (model minus truth) against the truth.");
}

static void histogram(VmText *out, const VmEvaluation *e)
{
    enum { BINS = 40 };
    size_t count[BINS] = {0}, largest = 1;
    const double most = e->all.max_error > 0 ? e->all.max_error : 1;
    Plot p = {.out = out, .x = {-most, most, "error"}};
    for (size_t i = 0; i < e->n; i++) {
        const double at01 = (e->predicted[i] - e->truth[i] + most) / (2 * most);
        const size_t bin = (size_t)VM_MIN(at01 * BINS, BINS - 1);
        count[bin]++;
        largest = VM_MAX(largest, count[bin]);
    }
    p.y = (Axis){0, (double)largest, "rows"};
    begin_plot(&p, "histogram", "how often an error occurs");
    for (int k = 0; k < BINS; k++) {
        const double x = p.x.lo + k * 2 * most / BINS, y = py(&p, (double)count[k]);
        vm_text_add(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
                    px(&p, x), y, px(&p, x + 2 * most / BINS) - px(&p, x) - 0.5, py(&p, 0) - y);
    }
    end_plot(&p, "How often each error occurs.");
}

/* ---- the page ---- */

static void head(VmText *out)
{
    vm_text_add(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\"><title>Evaluation</title><style>\n"
        "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em;"
        "color:#222;background:#fff}\n"
        "table{border-collapse:collapse;margin:1em 0}th,td{padding:.15em .7em;text-align:right}\n"
        "th:first-child{text-align:left}tr:nth-child(even){background:#f4f4f4}\n"
        "figure{display:inline-block;margin:0 1em 1em 0;width:min(100%%,28em)}svg{width:100%%}\n"
        "text{font:11px "
        "system-ui,sans-serif;fill:#444}.mid{text-anchor:middle}.end{text-anchor:end}\n"
        ".grid{stroke:#ddd;fill:none}.line{stroke:#888;fill:none}rect{fill:#47a}"
        "circle{fill-opacity:.55}\n");
    for (int k = 0; k < 12; k++) vm_text_add(out, ".h%d{fill:hsl(%d,65%%,42%%)}", k, 30 * k);
    vm_text_add(
        out,
        "\n@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}text{fill:#bbb}"
        "tr:nth-child(even){background:#242424}.grid{stroke:#3a3a3a}}\n</style></head><body>\n");
}

static void intervals(VmText *out, const VmIntervals *ci)
{
    if (!ci->draws[VM_RMSE]) return;
    vm_text_add(out, "<p>95 %% intervals, %u draws of clips: ", ci->draws[VM_RMSE]);
    for (int k = 0; k < VM_N_METRICS; k++)
        if (ci->draws[k])
            vm_text_add(out, "%s %.5f&ndash;%.5f%s", vm_metric_name((enum VmMetric)k), ci->lo[k],
                        ci->hi[k], k + 1 < VM_N_METRICS ? ", " : "");
    vm_text_add(out, "</p>\n");
}

static void page(VmText *out, const VmEvaluation *e, const VmTiny *model, const VmDataset *d,
                 const char *model_path)
{
    const char *slash = strrchr(model_path, '/');
    head(out);
    vm_text_add(out, "<h1>");
    escaped(out, slash ? slash + 1 : model_path);
    vm_text_add(out, "</h1>\n<p>Against ");
    escaped(out, *d->teacher ? d->teacher : "the scores of the data");
    vm_text_add(
        out,
        ": how faithful the model is to it, which says nothing about viewers. Model %.16s, data "
        "%.16s, %zu rows of %u clips.</p>\n",
        vm_tiny_sha256(model), d->sha256, e->n, (unsigned)e->per_clip.n);
    metrics_table(out, e);
    intervals(out, &e->ci);
    plots(out, e, d);
    histogram(out, e);
    vm_text_add(out, "<h2>Largest errors</h2>\n");
    worst_table(out, e, d);
    vm_text_add(out, "<footer>vmaf-train %s</footer></body></html>\n", vmaf_ext_version());
}

enum VmExit vm_html_save(const VmEvaluation *e, const VmTiny *model, const VmDataset *d,
                         const char *model_path, const char *path, VmMessages *messages)
{
    VmError error = {""};
    VmText text = {0};
    page(&text, e, model, d, model_path);
    const int code =
        text.failed ? vm_fail_memory(&error) : vm_outfile_write(path, text.data, text.size, &error);
    vm_text_free(&text);
    if (!code) return VM_EXIT_OK;
    vm_message_error(messages, "%s", error.text);
    return VM_EXIT_INTERNAL;
}
