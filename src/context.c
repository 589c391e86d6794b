/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A context's life: features are registered, pictures come in order, the flush completes the columns. */
#include "context.h"

#include <stdio.h>
#include <string.h>

/* A first frame from which on the table of scores begins with it; before that its rows from 0 on are cheap. */
enum { LATE = 1 << 20 };

/* ---- errors and messages ---- */

void vm_log(VmafContext *v, enum VmafLogLevel level, const char *format, ...)
{
    static const char *const names[] = {"", "ERROR", "WARNING", "INFO", "DEBUG"};
    char text[sizeof(v->error.text)];
    va_list args;
    if (level > v->config.log_level || level <= VMAF_LOG_LEVEL_NONE) return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    vm_text_make_plain(text);
    pthread_mutex_lock(&v->callback_lock);
    if (v->config.log) v->config.log(v->config.log_opaque, level, text);
    else fprintf(stderr, "libvmaf %s %s\n", names[level], text);
    pthread_mutex_unlock(&v->callback_lock);
}

int vm_context_enter(VmafContext *v, int complete, const char *function)
{
    if (!v) return -EINVAL;
    v->error.text[0] = 0;
    v->outer = vm_memory_use(&v->memory);
    if (complete) return 0;
    return vm_context_leave(v, vm_fail(&v->error, -EINVAL, "%s: an argument is NULL", function));
}

int vm_context_leave(VmafContext *v, int code)
{
    if (code < 0) vm_log(v, VMAF_LOG_LEVEL_ERROR, "%s", v->error.text);
    vm_memory_use(v->outer);
    return code;
}

void vm_context_settle(VmafContext *v)
{
    if (v->sched) vm_sched_wait(v->sched);
}

unsigned vm_context_step(const VmafContext *v)
{
    return VM_MAX(v->config.n_subsample, 1);
}

VmSpan vm_context_scored(const VmafContext *v)
{
    if (!v->config.chunk_count) return (VmSpan){v->first, v->end};
    const uint64_t end = (uint64_t)v->config.chunk_first + v->config.chunk_count;
    const unsigned first = VM_MIN(VM_MAX(v->config.chunk_first, v->first), v->end);
    return (VmSpan){first, (unsigned)VM_MAX(VM_MIN(end, v->end), first)};
}

static VmRole role_of(const VmafContext *v, unsigned index)
{
    const VmafExtConfig *c = &v->config;
    if (c->chunk_count && (index < c->chunk_first || index - c->chunk_first >= c->chunk_count))
        return VM_ROLE_CONTEXT;
    return index % vm_context_step(v) ? VM_ROLE_SKIPPED : VM_ROLE_COUNTED;
}

/* ---- birth and death ---- */

int vmaf_ext_init(VmafContext **vmaf, const VmafExtConfig *config)
{
    VmafExtConfig c;
    if (!vmaf || !config || config->struct_size < sizeof(config->struct_size)) return -EINVAL;
    vmaf_ext_config_default(&c);
    vm_copy_struct(&c, sizeof(c), config, config->struct_size);
    if (!c.alloc != !c.free) return -EINVAL;
    const VmMemory memory = {c.alloc, c.free, c.alloc_opaque}, *outer = vm_memory_use(&memory);
    VmafContext *v = vm_alloc(sizeof(*v));
    vm_memory_use(outer);
    if (!v) return -ENOMEM;
    v->config = c;
    v->memory = memory;
    if (!v->config.n_threads) v->config.n_threads = vm_cpu_count();
    v->level = vm_cpu_level(v->config.cpumask);
    pthread_mutex_init(&v->callback_lock, NULL);
    clock_gettime(CLOCK_MONOTONIC, &v->start);
    *vmaf = v;
    return 0;
}

int vmaf_init(VmafContext **vmaf, VmafConfiguration cfg)
{
    VmafExtConfig config;
    vmaf_ext_config_default(&config);
    config.n_threads = 1; /* not "all cores": set below */
    config.n_subsample = cfg.n_subsample;
    config.cpumask = cfg.cpumask;
    config.log_level = cfg.log_level;
    VM_TRY(vmaf_ext_init(vmaf, &config));
    (*vmaf)->config.n_threads = cfg.n_threads;
    return 0;
}

