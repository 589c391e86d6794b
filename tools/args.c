/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "args.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "number.h"
#include "suggest.h"

/* Options without a letter of their own. */
enum {
    OPT_XML = 256,
    OPT_JSON,
    OPT_CSV,
    OPT_SUB,
    OPT_THREADS,
    OPT_FEATURE,
    OPT_SUBSAMPLE,
    OPT_CPUMASK,
    OPT_GPUMASK,
    OPT_AOM_CTC,
    OPT_NFLX_CTC,
    OPT_FRAME_CNT,
    OPT_SKIP_REF,
    OPT_SKIP_DIST,
    OPT_HELP,
    OPT_PRECISION,
    OPT_PROGRESS,
    OPT_LIST_MODELS,
    OPT_LIST_FEATURES,
    OPT_FAIL_UNDER,
    OPT_REPRODUCIBLE,
    OPT_CHUNK,
    OPT_MERGE,
    OPT_TINY_MODEL,
    OPT_TINY_VERIFY,
    OPT_FAST,
    OPT_TINY_DEVICE,
    OPT_DNN_EP,
    OPT_TINY_THREADS,
    OPT_TINY_FP16,
};

/* '-': arguments that are no options come in their place, as code 1. ':': we write the messages. */
static const char short_options[] = "-:r:d:w:h:p:b:m:o:nvq";

static const struct option long_options[] = {
    {"reference", required_argument, NULL, 'r'},
    {"distorted", required_argument, NULL, 'd'},
    {"width", required_argument, NULL, 'w'},
    {"height", required_argument, NULL, 'h'},
    {"pixel_format", required_argument, NULL, 'p'},
    {"bitdepth", required_argument, NULL, 'b'},
    {"model", required_argument, NULL, 'm'},
    {"output", required_argument, NULL, 'o'},
    {"xml", optional_argument, NULL, OPT_XML},
    {"json", optional_argument, NULL, OPT_JSON},
    {"csv", optional_argument, NULL, OPT_CSV},
    {"sub", optional_argument, NULL, OPT_SUB},
    {"threads", required_argument, NULL, OPT_THREADS},
    {"feature", required_argument, NULL, OPT_FEATURE},
    {"subsample", required_argument, NULL, OPT_SUBSAMPLE},
    {"cpumask", required_argument, NULL, OPT_CPUMASK},
    {"gpumask", required_argument, NULL, OPT_GPUMASK},
    {"aom_ctc", required_argument, NULL, OPT_AOM_CTC},
    {"nflx_ctc", required_argument, NULL, OPT_NFLX_CTC},
    {"frame_cnt", required_argument, NULL, OPT_FRAME_CNT},
    {"frame_skip_ref", required_argument, NULL, OPT_SKIP_REF},
    {"frame_skip_dist", required_argument, NULL, OPT_SKIP_DIST},
    {"no_prediction", no_argument, NULL, 'n'},
    {"version", no_argument, NULL, 'v'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, OPT_HELP},
    {"precision", required_argument, NULL, OPT_PRECISION},
    {"progress", required_argument, NULL, OPT_PROGRESS},
    {"list-models", no_argument, NULL, OPT_LIST_MODELS},
    {"list-features", no_argument, NULL, OPT_LIST_FEATURES},
    {"fail-under", required_argument, NULL, OPT_FAIL_UNDER},
    {"merge", no_argument, NULL, OPT_MERGE},
    {"chunk", required_argument, NULL, OPT_CHUNK},
    {"reproducible", no_argument, NULL, OPT_REPRODUCIBLE},
    {"tiny-model", required_argument, NULL, OPT_TINY_MODEL},
    {"fast", no_argument, NULL, OPT_FAST},
    {"tiny-verify", no_argument, NULL, OPT_TINY_VERIFY},
    {"tiny-model-verify", no_argument, NULL, OPT_TINY_VERIFY},
    {"tiny-device", required_argument, NULL, OPT_TINY_DEVICE},
    {"dnn-ep", required_argument, NULL, OPT_DNN_EP},
    {"tiny-threads", required_argument, NULL, OPT_TINY_THREADS},
    {"tiny-fp16", no_argument, NULL, OPT_TINY_FP16},
    {0},
};

