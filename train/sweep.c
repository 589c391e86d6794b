/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "sweep.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exact.h"
#include "number.h"
#include "rng.h"

enum Name {
    NAME_ARCH,
    NAME_ACTIVATION,
    NAME_OPTIMIZER,
    NAME_WIDTH,
    NAME_DEPTH,
    NAME_RESTARTS,
    NAME_QUERIES,
    NAME_ITERATIONS,
    NAME_EPOCHS,
    NAME_BATCH,
    NAME_RATE,
    NAME_HUBER,
    N_NAMES
};

static const char *const names[N_NAMES] = {"arch",   "activation", "optimizer", "width",
                                           "depth",  "restarts",   "queries",   "iterations",
                                           "epochs", "batch-size", "lr",        "huber"};

const char *vm_sweep_name(const VmSweepParam *param)
{
    return names[param->name];
}

static int find_name(const char *text, size_t n, VmError *error)
{
    VmText known = {0};
    for (int i = 0; i < N_NAMES; i++)
        if (strlen(names[i]) == n && !memcmp(names[i], text, n)) return i;
    for (int i = 0; i < N_NAMES; i++) vm_text_add(&known, "%s%s", i ? ", " : "", names[i]);
    vm_fail(error, -EINVAL, "\"%.*s\" cannot be varied; there are %s", (int)n, text, known.data);
    vm_text_free(&known);
    return -EINVAL;
}

static int parse_choices(VmSweepParam *p, const char *list, VmError *error)
{
    char *rest = NULL;
    p->text = vm_strdup(list);
    if (!p->text) return vm_fail_memory(error);
    /* widths have their own commas: architectures are divided by them all the same, and written 6-16-8-1 */
    for (char *c = strtok_r(p->text, ",", &rest); c; c = strtok_r(NULL, ",", &rest)) {
        if (p->n_choices == VM_SWEEP_MAX_CHOICES)
            return vm_fail(error, -EINVAL, "more than %d choices", VM_SWEEP_MAX_CHOICES);
        p->choices[p->n_choices++] = c;
    }
    return p->n_choices ? 0 : vm_fail(error, -EINVAL, "choice: has no choices");
}

static int parse_range(VmSweepParam *p, const char *range, VmError *error)
{
    char text[128], *rest = NULL;
    (void)snprintf(text, sizeof(text), "%s", range);
    const char *lo = strtok_r(text, ":", &rest), *hi = strtok_r(NULL, ":", &rest);
    const char *log = strtok_r(NULL, ":", &rest);
    p->logarithmic = log && !strcmp(log, "log");
    if (!lo || !hi || vm_number_real(lo, &p->lo) || vm_number_real(hi, &p->hi) ||
        !(p->lo < p->hi) || (log && !p->logarithmic) || strtok_r(NULL, ":", &rest) ||
        (p->logarithmic && !(p->lo > 0)))
        return vm_fail(error, -EINVAL,
                       "\"%s\" is no range LO:HI or LO:HI:log with LO below HI, above 0 for log",
                       range);
    return 0;
}

int vm_sweep_add(VmSweepSpace *space, const char *text, VmError *error)
{
    const char *equals = strchr(text, '='), *colon = equals ? strchr(equals, ':') : NULL;
    if (!colon)
        return vm_fail(error, -EINVAL,
                       "\"%s\" should read NAME=choice:A,B, NAME=int:LO:HI or NAME=float:LO:HI",
                       text);
    if (space->n == VM_SWEEP_MAX_PARAMS)
        return vm_fail(error, -EINVAL, "more than %d parameters", VM_SWEEP_MAX_PARAMS);
    VmSweepParam *p = &space->params[space->n++];
    *p = (VmSweepParam){.name = find_name(text, (size_t)(equals - text), error)};
    if (p->name < 0) return p->name;
    const size_t n = (size_t)(colon - equals) - 1;
    const char *kind = equals + 1;
    if (n == 6 && !memcmp(kind, "choice", 6)) return parse_choices(p, colon + 1, error);
    p->kind = n == 3 && !memcmp(kind, "int", 3) ? VM_SWEEP_INT : VM_SWEEP_FLOAT;
    if (p->kind == VM_SWEEP_FLOAT && (n != 5 || memcmp(kind, "float", 5) != 0))
        return vm_fail(error, -EINVAL, "\"%.*s\" is no kind; there are choice, int, float", (int)n,
                       kind);
    if (p->name <= NAME_OPTIMIZER)
        return vm_fail(error, -EINVAL, "%s takes choice:A,B", names[p->name]);
    return parse_range(p, colon + 1, error);
}

void vm_sweep_free(VmSweepSpace *space)
{
    for (unsigned i = 0; i < space->n; i++) vm_free(space->params[i].text);
    space->n = 0;
}

unsigned long vm_sweep_grid(const VmSweepSpace *space)
{
    unsigned long points = space->n != 0;
    for (unsigned i = 0; i < space->n; i++) {
        if (space->params[i].kind != VM_SWEEP_CHOICE) return 0;
        if (points > 1000000 / space->params[i].n_choices) return 1000001;
        points *= space->params[i].n_choices;
    }
    return points;
}