int vmaf_close(VmafContext *v)
{
    if (!v) return -EINVAL;
    atomic_store(&v->cancelled, 1); /* nobody can ask for what is still to be computed */
    vm_sched_destroy(v->sched);
    for (int i = 0; i < VM_MAX_PREVIOUS; i++) vmaf_picture_unref(&v->last[i]);
    vm_pool_destroy(v->pool);
    for (unsigned i = 0; i < v->n_instances; i++) vm_instance_free(v->instances[i]);
    for (unsigned i = 0; i < v->n_models; i++) {
        vm_free(v->models[i].name);
        vm_free(v->models[i].origin);
        vm_tiny_record_free(v->models[i].tiny);
    }
    vm_free(v->instances);
    vm_plan_free(&v->plan);
    vm_free(v->groups);
    vm_free(v->models);
    vm_free(v->reference);
    vm_free(v->distorted);
    vm_list_free(&v->features);
    vm_list_free(&v->warnings);
    vm_scores_free(&v->scores);
    pthread_mutex_destroy(&v->callback_lock);
    vm_free(v);
    return 0;
}

/* ---- features ---- */

static int not_started(VmafContext *v)
{
    if (!v->sched && !v->flushed) return 0;
    return vm_fail(&v->error, -EINVAL, "features cannot be added after the first picture");
}

static int add_feature_text(VmafContext *v, const VmInstance *instance)
{
    const VmExtractor *e = instance->extractor;
    char *options = vm_options_text(e->options, instance->options);
    char *text = options ? vm_printf("%s%s%s", e->name, *options ? "=" : "", options) : NULL;
    vm_free(options);
    return vm_list_add(&v->features, text);
}

/* Scores have names of some of the options only. */
static void tell_of_dropped(VmafContext *v, const VmInstance *kept, const VmInstance *dropped)
{
    char *a = vm_options_text(kept->extractor->options, kept->options);
    char *b = vm_options_text(kept->extractor->options, dropped->options);
    if (a && b && strcmp(a, b) != 0)
        vm_log(
            v, VMAF_LOG_LEVEL_WARNING,
            "feature %s is computed with \"%s\": \"%s\" would give the same names, and is left out",
            kept->extractor->name, a, b);
    vm_free(a);
    vm_free(b);
}

/* Its columns and what reports say of it; on failure there is nothing of both. */
static int list_instance(VmafContext *v, VmInstance *instance)
{
    const unsigned columns = v->scores.n_columns;
    int code = vm_instance_columns(instance, &v->scores);
    if (code == -EEXIST)
        code = vm_fail(&v->error, -EINVAL, "a score was imported under the name of a feature of %s",
                       instance->extractor->name);
    else if (code || add_feature_text(v, instance)) code = vm_fail_memory(&v->error);
    if (code) vm_scores_restore(&v->scores, columns, v->scores.n_rows, v->scores.base);
    return code;
}

/* An instance equal to an earlier one is dropped, as libvmaf does. */
static int add_instance(VmafContext *v, const VmExtractor *extractor,
                        const VmafFeatureDictionary *dict)
{
    VmInstance *instance;
    VM_TRY(vm_instance_create(&instance, extractor, dict, &v->error));
    unsigned same = 0;
    for (unsigned i = 0; i < v->n_instances; i++) {
        same += v->instances[i]->extractor == extractor;
        if (!vm_instance_equal(v->instances[i], instance)) continue;
        tell_of_dropped(v, v->instances[i], instance);
        vm_instance_free(instance);
        return 0;
    }
    VmInstance **grown = NULL;
    if (same < VM_MAX_INSTANCES)
        grown = vm_realloc(v->instances, (v->n_instances + 1) * sizeof(*grown));
    if (!grown) {
        vm_instance_free(instance);
        return same < VM_MAX_INSTANCES
                   ? vm_fail_memory(&v->error)
                   : vm_fail(&v->error, -EINVAL, "more than %d variants of feature %s",
                             VM_MAX_INSTANCES, extractor->name);
    }
    v->instances = grown;
    const int code = list_instance(v, instance);
    if (code) vm_instance_free(instance);
    else grown[v->n_instances++] = instance;
    return code;
}

static int use_feature(VmafContext *v, const char *name, const VmafFeatureDictionary *dict)
{
    const VmExtractor *extractor = vm_extractor_find(name);
    VM_TRY(not_started(v));
    if (!extractor) return vm_extractor_unknown(name, &v->error);
    return add_instance(v, extractor, dict);
}

int vmaf_use_feature(VmafContext *v, const char *feature_name, VmafFeatureDictionary *opts_dict)
{
    int code = vm_context_enter(v, feature_name != NULL, __func__);
    if (!code) code = vm_context_leave(v, use_feature(v, feature_name, opts_dict));
    vmaf_feature_dictionary_free(&opts_dict);
    return code;
}

