/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "learn_args.h"

#include <math.h>
#include <string.h>

#include "cpu.h"
#include "number.h"
#include "rng.h"

static const uint64_t MAX_COUNT = 100000000;

int vm_learn_parse_arch(const char *text, void *value, VmError *error)
{
    return vm_arch_parse(value, text, error);
}

static void set(void *value, double number)
{
    *(VmMaybe *)value = (VmMaybe){1, number};
}

int vm_learn_parse_count(const char *text, void *value, VmError *error)
{
    uint64_t number;
    if (vm_number_decimal(text, MAX_COUNT, &number))
        return vm_fail(error, -EINVAL, "\"%s\" is not a whole number from 0 to 100000000", text);
    set(value, (double)number);
    return 0;
}

static int parse_restarts(const char *text, void *value, VmError *error)
{
    uint64_t number;
    if (vm_number_decimal(text, 1000, &number) || !number)
        return vm_fail(error, -EINVAL, "\"%s\" is not a whole number from 1 to 1000", text);
    set(value, (double)number);
    return 0;
}

static int parse_activation(const char *text, void *value, VmError *error)
{
    enum VmActivation activation;
    if (vm_arch_activation(text, &activation))
        return vm_fail(error, -EINVAL,
                       "\"%s\" is no activation; there are relu, tanh, sigmoid, softsign, square",
                       text);
    set(value, activation);
    return 0;
}

const char *vm_learn_target_name(enum VmTarget target)
{
    static const char *const names[] = {"raw", "clipped", "mos"};
    return names[target];
}

static int parse_target(const char *text, void *value, VmError *error)
{
    for (int i = VM_TARGET_RAW; i <= VM_TARGET_MOS; i++) {
        if (strcmp(text, vm_learn_target_name((enum VmTarget)i)) != 0) continue;
        set(value, i);
        return 0;
    }
    return vm_fail(error, -EINVAL, "\"%s\" is no target; there are raw, clipped, mos", text);
}

static int parse_loss(const char *text, void *value, VmError *error)
{
    double limit = INFINITY;
    const int huber = !strncmp(text, "huber:", 6);
    if (huber ? vm_number_real(text + 6, &limit) || limit <= 0 : strcmp(text, "mse") != 0)
        return vm_fail(error, -EINVAL,
                       "\"%s\" is no loss; there are mse and huber:LIMIT, such as huber:5", text);
    *(double *)value = limit;
    return 0;
}

static int parse_rate(const char *text, void *value, VmError *error)
{
    double rate;
    if (vm_number_real(text, &rate) || !(rate > 0) || rate > 1)
        return vm_fail(error, -EINVAL, "\"%s\" is not a number above 0 and up to 1", text);
    *(double *)value = rate;
    return 0;
}

static int parse_pull(const char *text, void *value, VmError *error)
{
    double pull;
    if (vm_number_real(text, &pull) || pull < 0)
        return vm_fail(error, -EINVAL, "\"%s\" is not a number of at least 0", text);
    set(value, pull);
    return 0;
}

#define AT(member) offsetof(VmLearnArgs, member)

const VmOption vm_learn_options[] = {
    {"config", "FILE", "options from a JSON object, such as {\"lr\": 0.01}; the command line wins",
     VM_OPTION_CONFIG, AT(config)},
    {"recipe", "NAME",
     "best: scaled inputs, teacher queries, second order, clip in the graph, tanh unless said; "
     "seed: "
     "how the published models were made",
     VM_OPTION_CHOICE, AT(recipe), .choices = "best|seed", .initial = "best"},
    {"activation", "WORD", "between layers: relu, tanh, sigmoid, softsign, square", VM_OPTION_TEXT,
     AT(activation), .parse = parse_activation},
    {"optimizer", "NAME", "auto: lm up to 600 parameters, above lbfgs", VM_OPTION_CHOICE,
     AT(optimizer), .choices = "auto|lm|lbfgs|adam", .initial = "auto"},
    {"target", "WHAT", "raw (before the clip), clipped, or mos (the truth of the data)",
     VM_OPTION_TEXT, AT(target), .parse = parse_target},
    {"loss", "LOSS", "mse, or huber:LIMIT", VM_OPTION_TEXT, AT(huber), .initial = "mse",
     .parse = parse_loss},
    {"restarts", "N", "starts, of which the best is chosen (best: 4)", VM_OPTION_TEXT, AT(restarts),
     .parse = parse_restarts},
    {"queries", "N", "points at which the teacher is asked (best: 5000)", VM_OPTION_TEXT,
     AT(queries), .parse = vm_learn_parse_count},
    {"choice-queries", "N", "fresh ones that choose the start (best: 20000)", VM_OPTION_TEXT,
     AT(choice_queries), .parse = vm_learn_parse_count},
    {"corpus-free", NULL, "train on 8000 queries alone, no video", VM_OPTION_FLAG, AT(corpus_free)},
    {"epochs", "N", "of Adam (30); 0 = write the untrained model", VM_OPTION_TEXT, AT(epochs),
     .parse = vm_learn_parse_count},
    {"batch-size", "N", "of Adam", VM_OPTION_COUNT, AT(batch), 1, 1000000, .initial = "256"},
    {"lr", "RATE", "of Adam", VM_OPTION_TEXT, AT(rate), .initial = "1e-3", .parse = parse_rate},
    {"iterations", "N", "of lm (60) or lbfgs (1500)", VM_OPTION_TEXT, AT(iterations),
     .parse = vm_learn_parse_count},
    {"pull", "FACTOR", "of the squared distance to the first parameters, per row", VM_OPTION_TEXT,
     AT(pull), .parse = parse_pull},
    {"seed", "N", "of everything that is random", VM_OPTION_LARGE, AT(seed), 0, VM_SEED_MAX,
     .initial = "0"},
    {"threads", "N", "0 = one for each core; the result is the same", VM_OPTION_COUNT, AT(threads),
     0, 256, .initial = "0"},
    {0},
};

