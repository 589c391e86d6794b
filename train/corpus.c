/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "corpus.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beneath.h"

enum { FILES_MAX = 1 << 20 };

/* ---- what is left out ---- */

static const struct {
    const char *word, *one, *many;
} kinds[VM_SKIP_KINDS] = {
    [VM_SKIP_TYPE] = {"type", "entry that is no regular file", "entries that are no regular files"},
    [VM_SKIP_SUFFIX] = {"suffix", "file of an unknown suffix", "files of unknown suffixes"},
    [VM_SKIP_NAME] = {"name", "misnamed file", "misnamed files"},
    [VM_SKIP_NO_REFERENCE] = {"no_reference", "distorted file without a reference",
                              "distorted files without a reference"},
    [VM_SKIP_NO_DISTORTED] = {"no_distorted", "reference without distorted files",
                              "references without distorted files"},
    [VM_SKIP_DUPLICATE] = {"duplicate", "ambiguous file", "ambiguous files"},
    [VM_SKIP_GEOMETRY] = {"geometry", "pair of unclear geometry", "pairs of unclear geometry"},
    [VM_SKIP_DAMAGED] = {"damaged", "pair with a damaged file", "pairs with a damaged file"},
    [VM_SKIP_LIMIT] = {"limit", "pair beyond --max-pairs", "pairs beyond --max-pairs"},
};

const char *vm_corpus_kind(enum VmSkipKind kind)
{
    return kinds[kind].word;
}

const char *vm_corpus_origin(enum VmGeometryOrigin origin)
{
    static const char *const words[] = {
        [VM_GEOMETRY_HEADER] = "header",       [VM_GEOMETRY_PARTNER] = "partner",
        [VM_GEOMETRY_ASSUMED] = "assume-dims", [VM_GEOMETRY_LISTED] = "corpus.json",
        [VM_GEOMETRY_LADDER] = "inferred",
    };

    return words[origin];
}

int vm_corpus_has_faults(const VmCorpus *corpus)
{
    return corpus->counts[VM_SKIP_DUPLICATE] || corpus->counts[VM_SKIP_GEOMETRY] ||
           corpus->counts[VM_SKIP_DAMAGED];
}

void vm_corpus_count(const VmCorpus *corpus, char *text, size_t size)
{
    size_t length = 0;

    *text = 0;
    for (unsigned k = 0; k < VM_SKIP_KINDS && length < size; k++) {
        const unsigned n = corpus->counts[k];
        if (n)
            length += (size_t)snprintf(text + length, size - length, "%s%u %s", length ? ", " : "",
                                       n, n == 1 ? kinds[k].one : kinds[k].many);
    }
}

enum VmExit vm_corpus_judge(const VmCorpus *corpus, int skip_unusable, VmMessages *messages)
{
    char counts[512];

    vm_corpus_count(corpus, counts, sizeof(counts));
    if (corpus->n_pairs == 0) {
        vm_message_error(messages, "corpus \"%s\" has no pair that can be used%s%s", corpus->root,
                         *counts ? ": " : ": it is empty", counts);
        return VM_EXIT_INPUT;
    }
    if (!vm_corpus_has_faults(corpus) || skip_unusable) return VM_EXIT_OK;
    vm_message_error(messages,
                     "corpus \"%s\" has files that cannot be used: %s; repair or remove them, or "
                     "give --skip-unusable",
                     corpus->root, counts);
    return VM_EXIT_INPUT;
}

/* Names are bytes of any kind; what is no plain character goes to no terminal. */
static char *printable(const char *folder, const char *name)
{
    char *text = vm_printf("%s%s", folder, name);

    for (char *c = text; c && *c; c++)
        if (*c < ' ' || *c > '~') *c = '?';
    return text;
}

/* Takes reason (NULL: out of memory). */
static int skip(VmCorpus *corpus, enum VmSkipKind kind, const char *folder, const char *name,
                char *reason)
{
    VmSkipped *grown = vm_realloc(corpus->skipped, (corpus->n_skipped + 1) * sizeof(*grown));

    if (grown) corpus->skipped = grown;
    if (!grown || !reason) {
        vm_free(reason);
        return -ENOMEM;
    }
    grown[corpus->n_skipped] = (VmSkipped){printable(folder, name), reason, kind};
    if (!grown[corpus->n_skipped].path) {
        vm_free(reason);
        return -ENOMEM;
    }
    corpus->n_skipped++;
    corpus->counts[kind]++;
    return 0;
}

/* ---- files ---- */