int vm_args_fail(VmArgs *args, const char *fmt, ...)
{
    va_list list;

    va_start(list, fmt);
    (void)vsnprintf(args->error, sizeof(args->error), fmt, list);
    va_end(list);
    return -EINVAL;
}

static const char *name_of(int code)
{
    const struct option *o = long_options;

    while (o->name && o->val != code) o++;
    return o->name;
}

/* ---- values ---- */

static int parse_number(VmArgs *args, int code, uint64_t max, uint64_t *value)
{
    if (vm_number_unsigned(optarg, max, value) == 0) return 0;
    return vm_args_fail(args, "--%s: \"%s\" is not a whole number from 0 to %llu", name_of(code),
                        optarg, (unsigned long long)max);
}

static int parse_unsigned(VmArgs *args, int code, unsigned max, unsigned *out)
{
    uint64_t value;
    const int err = parse_number(args, code, max, &value);

    if (!err) *out = (unsigned)value;
    return err;
}

static int parse_side(VmArgs *args, int code, unsigned *out)
{
    uint64_t value;

    if (vm_number_unsigned(optarg, VM_SIDE_MAX, &value) < 0 || value == 0)
        return vm_args_fail(args, "--%s: \"%s\" is not a whole number from 1 to %d", name_of(code),
                            optarg, VM_SIDE_MAX);
    *out = (unsigned)value;
    return 0;
}

static int parse_pixel_format(VmArgs *args)
{
    static const struct {
        const char *name;
        enum VmafPixelFormat value;
    } formats[] = {
        {"420", VMAF_PIX_FMT_YUV420P},
        {"422", VMAF_PIX_FMT_YUV422P},
        {"444", VMAF_PIX_FMT_YUV444P},
        {"400", VMAF_PIX_FMT_YUV400P},
    };

    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
        if (strcmp(optarg, formats[i].name) != 0) continue;
        args->raw.pix_fmt = formats[i].value;
        return 0;
    }
    return vm_args_fail(args, "--pixel_format: \"%s\" is not one of 420, 422, 444, 400", optarg);
}

static int parse_bitdepth(VmArgs *args)
{
    uint64_t value = 0;

    (void)vm_number_unsigned(optarg, 16, &value);
    if (value != 8 && value != 10 && value != 12 && value != 16)
        return vm_args_fail(args, "--bitdepth: \"%s\" is not one of 8, 10, 12, 16", optarg);
    args->raw.bpc = (unsigned)value;
    return 0;
}

static int parse_precision(VmArgs *args)
{
    uint64_t digits;

    if (!strcmp(optarg, "max")) {
        args->precision = VMAF_PRECISION_MAX;
    } else if (!strcmp(optarg, "legacy")) {
        args->precision = VMAF_PRECISION_LEGACY;
    } else if (vm_number_unsigned(optarg, 17, &digits) == 0 && digits > 0) {
        args->precision = (int)digits;
    } else {
        return vm_args_fail(args,
                            "--precision: \"%s\" is not max, legacy or a number of digits from "
                            "1 to 17",
                            optarg);
    }
    return 0;
}

static int parse_chunk(VmArgs *args)
{
    const size_t length = strcspn(optarg, ":");
    char first_text[16];
    uint64_t first, count;

    if (optarg[length] && length < sizeof(first_text)) {
        memcpy(first_text, optarg, length);
        first_text[length] = 0;
        if (vm_number_unsigned(first_text, INT_MAX, &first) == 0 &&
            vm_number_unsigned(optarg + length + 1, INT_MAX, &count) == 0 && count > 0) {
            args->chunk_first = (unsigned)first;
            args->chunk_count = (unsigned)count;
            return 0;
        }
    }
    return vm_args_fail(args, "--chunk: \"%s\" should read FIRST:COUNT, like 100:50", optarg);
}

static int parse_progress(VmArgs *args)
{
    static const char *const modes[] = {
        [VM_PROGRESS_AUTO] = "auto",
        [VM_PROGRESS_PLAIN] = "plain",
        [VM_PROGRESS_JSON] = "json",
        [VM_PROGRESS_NONE] = "none",
    };

    for (unsigned i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        if (strcmp(optarg, modes[i]) != 0) continue;
        args->progress = (enum VmProgressMode)i;
        return 0;
    }
    return vm_args_fail(args, "--progress: \"%s\" is not one of auto, plain, json, none", optarg);
}

