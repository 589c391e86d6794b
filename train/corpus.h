/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A folder of videos in the Netflix layout: ref/ and dis/, flat, names as in clip_name.h. What is there is
 * listed; what cannot be used is listed with the reason. No file outside the folder is ever opened. */
#ifndef VM_CORPUS_H
#define VM_CORPUS_H

#include <sys/stat.h>

#include "clip_name.h"
#include "corpus_json.h"
#include "data_args.h"
#include "source.h"

enum VmGeometryOrigin {
    VM_GEOMETRY_HEADER,  /* of the file itself */
    VM_GEOMETRY_PARTNER, /* of the pair's other file */
    VM_GEOMETRY_ASSUMED, /* --assume-dims */
    VM_GEOMETRY_LISTED,  /* corpus.json */
    VM_GEOMETRY_LADDER,  /* inferred from the largest encode height of the source */
};

/* Why a file or a pair is left out. */
enum VmSkipKind {
    VM_SKIP_TYPE,
    VM_SKIP_SUFFIX,
    VM_SKIP_NAME,
    VM_SKIP_NO_REFERENCE,
    VM_SKIP_NO_DISTORTED,
    VM_SKIP_DUPLICATE,
    VM_SKIP_GEOMETRY,
    VM_SKIP_DAMAGED,
    VM_SKIP_LIMIT, /* --max-pairs; not a fault */
    VM_SKIP_KINDS,
};

typedef struct VmFile {
    char *path; /* "ref/Tennis_24fps.yuv": below the root */
    char *stem; /* without folder and suffix */
    int is_raw;
    int is_used;            /* a reference: there is a distorted file of its source */
    int64_t size, mtime_ns; /* the latter modulo 2^64: years beyond 2262 are no reason to fail */
    VmClipName name;
} VmFile;

typedef struct VmPair {
    const VmFile *ref, *dis; /* dis->stem is the pair's key */
    const char *group; /* what is held out together: the source's name unless listed otherwise */
    VmVideoInfo info;  /* of both; info.frames: in common, -1 unknown */
    enum VmGeometryOrigin origin;
    int64_t frames[2]; /* of ref and dis, -1 unknown */
    int64_t expected;  /* frames in common, as far as headers tell; -1: they do not. For progress */
    char *note;        /* something to tell about a pair that can be used; may be NULL */
} VmPair;

typedef struct VmSkipped {
    char *path; /* printable */
    char *reason;
    enum VmSkipKind kind;
} VmSkipped;

typedef struct VmCorpus {
    char *root;
    int fd; /* of the root */
    VmFile *ref, *dis;
    unsigned n_ref, n_dis;
    VmPair *pairs; /* usable, by the bytes of their distorted paths */
    unsigned n_pairs;
    unsigned n_sources; /* that have usable pairs */
    VmSkipped *skipped;
    unsigned n_skipped, counts[VM_SKIP_KINDS];
    VmCorpusJson json;
} VmCorpus;

/* Lists args->data_root and settles each pair's geometry. A pair that cannot be used is among the skipped;
 * that none can be used is the caller's to judge. Returns 0, or a negative errno with the reason; close it
 * in both cases. */
int vm_corpus_open(VmCorpus *corpus, const VmDataArgs *args, VmError *error);

void vm_corpus_close(VmCorpus *corpus);

/* 1: pairs are missing that should be there, i.e. duplicates, unknown geometry, damaged files. */
int vm_corpus_has_faults(const VmCorpus *corpus);

/* "3 misnamed files, 1 reference without distorted files"; "" if nothing was skipped. */
void vm_corpus_count(const VmCorpus *corpus, char *text, size_t size);

/* One word for --json: "name". */
const char *vm_corpus_kind(enum VmSkipKind kind);
const char *vm_corpus_origin(enum VmGeometryOrigin origin);

/* Opens the reference (side 0) or the distorted file (side 1) of a pair. Returns 0 or a negative errno with
 * the reason, and is closed in both cases with vm_source_close(). */
int vm_corpus_open_video(const VmCorpus *corpus, const VmPair *pair, int side, unsigned threads,
                         VmSource *source, VmError *error);

/* Opens a path below the root for reading; what leaves the root or is no regular file is refused. Returns a
 * descriptor or a negative errno. */
int vm_corpus_open_file(int root, const char *path);

/* What VmFile says of a file's time. */
int64_t vm_corpus_mtime(const struct stat *st);

/* Says what is wrong if there is no pair or, unless skip_unusable, one is missing that should be there. */
enum VmExit vm_corpus_judge(const VmCorpus *corpus, int skip_unusable, VmMessages *messages);

/* ---- between corpus.c and geometry.c ---- */

/* Settles the geometry of a pair, whose files are set; height: the largest of the source's ladder. Returns
 * 0, or -errno with the reason and *kind set. */
int vm_geometry_settle(const VmCorpus *corpus, VmPair *pair, const VmDataArgs *args,
                       unsigned height, enum VmSkipKind *kind, VmError *error);

#endif
