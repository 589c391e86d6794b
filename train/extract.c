/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "extract.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "infile.h"
#include "lease.h"
#include "team.h"

enum { JOBS_MAX = 1024 };

enum Outcome { DONE, BUSY, FAILED };

typedef struct Work {
    VmExtraction *extraction;
    const VmCorpus *corpus;
    const VmFeatureSet *features;
    const VmGrader *teacher;
    VmMessages *messages;
    char *folder;    /* of the cache; NULL: none is used */
    unsigned *order; /* numbers of the pairs of this shard */
    unsigned n, threads;
    pthread_mutex_t lock;
    /* under the lock */
    VmProgress progress;
    unsigned next;
    unsigned *busy; /* pairs that another process works on */
    unsigned n_busy;
    json_t **keys[2]; /* [corpus->n_ref], [corpus->n_dis]: of files digested so far. A reference has
                       * many pairs, and a pair that is busy is looked at again and again */
    int waiting;      /* said once */
    int write_failed; /* said once */
    enum VmExit stop; /* not VM_EXIT_OK: no further pair is begun */
} Work;

typedef struct Worker {
    Work *work;
    VmGraderPair teacher;
} Worker;

static void lock(Work *work)
{
    (void)pthread_mutex_lock(&work->lock);
}

static void unlock(Work *work)
{
    (void)pthread_mutex_unlock(&work->lock);
}

/* ---- what an entry is computed from ---- */

static json_t *input_key(const Work *work, const VmFile *file, VmError *error)
{
    const int quick = work->extraction->args->digest == VM_DIGEST_QUICK;
    char hex[65];
    const int fd = vm_corpus_open_file(work->corpus->fd, file->path);
    const int err = fd < 0 ? fd : vm_infile_digest(fd, quick, hex);

    if (err < 0) {
        (void)vm_fail(error, err, "%s: %s", file->path, strerror(-err));
        return NULL;
    }
    if (!quick) return json_pack("{s:I, s:s}", "size", (json_int_t)file->size, "sha256", hex);
    return json_pack("{s:I, s:I, s:s}", "size", (json_int_t)file->size, "mtime_ns",
                     (json_int_t)file->mtime_ns, "samples_sha256", hex);
}

/* The same once a run. */
static json_t *known_key(Work *work, json_t **known, const VmFile *file, VmError *error)
{
    lock(work);
    json_t *key = json_deep_copy(*known);
    unlock(work);
    if (key) return key;
    key = input_key(work, file, error);
    lock(work);
    if (!*known) *known = json_deep_copy(key);
    unlock(work);
    return key;
}

static json_t *names_json(const VmFeatureSet *features)
{
    json_t *names = json_array();

    for (unsigned i = 0; i < features->n; i++)
        (void)json_array_append_new(names, json_string(features->names[i]));
    return names;
}

/* NULL: an input cannot be read (the reason is in error), or there is no memory ("" is). */
static json_t *make_key(Work *work, const VmPair *pair, VmError *error)
{
    char format[64];
    json_t **known[2] = {&work->keys[0][pair->ref - work->corpus->ref],
                         &work->keys[1][pair->dis - work->corpus->dis]};
    json_t *ref = known_key(work, known[0], pair->ref, error);
    json_t *dis = ref ? known_key(work, known[1], pair->dis, error) : NULL;

    vm_source_describe(&pair->info, format, sizeof(format));
    if (ref && dis)
        return json_pack("{s:o, s:o, s:i, s:i, s:s, s:s, s:s, s:o, s:{}, s:s}", "reference", ref,
                         "distorted", dis, "width", (int)pair->info.w, "height", (int)pair->info.h,
                         "format", format, "engine_epoch", vmaf_ext_epoch(), "engine_version",
                         vmaf_ext_version(), "features", names_json(work->features),
                         "feature_options", "teacher_sha256", work->teacher->sha256);
    json_decref(ref);
    json_decref(dis);
    return NULL;
}