/* ---- options ---- */

static int set_format(VmArgs *args, int code, int argc, char **argv)
{
    static const enum VmafOutputFormat formats[] = {VMAF_OUTPUT_FORMAT_XML, VMAF_OUTPUT_FORMAT_JSON,
                                                    VMAF_OUTPUT_FORMAT_CSV, VMAF_OUTPUT_FORMAT_SUB};

    args->format = formats[code - OPT_XML];
    if (!optarg && optind < argc && !strcmp(argv[optind], "-")) optarg = argv[optind++];
    if (!optarg) return 0;
    if (strcmp(optarg, "-") != 0)
        return vm_args_fail(args,
                            "--%s: takes nothing or \"-\" (standard output); use -o for a file",
                            name_of(code));
    args->report_on_stdout = 1;
    return 0;
}

/* A report goes to one file, the last that is named, and to standard output if that is asked for anywhere. */
static void set_output(VmArgs *args)
{
    if (!strcmp(optarg, "-")) args->report_on_stdout = 1;
    else args->output = optarg;
}

static int set_raw(VmArgs *args, int code)
{
    switch (code) {
    case 'w': return parse_side(args, code, &args->raw.w);
    case 'h': return parse_side(args, code, &args->raw.h);
    case 'p': return parse_pixel_format(args);
    default: return parse_bitdepth(args);
    }
}

static int set_path(VmArgs *args, int code)
{
    if (!*optarg) return vm_args_fail(args, "--%s: the path is empty", name_of(code));
    if (code == 'r') args->reference = optarg;
    if (code == 'd') args->distorted = optarg;
    if (code == 'o') set_output(args);
    return 0;
}

static int set_run(VmArgs *args, int code)
{
    uint64_t ignored;

    switch (code) {
    case OPT_THREADS: return parse_unsigned(args, code, VM_THREADS_MAX, &args->threads);
    case OPT_SUBSAMPLE: return parse_unsigned(args, code, INT_MAX, &args->subsample);
    case OPT_CPUMASK: return parse_number(args, code, UINT64_MAX, &args->cpumask);
    case OPT_GPUMASK: return parse_number(args, code, UINT64_MAX, &ignored);
    case OPT_FRAME_CNT: return parse_unsigned(args, code, INT_MAX, &args->frame_count);
    case OPT_SKIP_REF: return parse_unsigned(args, code, INT_MAX, &args->skip_reference);
    case OPT_SKIP_DIST: return parse_unsigned(args, code, INT_MAX, &args->skip_distorted);
    case OPT_CHUNK: return parse_chunk(args);
    case OPT_PRECISION: return parse_precision(args);
    default: return parse_progress(args);
    }
}

static int refuse_long(VmArgs *args, const char *text)
{
    char word[64];
    VmSuggest suggest;

    (void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(text + 2, "="), text + 2);
    vm_suggest_start(&suggest, word);
    for (const struct option *o = long_options; o->name; o++) {
        if (!strncmp(o->name, word, strlen(word)))
            return vm_args_fail(args, "option %s is ambiguous; --help lists all", text);
        vm_suggest_offer(&suggest, o->name);
    }
    if (!suggest.best) return vm_args_fail(args, "unknown option %s; --help lists all", text);
    return vm_args_fail(args, "unknown option %s; did you mean --%s?", text, suggest.best);
}

/* After --merge, what is no option is a report. */
static int add_report(VmArgs *args, const char *path)
{
    const char **grown = realloc(args->reports, (args->n_reports + 1) * sizeof(*grown));

    if (!grown) return -ENOMEM;
    args->reports = grown;
    grown[args->n_reports++] = path;
    return 0;
}

/* text is the argument that getopt stopped at. */
static int refuse(VmArgs *args, int code, const char *text)
{
    const char *known = optopt ? name_of(optopt) : NULL;

    if (code == ':') return vm_args_fail(args, "option %s needs a value", text);
    if (code == 1)
        return vm_args_fail(args,
                            "unexpected argument \"%s\": inputs are named by -r and -d, the report "
                            "by -o",
                            text);
    if (known) return vm_args_fail(args, "option --%s takes no value", known);
    if (optopt) return vm_args_fail(args, "unknown option -%c; --help lists all", optopt);
    return refuse_long(args, text);
}

