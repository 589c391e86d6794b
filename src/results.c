/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Reading scores: of features, of models, of collections; for a frame or pooled. */
#include "context.h"

#include <stdio.h>
#include <string.h>

/* ---- features ---- */

/* The instance and feature whose column this is; 0 if it is none's. */
static int owner_of(const VmafContext *v, const VmColumn *column, const VmInstance **instance,
                    unsigned *feature)
{
    for (unsigned i = 0; i < v->n_instances; i++)
        for (unsigned k = 0; k < VM_MAX_FEATURES; k++) {
            if (v->instances[i]->columns[k] != column) continue;
            *instance = v->instances[i];
            *feature = k;
            return 1;
        }
    return 0;
}

/* Has the frame been computed? After a cancellation some that were read have not. */
static int is_computed(const VmInstance *instance, unsigned row)
{
    uint64_t bits;
    int any = 0;
    for (unsigned k = 0; k < instance->extractor->n_features; k++) {
        const VmFeatureKind kind = instance->extractor->features[k].kind;
        const VmColumn *column = instance->columns[k];
        if (!column || (kind != VM_FRAME_FEATURE && kind != VM_HIDDEN_BITS)) continue;
        if (!vm_column_get_bits(column, row, &bits)) return 1;
        any = 1;
    }
    return !any;
}

/* The end of the frames that a derived value of this frame stands on: itself, those that it looks back at, the first
 * ones, and as many behind it as there are. 0: they are not all there. */
static unsigned computed_end(const VmafContext *v, const VmInstance *instance, unsigned index,
                             unsigned before, unsigned after)
{
    const unsigned first = v->first, low = index - first > before ? index - before : first;
    for (unsigned i = first; i <= index && i <= first + before; i++)
        if (!is_computed(instance, i)) return 0;
    for (unsigned i = low; i <= index; i++)
        if (!is_computed(instance, i)) return 0;
    for (unsigned i = index + 1; i < v->end && i - index <= after; i++)
        if (!is_computed(instance, i)) return i;
    return v->end;
}

/* Before the flush a derived feature is computed as if the newest frame were the last; *final becomes 0 if
 * frames to come can change it. */
static int feature_value(VmafContext *v, const VmColumn *column, unsigned index, double *value,
                         int *final)
{
    const VmInstance *instance;
    unsigned feature, before = 0, after = 0;
    if (!vm_column_get(column, index, value)) return 0;
    if (!v->flushed && index >= v->first && index < v->end &&
        owner_of(v, column, &instance, &feature) &&
        instance->extractor->features[feature].kind == VM_DERIVED_FEATURE) {
        const VmExtractor *e = instance->extractor;
        if (e->context) e->context(instance->options, &before, &after);
        const unsigned end = computed_end(v, instance, index, before, after);
        if (after >= end - index) *final = 0;
        if (end) *value = e->derive(instance, feature, index, v->first, end);
        if (end) return 0;
    }
    return vm_fail(&v->error, v->flushed || index < v->end ? -EINVAL : -EAGAIN,
                   "feature %s has no value for frame %u", column->label, index);
}

static int find_column(VmafContext *v, const char *name, VmColumn **column)
{
    *column = vm_scores_find(&v->scores, name);
    if (*column && !(*column)->hidden) return 0;
    return vm_fail(&v->error, -EINVAL, "no feature \"%s\" was computed", name);
}

static int get_feature(VmafContext *v, const char *name, double *score, unsigned index)
{
    VmColumn *column;
    int final;
    VM_TRY(find_column(v, name, &column));
    vm_context_settle(v);
    return feature_value(v, column, index, score, &final);
}

int vmaf_feature_score_at_index(VmafContext *v, const char *feature_name, double *score,
                                unsigned index)
{
    VM_ENTER(v, feature_name && score);
    return vm_context_leave(v, get_feature(v, feature_name, score, index));
}