/* ---- one pair ---- */

static uint64_t count_dropped(const VmRows *rows)
{
    uint64_t dropped = 0;

    for (size_t i = 0; i < rows->n; i++) {
        int finite = isfinite(rows->clipped[i]) && (!rows->has_raw || isfinite(rows->raw[i]));
        for (unsigned k = 0; finite && k < rows->width; k++)
            finite = isfinite((float)rows->x[i * rows->width + k]);
        dropped += !finite;
    }
    return dropped;
}

/* The rows go to whoever wants them. Returns FAILED if too many of them are of no use. */
static enum Outcome deliver(Work *work, unsigned number, VmRows *rows, int hit)
{
    VmExtraction *extraction = work->extraction;
    const VmPair *pair = &work->corpus->pairs[number];
    const uint64_t dropped = count_dropped(rows);
    const int usable = dropped * 100 <= rows->n;

    if (!usable)
        vm_message_error(work->messages,
                         "clip %s: %" PRIu64 " of its %zu rows have values that are not finite",
                         pair->dis->stem, dropped, rows->n);
    lock(work);
    extraction->hits += hit && usable;
    extraction->computed += !hit && usable;
    extraction->rows += usable ? rows->n - dropped : 0;
    extraction->dropped += dropped;
    if (hit && work->progress.total >= 0) work->progress.total -= pair->expected;
    if (usable && extraction->take) extraction->take(extraction->opaque, number, rows);
    unlock(work);
    vm_rows_free(rows);
    return usable ? DONE : FAILED;
}

static void count_frame(void *opaque)
{
    Work *work = opaque;

    lock(work);
    const uint64_t frames = ++work->extraction->frames_computed;
    vm_progress_update(&work->progress, frames);
    vm_watch_tell(work->extraction->args->watch, (double)frames,
                  work->progress.total > 0 ? (double)work->progress.total : 0,
                  "frames of the corpus");
    unlock(work);
}

static enum Outcome fail_pair(Work *work, int err, const VmError *error)
{
    if (err == -ECANCELED) return FAILED; /* said once, at the end */
    vm_message_error(work->messages, "%s", error->text[0] ? error->text : strerror(-err));
    if (err != -ENOMEM) return FAILED;
    lock(work);
    work->stop = VM_EXIT_INTERNAL;
    unlock(work);
    return FAILED;
}

/* Rows cannot be kept: the end of a run that is made for them, a warning for one that uses them. */
static enum Outcome fail_write(Work *work, const VmError *error)
{
    const int must_write = work->extraction->must_write;

    lock(work);
    const int first = !work->write_failed;
    work->write_failed = 1;
    if (must_write) work->stop = VM_EXIT_INTERNAL;
    unlock(work);
    if (first && must_write) vm_message_error(work->messages, "%s", error->text);
    else if (first)
        vm_message_warn(work->messages, "%s; computed rows serve this run only", error->text);
    return must_write ? FAILED : DONE;
}

/* What was digested must be what was decoded. */
static int check_unchanged(const Work *work, const VmFile *file, VmError *error)
{
    struct stat st;
    const int fd = vm_corpus_open_file(work->corpus->fd, file->path);
    const int same = fd >= 0 && !fstat(fd, &st) && st.st_size == file->size &&
                     vm_corpus_mtime(&st) == file->mtime_ns;

    if (fd >= 0) (void)close(fd);
    return same ? 0 : vm_fail(error, -ESTALE, "%s was changed while it was read", file->path);
}

static int run_pass(Worker *worker, const VmPair *pair, VmRows *rows, VmError *error)
{
    Work *work = worker->work;
    const VmPass pass = {
        work->corpus, work->features, &worker->teacher, work->threads,
        count_frame,  work,           work->messages,   work->extraction->args->watch};

    VM_TRY(vm_pass_run(&pass, pair, rows, error));
    VM_TRY(check_unchanged(work, pair->ref, error));
    return check_unchanged(work, pair->dis, error);
}