static double draw(const VmSweepParam *p, VmRng *rng)
{
    const double u = vm_rng_uniform(rng);
    if (p->kind == VM_SWEEP_CHOICE) return floor(u * p->n_choices);
    const double lo = p->lo,
                 hi = p->kind == VM_SWEEP_INT ? p->hi + 1 : p->hi; /* both ends are possible */
    const double low = p->logarithmic ? vm_exact_log(lo) : lo,
                 high = p->logarithmic ? vm_exact_log(hi) : hi;
    double x = low + u * (high - low);
    if (p->logarithmic) x = vm_exact_exp(x);
    return p->kind == VM_SWEEP_INT ? VM_MIN(floor(x), p->hi) : x;
}

void vm_sweep_point(const VmSweepSpace *space, uint64_t seed, unsigned long index,
                    double values[VM_SWEEP_MAX_PARAMS])
{
    VmRng rng = vm_rng(seed, 5000 + index);
    const int grid = vm_sweep_grid(space) != 0;
    for (unsigned i = 0; i < space->n; i++) {
        const VmSweepParam *p = &space->params[i];
        if (grid) {
            values[i] = (double)(index % p->n_choices);
            index /= p->n_choices;
        } else {
            values[i] = draw(p, &rng);
        }
    }
}

void vm_sweep_text(const VmSweepParam *p, double value, char *text, size_t size)
{
    if (p->kind == VM_SWEEP_CHOICE) (void)snprintf(text, size, "%s", p->choices[(int)value]);
    else (void)snprintf(text, size, "%.6g", value);
}

/* ---- settings ---- */

static int apply_number(enum Name name, double value, VmLearnArgs *args)
{
    const VmMaybe maybe = {1, value};
    switch (name) {
    case NAME_RESTARTS: args->restarts = maybe; break;
    case NAME_QUERIES: args->queries = maybe; break;
    case NAME_ITERATIONS: args->iterations = maybe; break;
    case NAME_EPOCHS: args->epochs = maybe; break;
    case NAME_BATCH: args->batch = (unsigned)VM_MAX(value, 1); break;
    case NAME_RATE: args->rate = value; break;
    case NAME_HUBER: args->huber = value; break;
    default: return -EINVAL;
    }
    return 0;
}

static int apply_word(enum Name name, const char *word, VmLearnArgs *args, VmArch *arch,
                      VmError *error)
{
    static const char *const optimizers[] = {"auto", "lm", "lbfgs", "adam"};
    enum VmActivation activation;
    double number;
    if (name == NAME_ARCH) return vm_arch_parse(arch, word, error);
    if (name == NAME_ACTIVATION) {
        if (vm_arch_activation(word, &activation))
            return vm_fail(error, -EINVAL, "\"%s\" is no activation", word);
        args->activation = (VmMaybe){1, activation};
        return 0;
    }
    for (int i = 0; name == NAME_OPTIMIZER && i < 4; i++)
        if (!strcmp(optimizers[i], word)) {
            args->optimizer = i;
            return 0;
        }
    if (name != NAME_OPTIMIZER && !vm_number_real(word, &number) && number >= 0)
        return apply_number(name, number, args);
    return vm_fail(error, -EINVAL, "\"%s\" is no value for %s", word, names[name]);
}

/* depth hidden layers, the first as wide as said, each further one half of the one before. */
static int apply_shape(double width, double depth, VmArch *arch, VmError *error)
{
    char text[128];
    size_t at = 0;
    if (!(width >= 1 && width <= VM_MLP_MAX_WIDTH && depth >= 1 && depth < VM_MLP_MAX_LAYERS))
        return vm_fail(error, -EINVAL, "no network is %g wide and %g deep", width, depth);
    arch->inputs = 0;
    arch->n_hidden = (unsigned)depth;
    for (unsigned l = 0; l < VM_MLP_MAX_LAYERS && l < arch->n_hidden; l++) {
        arch->hidden[l] = (unsigned)VM_MAX(1, width / (double)(1u << l));
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u", l ? "-" : "", arch->hidden[l]);
    }
    (void)snprintf(arch->name, sizeof(arch->name), "%.63s", text);
    return 0;
}

int vm_sweep_apply(const VmSweepSpace *space, const double *values, VmLearnArgs *args, VmArch *arch,
                   VmError *error)
{
    double width = 16, depth = 2;
    int shaped = 0;
    for (unsigned i = 0; i < space->n; i++) {
        const VmSweepParam *p = &space->params[i];
        const char *word = p->kind == VM_SWEEP_CHOICE ? p->choices[(int)values[i]] : NULL;
        double number = values[i];
        if (p->name == NAME_WIDTH || p->name == NAME_DEPTH) {
            if (word && vm_number_real(word, &number))
                return vm_fail(error, -EINVAL, "\"%s\" is no number", word);
            if (p->name == NAME_WIDTH) width = number;
            else depth = number;
            shaped = 1;
        } else if (word) VM_TRY(apply_word((enum Name)p->name, word, args, arch, error));
        else (void)apply_number((enum Name)p->name, number, args);
    }
    return shaped ? apply_shape(width, depth, arch, error) : 0;
}