static int set_option(VmArgs *args, int code, int argc, char **argv)
{
    switch (code) {
    case 'r':
    case 'd':
    case 'o': return set_path(args, code);
    case 'w':
    case 'h':
    case 'p':
    case 'b': return set_raw(args, code);
    case 'm': return vm_args_add_model(args, optarg, NULL);
    case 'n': args->no_prediction = 1; return 0;
    case 'q': args->progress = VM_PROGRESS_NONE; return 0;
    case 'v': args->action = VM_VERSION; return 0;
    case OPT_HELP: args->action = VM_HELP; return 0;
    case OPT_LIST_MODELS: args->action = VM_LIST_MODELS; return 0;
    case OPT_LIST_FEATURES: args->action = VM_LIST_FEATURES; return 0;
    case OPT_MERGE: args->action = VM_MERGE; return 0;
    case OPT_REPRODUCIBLE: args->reproducible = 1; return 0;
    case OPT_TINY_MODEL: return vm_args_add_tiny(args, optarg);
    case OPT_FAST: args->fast = 1; return vm_args_add_tiny(args, "vmaf_fast_v1");
    case OPT_TINY_VERIFY: args->tiny_verify = 1; return 0;
    case OPT_TINY_DEVICE:
    case OPT_DNN_EP:
    case OPT_TINY_THREADS:
    case OPT_TINY_FP16: args->without_effect = name_of(code); return 0;
    case OPT_FEATURE: return vm_args_add_feature(args, optarg, NULL);
    case OPT_FAIL_UNDER: return vm_args_add_limits(args, optarg);
    case OPT_AOM_CTC: return vm_args_add_aom_ctc(args, optarg);
    case OPT_NFLX_CTC: return vm_args_add_nflx_ctc(args, optarg);
    case OPT_XML:
    case OPT_JSON:
    case OPT_CSV:
    case OPT_SUB: return set_format(args, code, argc, argv);
    case 1: return args->action == VM_MERGE ? add_report(args, optarg) : refuse(args, code, optarg);
    case ':':
    case '?': return refuse(args, code, argv[optind - 1]);
    default: return set_run(args, code);
    }
}

/* ---- the whole ---- */

static int check_raw(VmArgs *args)
{
    const VmRawFormat *raw = &args->raw;
    const int given = !!raw->w + !!raw->h + !!raw->bpc + (raw->pix_fmt != VMAF_PIX_FMT_UNKNOWN);

    args->raw_given = given == 4;
    if (given == 0 || given == 4) return 0;
    return vm_args_fail(args, "raw video needs -w, -h, -p and -b together; missing:%s%s%s%s",
                        raw->w ? "" : " --width", raw->h ? "" : " --height",
                        raw->pix_fmt != VMAF_PIX_FMT_UNKNOWN ? "" : " --pixel_format",
                        raw->bpc ? "" : " --bitdepth");
}