static enum Outcome compute(Worker *worker, unsigned number, const VmCacheEntry *entry)
{
    Work *work = worker->work;
    VmError error = {""};
    VmRows rows;
    const int err = run_pass(worker, &work->corpus->pairs[number], &rows, &error);
    enum Outcome outcome = err < 0 ? fail_pair(work, err, &error) : DONE;

    if (outcome == DONE && entry && vm_cache_write(entry, &rows, &error) < 0)
        outcome = fail_write(work, &error);
    if (outcome == DONE) return deliver(work, number, &rows, 0);
    vm_rows_free(&rows);
    return outcome;
}

/* Looks into the cache again, since another process may just have finished it. */
static enum Outcome compute_leased(Worker *worker, unsigned number, VmCacheEntry *entry,
                                   const VmError *reason)
{
    Work *work = worker->work;
    VmError why = {""};
    VmRows rows;
    const int found = vm_cache_read(entry, &rows, &why);

    if (found == 1) return deliver(work, number, &rows, 1);
    if (found < 0) return fail_pair(work, found, &why);
    if (reason->text[0])
        vm_message_warn(work->messages, "cache entry of clip %s: %s; computed again", entry->stem,
                        reason->text);
    vm_cache_sweep(entry);
    return compute(worker, number, entry);
}

static enum Outcome lease_and_compute(Worker *worker, unsigned number, VmCacheEntry *entry,
                                      const VmError *reason)
{
    Work *work = worker->work;
    VmError error = {""};
    VmLease lease = {-1, NULL};
    int err = 0;
    char *path = vm_cache_lease_path(entry, &err, &error);

    if (path) {
        err = vm_lease_take(&lease, path);
        if (err < 0)
            (void)vm_fail(&error, err, "cannot write to the cache \"%s\": %s", path,
                          strerror(-err));
    }
    vm_free(path);
    if (err == -EWOULDBLOCK) return BUSY;
    if (err < 0) {
        const enum Outcome outcome = fail_write(work, &error);
        return outcome == DONE ? compute(worker, number, NULL) : outcome;
    }
    const enum Outcome outcome = compute_leased(worker, number, entry, reason);
    vm_lease_give_back(&lease);
    return outcome;
}

/* Who was killed between an entry and the end of its lease left the lease's file. */
static void clear_lease(const VmCacheEntry *entry)
{
    VmError error = {""};
    VmLease lease = {-1, NULL};
    int err = 0;
    char *path = vm_cache_lease_path(entry, &err, &error);

    if (path && !access(path, F_OK) && !vm_lease_take(&lease, path)) vm_lease_give_back(&lease);
    vm_free(path);
}

static enum Outcome use_cache(Worker *worker, unsigned number, json_t *key)
{
    Work *work = worker->work;
    const VmPair *pair = &work->corpus->pairs[number];
    VmCacheEntry entry = {
        .folder = work->folder,
        .source = pair->dis->name.source,
        .stem = pair->dis->stem,
        .key = key,
        .features = work->features->names,
        .width = work->features->n,
        .accept_legacy = work->extraction->args->accept_legacy,
    };
    VmError why = {""};
    VmRows rows;
    enum Outcome outcome;
    const int found = vm_cache_read(&entry, &rows, &why);

    const int may_write = work->extraction->args->cache != VM_CACHE_READ;
    if (found > 0 && may_write) clear_lease(&entry);
    if (found < 0) outcome = fail_pair(work, found, &why);
    else if (found) outcome = deliver(work, number, &rows, 1);
    else if (!may_write) outcome = compute(worker, number, NULL);
    else outcome = lease_and_compute(worker, number, &entry, &why);
    vm_free(entry.path);
    return outcome;
}

static enum Outcome do_pair(Worker *worker, unsigned number)
{
    Work *work = worker->work;
    const VmPair *pair = &work->corpus->pairs[number];
    VmError error = {""}, why = {""};

