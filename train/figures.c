/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "figures.h"

#include <math.h>
#include <stdio.h>

void vm_figures_name(const char *name)
{
    char plain[4096];
    (void)snprintf(plain, sizeof(plain), "%s", name);
    vm_text_make_plain(plain);
    printf("%s", plain);
}

void vm_figures_title(const char *first)
{
    printf("%-*s %8s  %8s %8s %8s %9s %9s\n", VM_FIGURE_NAME, first, "rows", "PLCC", "SROCC",
           "KROCC", "RMSE", "max error");
}

static void print_real(double value, int width, int digits)
{
    if (isfinite(value)) printf(" %*.*f", width, digits, value);
    else printf(" %*s", width, "-");
}

void vm_figures_row(const char *name, const VmMetrics *m)
{
    char plain[VM_FIGURE_NAME + 1];
    (void)snprintf(plain, sizeof(plain), "%s", name);
    vm_text_make_plain(plain);
    printf("%-*s %8zu ", VM_FIGURE_NAME, plain, m->n);
    print_real(m->plcc, 8, 5);
    print_real(m->srocc, 8, 5);
    print_real(m->krocc, 8, 5);
    print_real(m->rmse, 9, 4);
    print_real(m->max_error, 9, 3);
    printf("\n");
}

void vm_figures_evaluation(const VmEvaluation *e)
{
    char label[32];
    (void)snprintf(label, sizeof(label), "clips (%s)", vm_pool_name(e->pool));
    vm_figures_title("source");
    for (unsigned s = 0; s < e->n_sources; s++)
        vm_figures_row(e->sources[s].source, &e->sources[s].metrics);
    if (e->n_sources != 1) vm_figures_row("all rows", &e->all);
    vm_figures_row(label, &e->per_clip);
}

enum { COLUMNS = 64, ROWS = 8 };

void vm_figures_curve(const VmTrack *track, double unit)
{
    double value[COLUMNS], low = INFINITY, high = -INFINITY;
    if (track->n_steps < 2) return;
    for (int c = 0; c < COLUMNS; c++) {
        const unsigned at = (unsigned)((double)c * (track->n_steps - 1) / (COLUMNS - 1) + 0.5);
        value[c] = log(sqrt(track->steps[at].loss) * unit + 1e-300);
        low = VM_MIN(low, value[c]);
        high = VM_MAX(high, value[c]);
    }
    const double height = high > low ? high - low : 1;
    printf("RMSE on the training samples, logarithmic; %u steps in %.2f s\n", track->n_steps - 1,
           track->steps[track->n_steps - 1].seconds);
    for (int r = ROWS - 1; r >= 0; r--) {
        char line[COLUMNS + 1];
        for (int c = 0; c < COLUMNS; c++) {
            const int at = (int)((value[c] - low) / height * (ROWS - 1) + 0.5);
            line[c] = at == r ? '*' : ' ';
        }
        line[COLUMNS] = 0;
        if (r == ROWS - 1 || !r) printf("%10.4g |%s\n", exp(r ? high : low), line);
        else printf("%10s |%s\n", "", line);
    }
    printf("%10s +----------------------------------------------------------------\n", "");
}