static int add_model_features(VmafContext *v, VmafModel *m)
{
    VM_TRY(not_started(v));
    for (unsigned j = 0; j < m->n_features; j++) {
        const VmModelFeature *f = &m->features[j];
        const VmExtractor *extractor = vm_extractor_of_feature(f->name);
        if (!extractor)
            return vm_fail(&v->error, -EINVAL,
                           "model %s needs feature %s, which this engine does not compute",
                           m->origin, f->name);
        VM_TRY(add_instance(v, extractor, f->options));
    }
    return vm_model_bind(m, &v->error);
}

int vm_context_add_model(VmafContext *v, VmModelRecord record)
{
    VmModelRecord *models = vm_realloc(v->models, (v->n_models + 1) * sizeof(*models));
    if (models) {
        v->models = models;
        models[v->n_models++] = record; /* a missing string is noticed, the other one freed later */
        if (record.name && record.origin) return 0;
    } else {
        vm_free(record.name);
        vm_free(record.origin);
        vm_tiny_record_free(record.tiny);
    }
    return vm_fail_memory(&v->error);
}

void vm_tiny_record_free(VmTinyRecord *r)
{
    if (!r) return;
    vm_free(r->id);
    vm_list_free(&r->features);
    vm_list_free(&r->keys);
    vm_list_free(&r->values);
    vm_free(r);
}

/* Long texts are left to the file. */
static int fill_tiny_record(VmTinyRecord *r, const VmafModel *m)
{
    enum { LONGEST = 1024 };
    unsigned n;
    const char *key, *value;
    const char *const *features = vm_tiny_features(m->tiny->model, &n);
    for (unsigned i = 0; i < n; i++) VM_TRY(vm_list_add(&r->features, vm_strdup(features[i])));
    for (unsigned i = 0; vm_tiny_entry(m->tiny->model, i, &key, &value); i++) {
        if (strlen(value) > LONGEST || strlen(key) > LONGEST) continue;
        VM_TRY(vm_list_add(&r->keys, vm_strdup(key)));
        VM_TRY(vm_list_add(&r->values, vm_strdup(value)));
    }
    r->is_dynamic = vm_tiny_is_dynamic(m->tiny->model);
    r->id = m->tiny->id ? vm_strdup(m->tiny->id) : NULL;
    return m->tiny->id && !r->id ? -ENOMEM : 0;
}

static int create_tiny_record(VmafContext *v, const VmafModel *m, VmTinyRecord **record)
{
    *record = vm_alloc(sizeof(**record));
    if (*record && !fill_tiny_record(*record, m)) return 0;
    vm_tiny_record_free(*record);
    return vm_fail_memory(&v->error);
}

/* Said once for a model, in use for the first time. */
static void warn_of_tiny(VmafContext *v, VmafModel *m)
{
    unsigned n;
    const char *const *notes = vm_tiny_notes(m->tiny->model, &n);
    vm_tiny_level(m->tiny->model, v->level);
    for (unsigned i = 0; i < n; i++)
        vm_log(v, VMAF_LOG_LEVEL_WARNING, "model %s: %s", m->origin, notes[i]);
}

static int add_record(VmafContext *v, VmafModel *m, const char *name, int is_collection)
{
    VmTinyRecord *tiny = NULL;
    for (unsigned i = 0; i < v->n_models; i++)
        if (!strcmp(v->models[i].name, name) && v->models[i].is_collection == is_collection)
            return 0;
    if (m->tiny) VM_TRY(create_tiny_record(v, m, &tiny));
    if (m->tiny) warn_of_tiny(v, m);
    VmModelRecord r = {vm_strdup(name), vm_strdup(m->origin), {0}, is_collection, tiny};
    memcpy(r.sha256, m->sha256, sizeof(r.sha256));
    return vm_context_add_model(v, r);
}

int vmaf_use_features_from_model(VmafContext *v, VmafModel *model)
{
    VM_ENTER(v, model != NULL);
    int code = add_model_features(v, model);
    if (!code) code = add_record(v, model, model->name, 0);
    return vm_context_leave(v, code);
}

int vmaf_use_features_from_model_collection(VmafContext *v, VmafModelCollection *collection)
{
    VM_ENTER(v, collection != NULL);
    int code = 0;
    for (unsigned i = 0; !code && i < collection->n; i++)
        code = add_model_features(v, collection->models[i]);
    if (!code) code = add_record(v, collection->models[0], collection->name, 1);
    return vm_context_leave(v, code);
}