static int check_range(VmafContext *v, enum VmafPoolingMethod method, unsigned low, unsigned high)
{
    if (method <= VMAF_POOL_METHOD_UNKNOWN || method >= VMAF_POOL_METHOD_NB)
        return vm_fail(&v->error, -EINVAL, "unknown pooling method %d", (int)method);
    if (low > high) return vm_fail(&v->error, -EINVAL, "frames %u..%u are no range", low, high);
    return 0;
}

static int pool_column(VmafContext *v, const VmColumn *column, enum VmafPoolingMethod method,
                       double *score, unsigned low, unsigned high)
{
    VmPooled p;
    if (vm_column_pool(column, low, high, vm_context_step(v), &p))
        return vm_fail(&v->error, -EINVAL, "%s has no value for some of the frames %u..%u",
                       column->label, low, high);
    *score = vm_pooled_by(&p, method);
    return 0;
}

int vmaf_feature_score_pooled(VmafContext *v, const char *feature_name,
                              enum VmafPoolingMethod pool_method, double *score, unsigned index_low,
                              unsigned index_high)
{
    VmColumn *column;
    VM_ENTER(v, feature_name && score);
    int code = check_range(v, pool_method, index_low, index_high);
    if (!code) code = find_column(v, feature_name, &column);
    vm_context_settle(v);
    if (!code) code = pool_column(v, column, pool_method, score, index_low, index_high);
    return vm_context_leave(v, code);
}

/* ---- models ---- */

/* The columns a model reads. */
typedef struct Inputs {
    VmColumn *columns[VM_MAX_MODEL_FEATURES];
} Inputs;

static int bind(VmafContext *v, VmafModel *m, Inputs *in)
{
    VM_TRY(vm_model_bind(m, &v->error));
    for (unsigned j = 0; j < m->n_features; j++) {
        in->columns[j] = vm_scores_find(&v->scores, m->features[j].key);
        if (!in->columns[j])
            return vm_fail(&v->error, -EINVAL, "model %s needs feature %s, which was not computed",
                           m->origin, m->features[j].key);
    }
    return 0;
}

static int raw_score(VmafContext *v, const VmafModel *m, const Inputs *in, unsigned index,
                     double *raw, int *final)
{
    double x[VM_MAX_MODEL_FEATURES];
    for (unsigned j = 0; j < m->n_features; j++)
        VM_TRY(feature_value(v, in->columns[j], index, &x[j], final));
    *raw = vm_model_raw(m, x);
    return 0;
}

/* FNV-1a, the terminating 0 included. */
static uint64_t add_text(uint64_t hash, const char *text)
{
    do hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    while (*text++);
    return hash;
}

/* Of a model that is bound. Loads of one file with the same name, flags and options are one owner. A
 * collection's main model and its members are of one file, too: owner_name and part tell them apart. */
static VmOwner make_owner(const VmafModel *m, const char *owner_name, const char *part)
{
    VmOwner owner = {.id = UINT64_C(0xcbf29ce484222325)};
    const char flags[] = {(char)('0' + m->has_clip), (char)('0' + m->transform.enabled), 0};
    owner.id = add_text(owner.id, m->sha256);
    owner.id = add_text(owner.id, owner_name);
    owner.id = add_text(owner.id, part);
    owner.id = add_text(owner.id, flags);
    for (unsigned j = 0; j < m->n_features; j++) owner.id = add_text(owner.id, m->features[j].key);
    /* the digest is not of what stands beside the file */
    if (m->tiny && vm_tiny_is_described(m->tiny->model)) owner.id = add_text(owner.id, m->origin);
    snprintf(owner.source, sizeof(owner.source), "%s", m->origin);
    return owner;
}

static VmOwner owner_of_model(const VmafModel *m)
{
    return make_owner(m, m->name, "model");
}

/* The column of a score, created at first use; -EINVAL if it is another model's. NULL when the name belongs
 * to a feature: the score is then computed but not reported. */
