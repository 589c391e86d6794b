/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Options of the commands that train, and the fit they ask for. */
#ifndef VM_LEARN_ARGS_H
#define VM_LEARN_ARGS_H

#include "arch.h"
#include "command.h"
#include "fit.h"

/* A number that the recipe sets unless it is given. */
typedef struct VmMaybe {
    int given;
    double value;
} VmMaybe;

enum VmRecipe { VM_RECIPE_BEST, VM_RECIPE_SEED };
enum VmTarget { VM_TARGET_RAW, VM_TARGET_CLIPPED, VM_TARGET_MOS };

typedef struct VmLearnArgs {
    const char *config;
    int recipe;    /* VmRecipe */
    int optimizer; /* VmOptimizer */
    double huber;
    VmMaybe activation, epochs, iterations, restarts, queries, choice_queries, target, pull;
    unsigned batch;
    double rate;
    int corpus_free;
    uint64_t seed;
    unsigned threads; /* 0: all cores */
} VmLearnArgs;

extern const VmOption vm_learn_options[];

/* For tables of others: fills a VmArch, a VmMaybe with a whole number. */
int vm_learn_parse_arch(const char *text, void *value, VmError *error);
int vm_learn_parse_count(const char *text, void *value, VmError *error);

enum VmTarget vm_learn_target(const VmLearnArgs *args);
const char *vm_learn_target_name(enum VmTarget target);

/* Does it ask the teacher anything? */
int vm_learn_asks_teacher(const VmLearnArgs *args);

unsigned vm_learn_threads(const VmLearnArgs *args);

/* teacher may be NULL if nothing is asked. */
int vm_learn_spec(VmFitSpec *spec, const VmLearnArgs *args, const VmArch *arch, unsigned width,
                  const VmTeacher *teacher, VmError *error);

#endif