/* Each byte of a pipe comes once, whatever names it has. A name that is wrong is for the one who opens it. */
static int is_one_pipe(const char *a, const char *b)
{
    struct stat x, y;
    const int known = !(strcmp(a, "-") ? stat(a, &x) : fstat(STDIN_FILENO, &x)) &&
                      !(strcmp(b, "-") ? stat(b, &y) : fstat(STDIN_FILENO, &y));

    return known && (S_ISFIFO(x.st_mode) || S_ISSOCK(x.st_mode)) && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

static int check_inputs(VmArgs *args)
{
    if (!args->reference) return vm_args_fail(args, "no reference video: name it with -r");
    if (!args->distorted) return vm_args_fail(args, "no distorted video: name it with -d");
    if (!strcmp(args->reference, "-") && !strcmp(args->distorted, "-"))
        return vm_args_fail(args, "only one of -r and -d can be \"-\" (standard input)");
    if (is_one_pipe(args->reference, args->distorted))
        return vm_args_fail(args, "-r %s and -d %s are the same pipe; each of both needs its own",
                            args->reference, args->distorted);
    return check_raw(args);
}

static int check_merge(VmArgs *args)
{
    if (args->reference || args->distorted || args->n_models || args->n_features ||
        args->chunk_count)
        return vm_args_fail(args, "--merge takes reports; it computes nothing from videos");
    if (args->n_reports == 0)
        return vm_args_fail(args, "--merge needs the JSON reports of the chunks");
    return 0;
}

static int is_built_in(const char *version)
{
    VmafModelInfo info = {.struct_size = sizeof(info)};

    for (unsigned i = 0; vmaf_ext_model_info(i, &info) == 0; i++)
        if (!strcmp(info.version, version)) return info.embedded;
    return 0;
}

static unsigned count_tiny(const VmArgs *args)
{
    unsigned n = 0;

    for (unsigned i = 0; i < args->n_models; i++) n += args->models[i].tiny != NULL;
    return n;
}

/* The default model in front of the tiny ones. A build without it scores with the tiny one that was made to
 * follow it, unless others are named. */
static int add_default_model(VmArgs *args)
{
    static const char version[] = "vmaf_v0.6.1";
    VmafTinyInfo tiny = {.struct_size = sizeof(tiny)};
    const int has_tiny = vmaf_ext_tiny_info(0, &tiny) == 0;

    if (!is_built_in(version) && args->n_models) return 0;
    if (!is_built_in(version) && has_tiny) {
        const int err = vm_args_add_tiny(args, tiny.id);
        if (!err) args->models[0].stands_in = 1;
        return err;
    }
    const int err = vm_args_add_model(args, version, NULL);
    if (err) return err;
    const VmModelArg model = args->models[args->n_models - 1];
    memmove(args->models + 1, args->models, (args->n_models - 1) * sizeof(model));
    args->models[0] = model;
    args->models[0].named = 0;
    return 0;
}

static int check_models(VmArgs *args)
{
    const unsigned n_tiny = count_tiny(args);

    if (args->n_models == n_tiny && !args->no_prediction && !args->fast) {
        const int err = add_default_model(args);
        if (err) return err;
    }
    for (unsigned i = 0; i < args->n_models; i++)
        for (unsigned k = 0; k < i; k++)
            if (!strcmp(args->models[i].name, args->models[k].name))
                return vm_args_fail(args,
                                    "two models are named \"%s\": add name=... to one of them",
                                    args->models[i].name);
    if (args->no_prediction && args->n_models == 0 && args->n_features == 0)
        return vm_args_fail(args, "nothing to compute: -n needs a --feature or a --model");
    if (args->chunk_count && args->frame_count && args->chunk_first >= args->frame_count)
        return vm_args_fail(args, "--chunk begins with frame %u, --frame_cnt %u ends before it",
                            args->chunk_first, args->frame_count);
    if (args->no_prediction && args->n_limits && !n_tiny)
        return vm_args_fail(args, "--fail-under needs a score, and -n computes none");
    return 0;
}

int vm_args_parse(VmArgs *args, int argc, char **argv)
{
    int code, err = 0;

    *args = (VmArgs){.format = VMAF_OUTPUT_FORMAT_XML, .precision = VMAF_PRECISION_LEGACY};
    opterr = 0;
    optind = 0; /* nothing is left of a command line that was parsed before */
    while (!err && args->action <= VM_MERGE &&
           (code = getopt_long(argc, argv, short_options, long_options, NULL)) != -1)
        err = set_option(args, code, argc, argv);
    if (!err && args->action == VM_SCORE && optind < argc) err = refuse(args, 1, argv[optind]);
    while (!err && args->action == VM_MERGE && optind < argc)
        err = add_report(args, argv[optind++]);
    if (!err && args->action == VM_MERGE) err = check_merge(args);
    if (!err && args->action == VM_SCORE) err = check_inputs(args);
    if (!err && args->action == VM_SCORE) err = check_models(args);
    if (err == -ENOMEM) (void)vm_args_fail(args, "out of memory");
    return err;
}

void vm_args_free(VmArgs *args)
{
    for (unsigned i = 0; i < args->n_models; i++) {
        vm_keylist_free(&args->models[i].list);
        free(args->models[i].preset);
        free(args->models[i].made);
    }
    for (unsigned i = 0; i < args->n_features; i++) {
        vm_keylist_free(&args->features[i].options);
        free(args->features[i].name);
        free(args->features[i].preset);
    }
    free(args->models);
    free(args->features);
    free(args->limits);
    free(args->reports);
}