static int score_column(VmafContext *v, const VmOwner *owner, const char *name, VmColumn **column)
{
    *column = vm_scores_find(&v->scores, name);
    if (*column && (*column)->phase != VM_PHASE_MODEL) {
        *column = NULL;
        return 0;
    }
    if (*column && (*column)->owner.id != owner->id)
        return vm_fail(&v->error, -EINVAL,
                       "models %s and %s both give the score %.200s: give one of them another name",
                       (*column)->owner.source, owner->source, name);
    if (*column) return 0;
    if (vm_scores_add(&v->scores, vm_strdup(name), vm_strdup(name), VM_PHASE_MODEL, column))
        return vm_fail_memory(&v->error);
    (*column)->owner = *owner;
    return 0;
}

/* The column of "NAME_what". */
static int part_column(VmafContext *v, const VmOwner *owner, const char *name, const char *what,
                       VmColumn **column)
{
    char *full = vm_printf("%s_%s", name, what);
    const int code = full ? score_column(v, owner, full, column) : vm_fail_memory(&v->error);
    vm_free(full);
    return code;
}

/* For the report. column may be NULL. */
static void keep(const VmafContext *v, VmColumn *column, unsigned index, double score, int final)
{
    if (final && column && index >= v->scores.base && index < v->scores.n_rows)
        vm_column_put(column, index, score);
}

static int score_frame(VmafContext *v, const VmafModel *m, const Inputs *in, VmColumn *column,
                       unsigned index, double *score)
{
    double raw;
    int final = 1;
    VM_TRY(raw_score(v, m, in, index, &raw, &final));
    *score = vm_model_finish(m, raw);
    keep(v, column, index, *score, final);
    return 0;
}

/* ---- tiny models ---- */

typedef struct TinyColumns {
    VmColumn *score, *stddev, *outside; /* NULL where there is none */
} TinyColumns;

/* Those that the model gives. */
static int tiny_columns(VmafContext *v, const VmafModel *m, TinyColumns *c)
{
    const VmOwner owner = owner_of_model(m);
    *c = (TinyColumns){0};
    VM_TRY(score_column(v, &owner, m->name, &c->score));
    if (vm_tiny_has_stddev(m->tiny->model))
        VM_TRY(part_column(v, &owner, m->name, "stddev", &c->stddev));
    return vm_model_has_limits(m) ? part_column(v, &owner, m->name, "outside", &c->outside) : 0;
}

/* Frames first, first + step, ... n of them. x[n][features], y[2][n]: room; the scores are y[0]. */
static int score_frames(VmafContext *v, const VmafModel *m, unsigned first, unsigned step,
                        unsigned n, double *x, double *y)
{
    Inputs in;
    TinyColumns c;
    int final = 1;
    double *stddev = vm_tiny_has_stddev(m->tiny->model) ? y + n : NULL;
    VM_TRY(bind(v, (VmafModel *)m, &in));
    VM_TRY(tiny_columns(v, m, &c));
    for (unsigned i = 0; i < n; i++)
        for (unsigned j = 0; j < m->n_features; j++)
            VM_TRY(feature_value(v, in.columns[j], first + i * step, &x[i * m->n_features + j],
                                 &final));
    VM_TRY(vm_model_tiny_run(m, x, n, y, stddev, &v->error));
    for (unsigned i = 0; i < n; i++) {
        const unsigned index = first + i * step;
        keep(v, c.score, index, y[i], final);
        if (stddev) keep(v, c.stddev, index, stddev[i], final);
        if (c.outside) keep(v, c.outside, index, vm_model_outside(m, x + i * m->n_features), final);
    }
    return 0;
}

/* The counted frames low..high; all of the clip where they depend on each other. */
static int score_range(VmafContext *v, const VmafModel *m, unsigned low, unsigned high)
{
    const unsigned step = vm_context_step(v);
    if (vm_tiny_is_dynamic(m->tiny->model)) {
        const VmSpan scored = vm_context_scored(v);
        low = scored.first;
        high = scored.end - 1;
    }
    const uint64_t first = ((uint64_t)low + step - 1) / step * step;
    if (first > high) return 0;
    const unsigned n = (high - (unsigned)first) / step + 1;
    double *x = vm_alloc_array(n, m->n_features * sizeof(*x)),
           *y = vm_alloc_array(n, 2 * sizeof(*y));
    const int code =
        x && y ? score_frames(v, m, (unsigned)first, step, n, x, y) : vm_fail_memory(&v->error);
    vm_free(x);
    vm_free(y);
    return code;
}