    if (!work->folder) return compute(worker, number, NULL);
    json_t *key = make_key(work, pair, &why);
    if (!key) {
        (void)vm_fail(&error, -EIO, "clip %s: %.800s", pair->dis->stem,
                      why.text[0] ? why.text : "out of memory");
        return fail_pair(work, why.text[0] ? -EIO : -ENOMEM, &error);
    }
    const enum Outcome outcome = use_cache(worker, number, key);
    json_decref(key);
    return outcome;
}

/* ---- workers ---- */

/* The next pair: first those nobody has looked at, then those that were busy. Returns 0 at the end. */
static int next_pair(Work *work, unsigned *number, int *waited)
{
    int found = 0;

    lock(work);
    if (vm_watch_cancelled(work->extraction->args->watch)) work->stop = VM_EXIT_INPUT;
    *waited = work->next == work->n;
    if (!work->stop && work->next < work->n) {
        *number = work->order[work->next++];
        found = 1;
    } else if (!work->stop && work->n_busy) {
        *number = work->busy[--work->n_busy];
        found = 1;
    }
    unlock(work);
    return found;
}

/* When nothing else is left to do. */
static void tell_waiting(Work *work, unsigned number)
{
    lock(work);
    const int first = !work->waiting;
    work->waiting = 1;
    unlock(work);
    if (first)
        vm_message_note(work->messages,
                        "waiting for clip %s and perhaps others, on which another run works",
                        work->corpus->pairs[number].dis->stem);
}

static void note_outcome(Work *work, unsigned number, enum Outcome outcome)
{
    lock(work);
    if (outcome == BUSY) work->busy[work->n_busy++] = number;
    work->extraction->failed += outcome == FAILED;
    unlock(work);
}

static void *work_on(void *opaque)
{
    const struct timespec pause = {.tv_nsec = 100000000};
    Worker *worker = opaque;
    unsigned number;
    int waited;

    while (next_pair(worker->work, &number, &waited)) {
        const enum Outcome outcome = do_pair(worker, number);
        note_outcome(worker->work, number, outcome);
        if (outcome != BUSY || !waited) continue;
        tell_waiting(worker->work, number);
        (void)nanosleep(&pause, NULL);
    }
    return NULL;
}

static enum VmExit run_workers(Worker *workers, unsigned n)
{
    pthread_t *threads = vm_alloc_array(n, sizeof(*threads));
    unsigned started = 0;

    if (!threads) {
        vm_message_error(workers->work->messages, "out of memory");
        return VM_EXIT_INTERNAL;
    }
    while (started < n && !pthread_create(&threads[started], NULL, work_on, &workers[started]))
        started++;
    if (started == 0) (void)work_on(&workers[0]);
    for (unsigned i = 0; i < started; i++) (void)pthread_join(threads[i], NULL);
    vm_free(threads);
    return VM_EXIT_OK;
}

static enum VmExit load_teachers(Work *work, Worker *workers, unsigned n)
{
    VmError error = {""};

    for (unsigned i = 0; i < n; i++) {
        workers[i].work = work;
        const int err = vm_grader_load(&workers[i].teacher, work->teacher, &error);
        if (err == 0) continue;
        vm_message_error(work->messages, "%s", error.text);
        return vm_exit_of(err);
    }
    return VM_EXIT_OK;
}

/* Pairs side by side keep all cores at work without talking to one another; the engine's own threads are
 * for corpora of fewer pairs than cores. */
static unsigned plan_jobs(Work *work)
{
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    const unsigned cores = online > 0 ? (unsigned)online : 1;
    unsigned jobs = work->extraction->args->jobs ? work->extraction->args->jobs : cores;

    jobs = VM_MAX(VM_MIN(VM_MIN(jobs, work->n), (unsigned)JOBS_MAX), 1u);
    work->threads = VM_MAX(cores / jobs, 1u);
    return jobs;
}