/* The column of imported scores of that name, created at first use. */
static int import_column(VmafContext *v, const char *name, VmColumn **column)
{
    *column = vm_scores_find(&v->scores, name);
    if (*column && !(*column)->imported)
        return vm_fail(&v->error, -EINVAL, "feature %s is computed, not imported", name);
    if (*column) return 0;
    if (vm_scores_add(&v->scores, vm_strdup(name), vm_strdup(name), VM_PHASE_FRAME, column))
        return vm_fail_memory(&v->error);
    (*column)->imported = 1;
    return 0;
}

static int import_score(VmafContext *v, const char *name, double value, unsigned index)
{
    double old;
    VmColumn *column;
    if (!*name) return vm_fail(&v->error, -EINVAL, "an imported score needs a name");
    if (index >= VM_MAX_FRAMES)
        return vm_fail(&v->error, -EINVAL, "frame index %u is too large", index);
    VM_TRY(import_column(v, name, &column));
    if (index < v->scores.base)
        return vm_fail(&v->error, -EINVAL, "frame %u is before the first picture, %u", index,
                       v->scores.base);
    if (vm_scores_reserve(&v->scores, index + 1)) return vm_fail_memory(&v->error);
    if (!vm_column_get(column, index, &old))
        return vm_fail(&v->error, -EINVAL, "feature %s has a value for frame %u already", name,
                       index);
    vm_column_put(column, index, value);
    return 0;
}

int vmaf_import_feature_score(VmafContext *v, const char *feature_name, double value,
                              unsigned index)
{
    VM_ENTER(v, feature_name != NULL);
    vm_context_settle(v);
    return vm_context_leave(v, import_score(v, feature_name, value, index));
}

/* ---- pictures ---- */

static int is_cancelled(const VmafContext *v)
{
    return atomic_load_explicit(&v->cancelled, memory_order_relaxed);
}

static void run_task(void *opaque, const VmFrame *frame, unsigned task, VmArena *arena,
                     void *memory)
{
    VmafContext *v = opaque;
    if (!is_cancelled(v)) vm_plan_run(&v->plan, task, frame, arena, memory);
}

/* The flag is never taken back: if a task saw it, so does this. */
static void finish_frame(void *opaque, const VmFrame *frame, void *memory)
{
    VmafContext *v = opaque;
    if (is_cancelled(v)) return;
    vm_plan_finish(&v->plan, frame, memory);
    if (!v->config.progress) return;
    pthread_mutex_lock(&v->callback_lock);
    /* the one before this one may have cancelled */
    if (!is_cancelled(v)) v->config.progress(v->config.progress_opaque, ++v->n_finished);
    pthread_mutex_unlock(&v->callback_lock);
}

/* Instances of an extractor that shares its work form one group. */
static int build_groups(VmafContext *v)
{
    v->n_groups = 0;
    v->groups = vm_alloc_array(VM_MAX(v->n_instances, 1), sizeof(*v->groups));
    if (!v->groups) return vm_fail_memory(&v->error);
    for (unsigned i = 0; i < v->n_instances; i++) {
        VmInstance *instance = v->instances[i];
        const VmExtractor *e = instance->extractor;
        unsigned k = 0;
        while (k < v->n_groups && !(e->shares && v->groups[k].extractor == e)) k++;
        VmGroup *g = &v->groups[k];
        if (k == v->n_groups) {
            *g =
                (VmGroup){.extractor = e, .format = v->format, .kernels = vm_kernels_get(v->level)};
            v->n_groups++;
        }
        g->instances[g->n++] = instance;
        if (e->previous) v->n_previous = VM_MAX(v->n_previous, e->previous(instance->options));
    }
    return 0;
}

/* Pictures that keep all threads busy: of the frames in flight, of the pair that is being read, and those
 * that features look back at. A single thread finds the next pair ready when it has finished one. */
static unsigned pool_size(const VmafContext *v)
{
    const unsigned pairs = v->config.n_threads > 1 ? v->plan.n_frames + 1 : 2;
    return 2 * pairs + (unsigned)v->n_previous;
}