static int score_tiny_at(VmafContext *v, const VmafModel *m, double *score, unsigned index)
{
    double x[VM_TINY_MAX_FEATURES], y[2];
    VmColumn *column;
    vm_context_settle(v);
    if (!vm_tiny_is_dynamic(m->tiny->model)) {
        VM_TRY(score_frames(v, m, index, 1, 1, x, y));
        *score = y[0];
        return 0;
    }
    if (!v->flushed)
        return vm_fail(&v->error, -EINVAL,
                       "model %s scores a clip as a whole, after the flush: it is quantised by the "
                       "values of all frames",
                       m->origin);
    VM_TRY(score_range(v, m, index, index));
    column = vm_scores_find(&v->scores, m->name);
    if (column && column->phase == VM_PHASE_MODEL && !vm_column_get(column, index, score)) return 0;
    return vm_fail(&v->error, -EINVAL, "model %s has no score for frame %u", m->origin, index);
}

/* ---- one model ---- */

static int score_at(VmafContext *v, VmafModel *m, double *score, unsigned index)
{
    Inputs in;
    VmColumn *column;
    if (m->tiny) return score_tiny_at(v, m, score, index);
    VM_TRY(bind(v, m, &in));
    const VmOwner owner = owner_of_model(m);
    VM_TRY(score_column(v, &owner, m->name, &column));
    vm_context_settle(v);
    return score_frame(v, m, &in, column, index, score);
}

int vmaf_score_at_index(VmafContext *v, VmafModel *model, double *score, unsigned index)
{
    VM_ENTER(v, model && score);
    return vm_context_leave(v, score_at(v, model, score, index));
}

/* Scores every frame of the range, then pools the column. */
static int score_pooled(VmafContext *v, VmafModel *m, enum VmafPoolingMethod method, double *score,
                        unsigned low, unsigned high)
{
    Inputs in;
    VmColumn *column;
    VM_TRY(check_range(v, method, low, high));
    if (!v->flushed) return vm_fail(&v->error, -EINVAL, "scores are pooled after the flush");
    if (high >= v->end || low < v->first)
        return vm_fail(&v->error, -EINVAL, "frames %u..%u were not all read", low, high);
    VM_TRY(bind(v, m, &in));
    const VmOwner owner = owner_of_model(m);
    VM_TRY(score_column(v, &owner, m->name, &column));
    if (!column)
        return vm_fail(&v->error, -EINVAL, "the model's name %s is a feature's name", m->name);
    if (m->tiny) VM_TRY(score_range(v, m, low, high));
    for (unsigned i = low; !m->tiny && i <= high; i++) {
        double one;
        if (i % vm_context_step(v)) continue;
        VM_TRY(score_frame(v, m, &in, column, i, &one));
    }
    return pool_column(v, column, method, score, low, high);
}

int vmaf_score_pooled(VmafContext *v, VmafModel *model, enum VmafPoolingMethod pool_method,
                      double *score, unsigned index_low, unsigned index_high)
{
    VM_ENTER(v, model && score);
    return vm_context_leave(v, score_pooled(v, model, pool_method, score, index_low, index_high));
}

/* ---- collections ---- */

enum { BAGGING, STDDEV, CI_LO, CI_HI, N_STATISTICS };

/* What a collection reads and writes; arrays have one entry a member. */
typedef struct Collection {
    Inputs *in;
    VmColumn **columns; /* of the members' scores */
    double *raw;
    VmColumn *statistics[N_STATISTICS];
} Collection;

static void close_collection(Collection *s)
{
    vm_free(s->in);
    vm_free(s->columns);
    vm_free(s->raw);
}