static int64_t total_frames(const Work *work)
{
    int64_t total = 0;

    for (unsigned i = 0; i < work->n; i++) {
        const int64_t frames = work->corpus->pairs[work->order[i]].expected;
        if (frames < 0) return -1;
        total += frames;
    }
    return total;
}

static enum VmExit run_jobs(Work *work)
{
    const unsigned jobs = plan_jobs(work);
    const double start = vm_clock();
    Worker *workers = vm_alloc_array(jobs, sizeof(*workers));
    enum VmExit status = workers ? load_teachers(work, workers, jobs) : VM_EXIT_INTERNAL;

    if (!workers) vm_message_error(work->messages, "out of memory");
    vm_progress_start(&work->progress, work->messages,
                      (enum VmProgressMode)work->extraction->args->progress, total_frames(work));
    if (!status) status = run_workers(workers, jobs);
    if (!status && work->extraction->frames_computed)
        vm_progress_finish(&work->progress, work->extraction->frames_computed);
    for (unsigned i = 0; workers && i < jobs; i++) vm_grader_unload(&workers[i].teacher);
    vm_free(workers);
    work->extraction->seconds = vm_clock() - start;
    return status ? status : work->stop;
}

static int list_pairs(Work *work)
{
    const VmExtraction *extraction = work->extraction;

    work->order = vm_alloc_array(work->corpus->n_pairs + 1, sizeof(*work->order));
    work->busy = vm_alloc_array(work->corpus->n_pairs + 1, sizeof(*work->busy));
    work->keys[0] = vm_alloc_array(work->corpus->n_ref + 1, sizeof(**work->keys));
    work->keys[1] = vm_alloc_array(work->corpus->n_dis + 1, sizeof(**work->keys));
    if (!work->order || !work->busy || !work->keys[0] || !work->keys[1]) return -ENOMEM;
    for (unsigned i = 0; i < work->corpus->n_pairs; i++)
        if (!extraction->n_shards || i % extraction->n_shards == extraction->shard)
            work->order[work->n++] = i;
    return 0;
}

static int find_folder(Work *work)
{
    const VmDataArgs *args = work->extraction->args;

    if (args->cache == VM_CACHE_OFF) return 0;
    work->folder = args->cache_dir ? vm_strdup(args->cache_dir) : vm_cache_default_folder();
    if (work->folder) return 0;
    vm_message_error(work->messages, "no folder for the cache: HOME is not set; give --cache-dir");
    return -ENOENT;
}

static void free_keys(json_t **keys, unsigned n)
{
    for (unsigned i = 0; keys && i < n; i++) json_decref(keys[i]);
    vm_free(keys);
}

enum VmExit vm_extraction_run(VmExtraction *extraction, const VmCorpus *corpus,
                              const VmFeatureSet *features, const VmGrader *teacher,
                              VmMessages *messages)
{
    Work work = {.extraction = extraction,
                 .corpus = corpus,
                 .features = features,
                 .teacher = teacher,
                 .messages = messages};
    enum VmExit status = VM_EXIT_OK;

    (void)pthread_mutex_init(&work.lock, NULL);
    if (list_pairs(&work) < 0) {
        vm_message_error(messages, "out of memory");
        status = VM_EXIT_INTERNAL;
    }
    if (!status && find_folder(&work) < 0) status = VM_EXIT_INPUT;
    if (!status && work.n) status = run_jobs(&work);
    if (vm_watch_cancelled(extraction->args->watch)) {
        vm_message_error(messages, "cancelled; what was computed is in the cache");
        status = VM_EXIT_INPUT;
    }
    if (!status && extraction->failed) status = VM_EXIT_INPUT;
    (void)pthread_mutex_destroy(&work.lock);
    free_keys(work.keys[0], corpus->n_ref);
    free_keys(work.keys[1], corpus->n_dis);
    vm_free(work.order);
    vm_free(work.busy);
    vm_free(work.folder);
    return status;
}