enum VmTarget vm_learn_target(const VmLearnArgs *args)
{
    if (args->target.given) return (enum VmTarget)(int)args->target.value;
    return args->recipe == VM_RECIPE_SEED ? VM_TARGET_CLIPPED : VM_TARGET_RAW;
}

unsigned vm_learn_threads(const VmLearnArgs *args)
{
    return args->threads ? args->threads : vm_cpu_count();
}

static void set_numbers(VmFitSpec *spec, const VmLearnArgs *args)
{
    if (args->epochs.given) spec->epochs = (unsigned)args->epochs.value;
    if (args->iterations.given) spec->iterations = (unsigned)args->iterations.value;
    if (args->restarts.given) spec->restarts = (unsigned)args->restarts.value;
    if (args->choice_queries.given) spec->choice_queries = (size_t)args->choice_queries.value;
    if (args->pull.given) spec->pull = args->pull.value;
    spec->batch = args->batch;
    spec->rate = args->rate;
    spec->huber = args->huber;
    spec->seed = args->seed;
    spec->n_threads = vm_learn_threads(args);
}

/* Viewers' opinions cannot be asked for at points of our choice. */
static void set_queries(VmFitSpec *spec, const VmLearnArgs *args)
{
    if (args->corpus_free) spec->queries = 8000;
    if (args->queries.given) spec->queries = (size_t)args->queries.value;
    if (vm_learn_target(args) == VM_TARGET_MOS) spec->queries = 0;
}

int vm_learn_asks_teacher(const VmLearnArgs *args)
{
    VmFitSpec spec = {.mlp = {.n_layers = 0}};
    if (args->recipe == VM_RECIPE_SEED) vm_fit_recipe_seed(&spec);
    else vm_fit_recipe_best(&spec);
    set_numbers(&spec, args);
    set_queries(&spec, args);
    return vm_learn_target(args) != VM_TARGET_MOS && (spec.queries || spec.restarts > 1);
}

int vm_learn_spec(VmFitSpec *spec, const VmLearnArgs *args, const VmArch *arch, unsigned width,
                  const VmTeacher *teacher, VmError *error)
{
    const int seed_recipe = args->recipe == VM_RECIPE_SEED;
    const enum VmTarget target = vm_learn_target(args);
    enum VmActivation activation = seed_recipe ? VM_ACT_RELU : VM_ACT_TANH;
    if (args->activation.given) activation = (enum VmActivation)(int)args->activation.value;
    *spec = (VmFitSpec){.teacher = teacher};
    VM_TRY(vm_arch_network(arch, width, activation, &spec->mlp, error));
    if (seed_recipe) vm_fit_recipe_seed(spec);
    else vm_fit_recipe_best(spec);
    if (args->optimizer != VM_OPTIMIZER_AUTO) spec->optimizer = (enum VmOptimizer)args->optimizer;
    spec->value = target == VM_TARGET_CLIPPED ? VM_TEACHER_CLIPPED : VM_TEACHER_RAW;
    /* a linear network has one optimum */
    if (spec->mlp.n_layers == 1) spec->restarts = 1;
    set_numbers(spec, args);
    set_queries(spec, args);
    if (args->corpus_free && !spec->queries)
        return vm_fail(error, -EINVAL, "--corpus-free trains on queries, and --queries is 0");
    return 0;
}