static int start_workers(VmafContext *v)
{
    VM_TRY(build_groups(v));
    if (vm_plan_create(&v->plan, v->groups, v->n_groups, v->config.n_threads, v->bands))
        return vm_fail_memory(&v->error);
    if (v->pool) vm_pool_raise(v->pool, pool_size(v));
    const VmSchedConfig config = {
        .n_threads = v->config.n_threads,
        .n_frames = v->plan.n_frames,
        .n_tasks = v->plan.n_tasks,
        .scratch = v->plan.scratch,
        .memory = v->plan.words * sizeof(uint64_t),
        .task = run_task,
        .finish = finish_frame,
        .opaque = v,
    };
    return vm_sched_create(&v->sched, &config, &v->error);
}

/* On failure nothing has happened: features may still be added, any picture may be the first. */
static int start(VmafContext *v, const VmFormat *format, unsigned index)
{
    for (unsigned i = 0; i < v->n_instances; i++) {
        const VmExtractor *e = v->instances[i]->extractor;
        if (e->check) VM_TRY(e->check(v->instances[i]->options, format, &v->error));
    }
    const unsigned columns = v->scores.n_columns, rows = v->scores.n_rows, base = v->scores.base;
    v->format = *format;
    if (index >= LATE) vm_scores_begin(&v->scores, index);
    int code = vm_scores_reserve(&v->scores, index + 1) ? vm_fail_memory(&v->error) : 0;
    if (!code) code = start_workers(v);
    if (!code) {
        v->first = v->end = index;
        return 0;
    }
    vm_plan_free(&v->plan);
    vm_free(v->groups);
    v->groups = NULL;
    v->format = (VmFormat){0};
    vm_scores_restore(&v->scores, columns, rows, base);
    return code;
}

static int check_pair(VmafContext *v, const VmafPicture *ref, const VmafPicture *dis,
                      unsigned index)
{
    char a[64], b[64];
    const VmFormat r = vm_format_of(ref), d = vm_format_of(dis);
    if (v->flushed) return vm_fail(&v->error, -EINVAL, "frame %u comes after the flush", index);
    if (is_cancelled(v)) return vm_fail(&v->error, -ECANCELED, "cancelled before frame %u", index);
    VM_TRY(vm_format_check(&r, &v->error));
    vm_format_print(&r, a);
    vm_format_print(&d, b);
    if (!vm_format_equal(&r, &d))
        return vm_fail(&v->error, -EINVAL,
                       "frame %u: the reference is %s, the distorted picture is %s", index, a, b);
    if (index >= VM_MAX_FRAMES)
        return vm_fail(&v->error, -EINVAL, "frame index %u is too large", index);
    if (!v->sched) return start(v, &r, index);
    vm_format_print(&v->format, b);
    if (!vm_format_equal(&r, &v->format))
        return vm_fail(&v->error, -EINVAL, "frame %u is %s, the frames before it are %s", index, a,
                       b);
    if (index != v->end)
        return vm_fail(&v->error, -EINVAL, "frame %u comes where frame %u is due", index, v->end);
    return 0;
}

/* Hands the pair over; takes both pictures. */
static void submit(VmafContext *v, VmafPicture *ref, VmafPicture *dis, unsigned index)
{
    VmFrame frame = {.index = index, .ref = *ref, .dis = *dis};
    frame.role = role_of(v, index);
    for (int i = 0; i < v->n_previous; i++)
        if (v->last[i].ref) frame.previous[i] = vm_picture_ref(&v->last[i]);
    if (v->n_previous) {
        vmaf_picture_unref(&v->last[VM_MAX_PREVIOUS - 1]);
        for (int i = VM_MAX_PREVIOUS - 1; i > 0; i--) v->last[i] = v->last[i - 1];
        v->last[0] = vm_picture_ref(ref);
        if (v->n_previous < VM_MAX_PREVIOUS) vmaf_picture_unref(&v->last[VM_MAX_PREVIOUS - 1]);
    }
    v->end = index + 1;
    vm_sched_submit(v->sched, &frame);
}

/* A picture filled by hand has no reference count: it is copied and stays its owner's. So is one of ours
 * whose planes were replaced: what kernels may read around them is not known. */
static int take(VmafContext *v, VmafPicture *mine, VmafPicture *theirs)
{
    VmafPicture picture = *theirs;
    memset(theirs, 0, sizeof(*theirs));
    *mine = picture;
    if (vm_picture_is_ours(&picture)) return 0;
    memset(mine, 0, sizeof(*mine));
    const int code = picture.data[0] ? vm_picture_copy(mine, &picture, &v->error)
                                     : vm_fail(&v->error, -EINVAL, "a picture has no data");
    vmaf_picture_unref(&picture);
    return code;
}