int vm_corpus_open_file(int root, const char *path)
{
    struct stat st;
    const int fd = vm_beneath_open(root, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0) return fd;
    if (!fstat(fd, &st) && S_ISREG(st.st_mode)) return fd;
    (void)close(fd);
    return -ENOTSUP;
}

static char *open_reason(int err)
{
    if (err == -ENOTSUP) return vm_strdup("it is no regular file");
    if (err == -EXDEV || err == -ELOOP) return vm_strdup("it is a link that leaves the corpus");
    return vm_printf("it cannot be opened: %s", strerror(-err));
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names in a folder, by their bytes. */
static int list_folder(const VmCorpus *corpus, const char *folder, VmList *names, VmError *error)
{
    const int fd = openat(corpus->fd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    int err = 0;

    if (!dir) {
        err = -errno;
        if (fd >= 0) (void)close(fd);
        return vm_fail(error, err, "corpus \"%s\": cannot open its folder %s/: %s", corpus->root,
                       folder, strerror(-err));
    }
    for (const struct dirent *entry; !err && (entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            err = names->n < FILES_MAX ? vm_list_add(names, vm_strdup(entry->d_name)) : -E2BIG;
    (void)closedir(dir);
    if (err == -ENOMEM) return vm_fail_memory(error);
    if (err)
        return vm_fail(error, err, "corpus \"%s\": %s/ has more than %d files", corpus->root,
                       folder, FILES_MAX);
    if (names->n) qsort(names->items, names->n, sizeof(*names->items), compare_texts);
    return 0;
}

int64_t vm_corpus_mtime(const struct stat *st)
{
    return (int64_t)((uint64_t)st->st_mtim.tv_sec * 1000000000 + (uint64_t)st->st_mtim.tv_nsec);
}

/* Fills a file whose name was accepted. Returns 0, or a negative errno of the opening. */
static int look_at(const VmCorpus *corpus, const char *folder, const char *name, VmFile *file)
{
    struct stat st;

    file->path = vm_printf("%s%s", folder, name);
    if (!file->path) return -ENOMEM;
    const int fd = vm_corpus_open_file(corpus->fd, file->path);
    if (fd < 0) return fd;
    const int err = fstat(fd, &st) ? -errno : 0;
    (void)close(fd);
    file->is_raw = vm_clip_name_is_raw(name);
    file->size = st.st_size;
    file->mtime_ns = vm_corpus_mtime(&st);
    return err;
}

static void free_file(VmFile *file)
{
    vm_free(file->path);
    vm_free(file->stem);
}

/* Takes one name of a folder ("ref/") into files, or lists it as skipped. */
static int take_file(VmCorpus *corpus, const char *folder, const char *name, VmFile **files,
                     unsigned *n)
{
    const size_t length = vm_clip_name_stem(name);
    VmFile file = {.stem = vm_printf("%.*s", (int)length, name)};
    VmError why = {""};
    char *reason = NULL;
    enum VmSkipKind kind = VM_SKIP_KINDS;

    if (!file.stem) return -ENOMEM;
    if (length == 0) {
        kind = VM_SKIP_SUFFIX;
        reason = vm_strdup("its suffix is not that of a video (.yuv, .y4m, .mp4 ...)");
    } else if (vm_clip_name_parse(&file.name, file.stem,
                                  *folder == 'r' ? VM_NAME_REFERENCE : VM_NAME_DISTORTED,
                                  &why) < 0) {
        kind = VM_SKIP_NAME;
        reason = vm_strdup(why.text);
    } else {
        const int err = look_at(corpus, folder, name, &file);
        if (err < 0) {
            kind = VM_SKIP_TYPE;
            reason = open_reason(err);
        }
    }
    if (kind != VM_SKIP_KINDS) {
        free_file(&file);
        return skip(corpus, kind, folder, name, reason);
    }
    VmFile *grown = vm_realloc(*files, (*n + 1) * sizeof(*grown));
    if (!grown) {
        free_file(&file);
        return -ENOMEM;
    }
    *files = grown;
    grown[(*n)++] = file;
    return 0;
}

static int read_whole(int fd, char *text, size_t size, size_t *length)
{
    *length = 0;
    for (;;) {
        const ssize_t got = read(fd, text + *length, size - *length);
        if (got < 0 && errno != EINTR) return -errno;
        if (got == 0) return 0;
        if (got > 0) *length += (size_t)got;
    }
}

/* Reads a file below the root that describes others. The buffer, which the caller frees, has one byte more
 * than is accepted, so that a larger file is noticed. */
static int read_text(const VmCorpus *corpus, const char *path, char **text, size_t *length,
                     VmError *why)
{
    const int fd = vm_corpus_open_file(corpus->fd, path);
    if (fd < 0) return vm_fail(why, fd, "%s", strerror(-fd));

    *text = vm_alloc(VM_CORPUS_JSON_MAX + 1);
    const int err = *text ? read_whole(fd, *text, VM_CORPUS_JSON_MAX + 1, length) : -ENOMEM;
    (void)close(fd);
    return err < 0 ? vm_fail(why, err, "%s", strerror(-err)) : 0;
}

static int refuse_text(const VmCorpus *corpus, const char *path, int err, const VmError *why,
                       VmError *error)
{
    return vm_fail(error, err, "%s/%s: %.700s", corpus->root, path, why->text);
}

static int read_json(VmCorpus *corpus, VmError *error)
{
    VmError why = {""};
    char *text = NULL;
    size_t length = 0;
    int err = read_text(corpus, "corpus.json", &text, &length, &why);

    if (err == -ENOENT) return 0;
    if (!err) err = vm_corpus_json_parse(&corpus->json, text, length, &why);
    vm_free(text);
    return err < 0 ? refuse_text(corpus, "corpus.json", err, &why, error) : 0;
}

/* ---- files that stand beside others ---- */

/* Length of the name of the file that "<file>.json" is about; 0: it is another file. */
static size_t described_by(const char *name)
{
    const size_t length = strlen(name);

    return length > 9 && !strcmp(name + length - 9, ".yuv.json") ? length - 5 : 0;
}

static int is_listed(const VmList *names, const char *name)
{
    return names->n && bsearch(&name, names->items, names->n, sizeof(*names->items), compare_texts);
}

/* folder: "ref/" */
static int read_beside(VmCorpus *corpus, const char *folder, const char *name, VmError *error)
{
    VmError why = {""};
    char *text = NULL, *path = vm_printf("%s%s", folder, name);
    char *about = vm_printf("%s%.*s", folder, (int)described_by(name), name);
    size_t length = 0;
    int err = path && about ? read_text(corpus, path, &text, &length, &why) : -ENOMEM;

    if (!err) err = vm_corpus_json_add(&corpus->json, about, text, length, &why);
    if (err < 0) (void)refuse_text(corpus, path ? path : name, err, &why, error);
    vm_free(text);
    vm_free(path);
    vm_free(about);
    return err;
}

/* Takes a name that is one of those. Returns 1, 0 (it is none), or an error. */
static int take_beside(VmCorpus *corpus, const char *folder, const VmList *names, const char *name,
                       VmError *error)
{
    const size_t length = described_by(name);
    char *about = vm_printf("%.*s", (int)length, name);
    const int found = about && is_listed(names, about);
    int err = about ? 0 : vm_fail_memory(error);

    vm_free(about);
    if (err || !length) return err;
    if (found) err = read_beside(corpus, folder, name, error);
    else if (skip(corpus, VM_SKIP_SUFFIX, folder, name,
                  vm_strdup("the file it is about is not there")))
        err = vm_fail_memory(error);
    return err < 0 ? err : 1;
}

static int list_files(VmCorpus *corpus, const char *folder, VmFile **files, unsigned *n,
                      VmError *error)
{
    char prefix[8];
    VmList names = {NULL};
    int err = list_folder(corpus, folder, &names, error);

    (void)snprintf(prefix, sizeof(prefix), "%s/", folder);
    for (unsigned i = 0; err >= 0 && i < names.n; i++) {
        err = take_beside(corpus, prefix, &names, names.items[i], error);
        if (err == 0 && take_file(corpus, prefix, names.items[i], files, n) < 0)
            err = vm_fail_memory(error);
    }
    vm_list_free(&names);
    return err < 0 ? err : 0;
}

/* ---- pairs ---- */

static int compare_sources(const void *a, const void *b)
{
    const VmFile *x = a, *y = b;
    const int order = strcmp(x->name.source, y->name.source);

    return order ? order : strcmp(x->path, y->path);
}

static VmFile *find_reference(const VmCorpus *corpus, const char *source)
{
    unsigned lo = 0, hi = corpus->n_ref;

    while (lo < hi) {
        const unsigned mid = lo + (hi - lo) / 2;
        if (strcmp(corpus->ref[mid].name.source, source) < 0) lo = mid + 1;
        else hi = mid;
    }
    return lo < corpus->n_ref && !strcmp(corpus->ref[lo].name.source, source) ? &corpus->ref[lo]
                                                                              : NULL;
}

/* The references are ordered by source: two of one source are neighbours. */
static VmFile *second_reference(const VmCorpus *corpus, VmFile *ref)
{
    VmFile *next = ref + 1;

    return next < corpus->ref + corpus->n_ref && !strcmp(next->name.source, ref->name.source)
               ? next
               : NULL;
}

/* Another file of the same stem, which would have the same place in the cache. */
static const VmFile *same_stem(const VmCorpus *corpus, unsigned i)
{
    const VmFile *files = corpus->dis;

    if (i > 0 && !strcmp(files[i - 1].stem, files[i].stem)) return &files[i - 1];
    if (i + 1 < corpus->n_dis && !strcmp(files[i + 1].stem, files[i].stem)) return &files[i + 1];
    return NULL;
}

/* The largest encode height of the source that begins with file number i: its files stand together. */
static unsigned ladder_height(const VmCorpus *corpus, unsigned i)
{
    const char *source = corpus->dis[i].name.source;
    unsigned height = 0;

    for (; i < corpus->n_dis && !strcmp(corpus->dis[i].name.source, source); i++)
        height = VM_MAX(height, corpus->dis[i].name.height);
    return height;
}

static const char *group_of(const VmCorpus *corpus, const VmFile *file)
{
    const char *listed = vm_corpus_json_group(&corpus->json, file->name.source);

    return listed ? listed : file->name.source;
}

/* Makes a pair of a distorted file, or lists it as skipped. */
static int pair_file(VmCorpus *corpus, unsigned i, const VmDataArgs *args, unsigned height)
{
    const VmFile *dis = &corpus->dis[i], *other = same_stem(corpus, i);
    VmFile *ref = find_reference(corpus, dis->name.source);
    VmFile *second = ref ? second_reference(corpus, ref) : NULL;
    VmPair *pair = &corpus->pairs[corpus->n_pairs];
    enum VmSkipKind kind = VM_SKIP_GEOMETRY;
    VmError why = {""};

    if (!ref)
        return skip(corpus, VM_SKIP_NO_REFERENCE, "", dis->path,
                    vm_printf("no file in ref/ has the source %s", dis->name.source));
    ref->is_used = 1;
    if (second) {
        second->is_used = 1;
        return skip(corpus, VM_SKIP_DUPLICATE, "", dis->path,
                    vm_printf("its source has two references: %s and %s", ref->path, second->path));
    }
    if (other)
        return skip(corpus, VM_SKIP_DUPLICATE, "", dis->path,
                    vm_printf("%s has the same name before the suffix", other->path));
    *pair = (VmPair){.ref = ref, .dis = dis, .group = group_of(corpus, dis)};
    const int err = vm_geometry_settle(corpus, pair, args, height, &kind, &why);
    if (err == 0) {
        corpus->n_pairs++;
        return 0;
    }
    vm_free(pair->note);
    return err == -ENOMEM ? err : skip(corpus, kind, "", dis->path, vm_strdup(why.text));
}

static int make_pairs(VmCorpus *corpus, const VmDataArgs *args)
{
    const char *source = NULL;
    unsigned height = 0;

    corpus->pairs = vm_alloc_array(corpus->n_dis + 1, sizeof(*corpus->pairs));
    if (!corpus->pairs) return -ENOMEM;
    for (unsigned i = 0; i < corpus->n_dis; i++) {
        const char *own = corpus->dis[i].name.source;
        if (!source || strcmp(source, own) != 0) height = ladder_height(corpus, i);
        source = own;
        VM_TRY(pair_file(corpus, i, args, height));
    }
    return 0;
}

static int list_lonely(VmCorpus *corpus)
{
    for (unsigned i = 0; i < corpus->n_ref; i++) {
        const VmFile *ref = &corpus->ref[i];
        if (ref->is_used) continue;
        VM_TRY(skip(corpus, VM_SKIP_NO_DISTORTED, "", ref->path,
                    vm_printf("no file in dis/ has the source %s", ref->name.source)));
    }
    return 0;
}

static int same_source(const VmPair *a, const VmPair *b)
{
    return !strcmp(a->dis->name.source, b->dis->name.source);
}

/* The turn at which `left` pairs, less than there are, are used up, if those of earlier turns are taken before; how
 * many of that turn are taken. */
static unsigned last_turn(const unsigned *per_turn, unsigned *left)
{
    unsigned t = 0;
    while (*left >= per_turn[t]) *left -= per_turn[t++];
    return t;
}

/* Keeps `most` pairs: the first of each source, then the second of each, and so on; the order stays. */
static int limit(VmCorpus *corpus, unsigned most)
{
    VmPair *pairs = corpus->pairs;
    const unsigned n = corpus->n_pairs;
    unsigned *turn = vm_alloc_array(n, sizeof(*turn)),
             *per_turn = vm_alloc_array(n, sizeof(*per_turn));
    unsigned left = most;
    int err = turn && per_turn ? 0 : -ENOMEM;

    for (unsigned i = 0; !err && i < n; i++) {
        turn[i] = i && same_source(&pairs[i - 1], &pairs[i]) ? turn[i - 1] + 1 : 0;
        per_turn[turn[i]]++;
    }
    const unsigned last = err ? 0 : last_turn(per_turn, &left);
    corpus->n_pairs = err ? n : 0;
    for (unsigned i = 0; !err && i < n; i++) {
        if (turn[i] < last || (turn[i] == last && left)) {
            if (turn[i] == last) left--;
            pairs[corpus->n_pairs++] = pairs[i];
            continue;
        }
        err =
            skip(corpus, VM_SKIP_LIMIT, "", pairs[i].dis->path, vm_printf("--max-pairs %u", most));
        vm_free(pairs[i].note);
    }
    vm_free(turn);
    vm_free(per_turn);
    return err;
}

static void count_sources(VmCorpus *corpus)
{
    for (unsigned i = 0; i < corpus->n_pairs; i++)
        corpus->n_sources += i == 0 || !same_source(&corpus->pairs[i - 1], &corpus->pairs[i]);
}

/* ---- the whole ---- */

/* Where it lies in the tree of the program whose layout this is. */
static const char usual_root[] = ".workingdir2/netflix";

static int open_root(VmCorpus *corpus, const VmDataArgs *args, VmError *error)
{
    const char *root = args->data_root;

    if (!root && !access(usual_root, F_OK)) root = usual_root;
    if (!root)
        return vm_fail(error, -ENOENT, "no corpus: name it with --data-root or VMAF_DATA_ROOT");
    corpus->root = vm_strdup(root);
    if (!corpus->root) return vm_fail_memory(error);
    corpus->fd = open(corpus->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (corpus->fd >= 0) return 0;
    return vm_fail(error, -errno, "cannot open the corpus \"%s\": %s", corpus->root,
                   strerror(errno));
}

static int fill(VmCorpus *corpus, const VmDataArgs *args)
{
    if (corpus->n_ref) qsort(corpus->ref, corpus->n_ref, sizeof(*corpus->ref), compare_sources);
    VM_TRY(make_pairs(corpus, args));
    VM_TRY(list_lonely(corpus));
    if (args->max_pairs && args->max_pairs < corpus->n_pairs)
        VM_TRY(limit(corpus, args->max_pairs));
    count_sources(corpus);
    return 0;
}

int vm_corpus_open(VmCorpus *corpus, const VmDataArgs *args, VmError *error)
{
    *corpus = (VmCorpus){.fd = -1};
    VM_TRY(open_root(corpus, args, error));
    VM_TRY(read_json(corpus, error));
    VM_TRY(list_files(corpus, "ref", &corpus->ref, &corpus->n_ref, error));
    VM_TRY(list_files(corpus, "dis", &corpus->dis, &corpus->n_dis, error));
    return fill(corpus, args) < 0 ? vm_fail_memory(error) : 0;
}

void vm_corpus_close(VmCorpus *corpus)
{
    for (unsigned i = 0; i < corpus->n_ref; i++) free_file(&corpus->ref[i]);
    for (unsigned i = 0; i < corpus->n_dis; i++) free_file(&corpus->dis[i]);
    for (unsigned i = 0; i < corpus->n_pairs; i++) vm_free(corpus->pairs[i].note);
    for (unsigned i = 0; i < corpus->n_skipped; i++) {
        vm_free(corpus->skipped[i].path);
        vm_free(corpus->skipped[i].reason);
    }
    vm_free(corpus->ref);
    vm_free(corpus->dis);
    vm_free(corpus->pairs);
    vm_free(corpus->skipped);
    vm_free(corpus->root);
    vm_corpus_json_free(&corpus->json);
    if (corpus->fd >= 0) (void)close(corpus->fd);
    *corpus = (VmCorpus){.fd = -1};
}