static int open_collection(VmafContext *v, const VmafModelCollection *c, Collection *s)
{
    static const char *const names[N_STATISTICS] = {"bagging", "stddev", "ci_p95_lo", "ci_p95_hi"};
    *s = (Collection){vm_alloc_array(c->n, sizeof(*s->in)),
                      vm_alloc_array(c->n, sizeof(*s->columns)),
                      vm_alloc_array(c->n, sizeof(*s->raw)),
                      {0}};
    if (!s->in || !s->columns || !s->raw) return vm_fail_memory(&v->error);
    for (unsigned i = 0; i < c->n; i++) VM_TRY(bind(v, c->models[i], &s->in[i]));
    const VmOwner owner = make_owner(c->models[0], c->name, "collection");
    for (unsigned i = 0; i < c->n; i++)
        VM_TRY(score_column(v, &owner, c->models[i]->name, &s->columns[i]));
    for (int k = 0; k < N_STATISTICS; k++)
        VM_TRY(part_column(v, &owner, c->name, names[k], &s->statistics[k]));
    return 0;
}

static int collection_frame(VmafContext *v, const VmafModelCollection *c, Collection *s,
                            unsigned index, VmafModelCollectionScore *score)
{
    int final = 1; /* members may read different features */
    for (unsigned i = 0; i < c->n; i++)
        VM_TRY(raw_score(v, c->models[i], &s->in[i], index, &s->raw[i], &final));
    for (unsigned i = 0; i < c->n; i++)
        keep(v, s->columns[i], index, vm_model_finish(c->models[i], s->raw[i]), final);
    *score = vm_collection_score(c, s->raw);
    keep(v, s->statistics[BAGGING], index, score->bootstrap.bagging_score, final);
    keep(v, s->statistics[STDDEV], index, score->bootstrap.stddev, final);
    keep(v, s->statistics[CI_LO], index, score->bootstrap.ci.p95.lo, final);
    keep(v, s->statistics[CI_HI], index, score->bootstrap.ci.p95.hi, final);
    return 0;
}

int vmaf_score_at_index_model_collection(VmafContext *v, VmafModelCollection *collection,
                                         VmafModelCollectionScore *score, unsigned index)
{
    Collection s;
    VM_ENTER(v, collection && score);
    vm_context_settle(v);
    int code = open_collection(v, collection, &s);
    if (!code) code = collection_frame(v, collection, &s, index, score);
    close_collection(&s);
    return vm_context_leave(v, code);
}

static int collection_pooled(VmafContext *v, const VmafModelCollection *c, Collection *s,
                             enum VmafPoolingMethod method, VmafModelCollectionScore *score,
                             unsigned low, unsigned high)
{
    double *const results[N_STATISTICS] = {&score->bootstrap.bagging_score,
                                           &score->bootstrap.stddev, &score->bootstrap.ci.p95.lo,
                                           &score->bootstrap.ci.p95.hi};
    if (!v->flushed) return vm_fail(&v->error, -EINVAL, "scores are pooled after the flush");
    if (high >= v->end || low < v->first)
        return vm_fail(&v->error, -EINVAL, "frames %u..%u were not all read", low, high);
    VM_TRY(open_collection(v, c, s));
    for (unsigned i = low; i <= high; i++)
        if (i % vm_context_step(v) == 0) VM_TRY(collection_frame(v, c, s, i, score));
    score->type = VMAF_MODEL_COLLECTION_SCORE_BOOTSTRAP;
    for (int k = 0; k < N_STATISTICS; k++) {
        if (!s->statistics[k])
            return vm_fail(&v->error, -EINVAL, "the collection's name %s is a feature's name",
                           c->name);
        VM_TRY(pool_column(v, s->statistics[k], method, results[k], low, high));
    }
    return 0;
}

int vmaf_score_pooled_model_collection(VmafContext *v, VmafModelCollection *collection,
                                       enum VmafPoolingMethod pool_method,
                                       VmafModelCollectionScore *score, unsigned index_low,
                                       unsigned index_high)
{
    Collection s = {0};
    VM_ENTER(v, collection && score);
    int code = check_range(v, pool_method, index_low, index_high);
    if (!code)
        code = collection_pooled(v, collection, &s, pool_method, score, index_low, index_high);
    close_collection(&s);
    return vm_context_leave(v, code);
}