static int read_pair(VmafContext *v, VmafPicture *ref, VmafPicture *dis, unsigned index)
{
    VmafPicture r, d;
    const int ref_code = take(v, &r, ref), dis_code = take(v, &d, dis);
    int code = ref_code ? ref_code : dis_code;
    if (!code) code = check_pair(v, &r, &d, index);
    if (!code && vm_scores_reserve(&v->scores, index + 1)) code = vm_fail_memory(&v->error);
    if (!code) {
        submit(v, &r, &d, index);
        return 0;
    }
    vmaf_picture_unref(&r);
    vmaf_picture_unref(&d);
    return code;
}

/* A column that looks across frames, or a value for the whole clip. */
static int complete_feature(VmafContext *v, const VmGroup *group, const VmInstance *instance,
                            unsigned k)
{
    const VmExtractor *e = group->extractor;
    const VmFeature *f = &e->features[k];
    const VmSpan scored = vm_context_scored(v);
    if (f->kind == VM_DERIVED_FEATURE && instance->columns[k])
        for (unsigned i = scored.first; i < scored.end; i++)
            vm_column_put(instance->columns[k], i, e->derive(instance, k, i, v->first, v->end));
    if (f->kind != VM_TOTAL_FEATURE || !(instance->mask >> k & 1)) return 0;
    VmTotal total = {0};
    e->total(group, instance, k, scored.first, scored.end, &total);
    return vm_scores_add_total(&v->scores, f->name, &total) ? vm_fail_memory(&v->error) : 0;
}

static int flush(VmafContext *v)
{
    if (v->flushed) return vm_fail(&v->error, -EINVAL, "flushed already");
    if (!v->sched) return vm_fail(&v->error, -EINVAL, "nothing to flush: no picture was read");
    vm_context_settle(v);
    if (is_cancelled(v)) return vm_fail(&v->error, -ECANCELED, "cancelled before the last frame");
    v->flushed = 1;
    for (unsigned g = 0; g < v->n_groups; g++)
        for (unsigned n = 0; n < v->groups[g].n; n++)
            for (unsigned k = 0; k < v->groups[g].extractor->n_features; k++)
                VM_TRY(complete_feature(v, &v->groups[g], v->groups[g].instances[n], k));
    return 0;
}

/* Takes a picture that is of no use, also one filled by hand. */
static void drop(VmafPicture *picture)
{
    if (!picture) return;
    vmaf_picture_unref(picture);
    memset(picture, 0, sizeof(*picture));
}

int vmaf_read_pictures(VmafContext *v, VmafPicture *ref, VmafPicture *dist, unsigned index)
{
    if (v && !ref == !dist) {
        VM_ENTER(v, 1);
        return vm_context_leave(v, ref ? read_pair(v, ref, dist, index) : flush(v));
    }
    drop(ref);
    drop(dist);
    VM_ENTER(v, 1);
    return vm_context_leave(v, vm_fail(&v->error, -EINVAL, "frame %u: one picture is NULL", index));
}

enum { MAX_POOL = 65536 };

int vmaf_preallocate_pictures(VmafContext *v, VmafPictureConfiguration cfg)
{
    VM_ENTER(v, 1);
    const VmFormat format = {cfg.pic_params.pix_fmt, cfg.pic_params.bpc, cfg.pic_params.w,
                             cfg.pic_params.h};
    int code = vm_format_check(&format, &v->error);
    if (!code && cfg.pic_cnt > MAX_POOL)
        code = vm_fail(&v->error, -EINVAL, "a pool of %u pictures is more than %d", cfg.pic_cnt,
                       MAX_POOL);
    if (!code && v->pool) code = vm_fail(&v->error, -EINVAL, "pictures were preallocated already");
    /* reference pictures may be held for the frames to come, two must be free for the next pair; the
     * first pair tells how many are of use */
    if (!code && vm_pool_create(&v->pool, &format, VM_MAX(cfg.pic_cnt, 2) + VM_MAX_PREVIOUS))
        code = vm_fail_memory(&v->error);
    return vm_context_leave(v, code);
}

int vmaf_fetch_preallocated_picture(VmafContext *v, VmafPicture *pic)
{
    VM_ENTER(v, pic != NULL);
    if (!v->pool)
        return vm_context_leave(v, vm_fail(&v->error, -EINVAL, "no pictures preallocated"));
    const int code = vm_pool_fetch(v->pool, pic);
    return vm_context_leave(v, code ? vm_fail_memory(&v->error) : 0);
}

const char *vmaf_version(void)
{
    return "3.2.0";
}
