/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* run_benchmark: the given pair scored at every instruction set of this machine, timed. */
#include <math.h>
#include <string.h>

#include "progress.h"
#include "scoring.h"
#include "tools.h"

enum { RUNS_MAX = 8 };

static const VmArg arguments[] = {
    VM_ARG_REF,
    VM_ARG_DIS,
    VM_ARGS_RAW,
    VM_ARGS_MODEL,
    {"frame_count", VM_ARG_INTEGER, 0, "Frames to time; clips that are shorter are taken whole.",
     "24", NULL, VM_ARG_WITHIN(1, 100000)},
    {0},
};

static const VmArg output_run[] = {
    {"level", VM_ARG_STRING, VM_ARG_REQUIRED, "Instruction set that was used."},
    {"threads", VM_ARG_INTEGER, VM_ARG_REQUIRED, "Threads that computed."},
    {"frames", VM_ARG_INTEGER, VM_ARG_REQUIRED, "Frames scored."},
    {"seconds", VM_ARG_NUMBER, VM_ARG_REQUIRED, "Time for them, reading included."},
    {"fps", VM_ARG_NUMBER, VM_ARG_REQUIRED, "Frames per second."},
    {"speedup", VM_ARG_NUMBER, VM_ARG_REQUIRED, "Against the first run: plain C, one thread."},
    {0},
};

static const VmArg output[] = {
    {"runs", VM_ARG_OBJECTS, VM_ARG_REQUIRED,
     "One for each instruction set, the last with all threads.", .members = output_run},
    {"score", VM_ARG_NUMBER, VM_ARG_REQUIRED | VM_ARG_NULLABLE, "Mean of the model's score."},
    {"equal", VM_ARG_BOOLEAN, VM_ARG_REQUIRED,
     "All runs that scored the same frames gave the same score."},
    {"video", VM_ARG_OBJECT, VM_ARG_REQUIRED, "Format of the pictures.",
     .members = vm_output_video},
    {0},
};

typedef struct Run {
    uint64_t cpumask;
    const char *level;
    unsigned threads, frames;
    double seconds, score;
} Run;

typedef struct Bench {
    VmCall *call;
    Run run[RUNS_MAX];
    unsigned n;
    VmVideoInfo video;
} Bench;

/* Masks that take the vector units away one after another; levels that this machine lacks fall
 * together. */
static void plan(Bench *b)
{
    static const uint64_t masks[] = {63, 56, 48, 32, 0};

    for (size_t i = 0; i < VM_COUNT(masks); i++) {
        const char *level = vmaf_ext_cpu_level(masks[i]);
        if (!b->n || strcmp(b->run[b->n - 1].level, level))
            b->run[b->n++] = (Run){.cpumask = masks[i], .level = level, .threads = 1};
        else b->run[b->n - 1].cpumask = masks[i];
    }
    b->run[b->n] = b->run[b->n - 1];
    b->run[b->n++].threads = 0;
}

/* NAN: no frame has one. */
static int mean_score(const VmJob *job, double *mean)
{
    VmafStats stats;

    vmaf_ext_stats_default(&stats);
    const int code = vmaf_ext_stats(job->vmaf, vmaf_ext_model_name(job->vmaf, 0), &stats);
    *mean = code ? NAN : stats.mean;
    return code == -ENOMEM ? code : 0;
}

static void tell(Bench *b, unsigned i)
{
    char text[80];

    (void)snprintf(text, sizeof(text), "timing %s, %s", b->run[i].level,
                   b->run[i].threads ? "one thread" : "all threads");
    vm_call_progress(b->call, i, b->n, text);
}

static int time_job(Bench *b, Run *run, VmJob *job, const VmJobRequest *request)
{
    int code = vm_job_open(job, request);

    if (!code) {
        vm_call_on_stop(b->call, vm_job_stop, job);
        code = vm_job_run(job);
        vm_call_on_stop(b->call, NULL, NULL);
    }
    if (!code && job->end == VM_JOB_CANCELLED) code = vm_fail(&job->error, -ECANCELED, "stopped");
    if (code) return vm_call_fail(b->call, code, "%s", job->error.text);
    double mean;
    if (mean_score(job, &mean)) return vm_call_fail(b->call, -ENOMEM, "out of memory");
    b->video = job->source[0].info;
    *run = (Run){run->cpumask, run->level,   VM_MAX(vmaf_ext_thread_count(job->vmaf), 1),
                 job->scored,  job->seconds, mean};
    return 0;
}

/* None gets more than its share of the time that is left. */
static int time_run(Bench *b, unsigned i)
{
    VmScoring s;
    VmJob job = {.fd = {-1, -1}};

    VM_TRY(vm_scoring_prepare(&s, b->call));
    s.request.cpumask = b->run[i].cpumask;
    s.request.threads = b->run[i].threads;
    s.request.max_frames = VM_MIN(s.request.max_frames, s.request.count);
    s.request.count = 0;
    s.request.seconds = vm_call_time_left(b->call) / (b->n - i + 1);
    tell(b, i);
    const int code = time_job(b, &b->run[i], &job, &s.request);
    vm_job_close(&job);
    return code;
}

static int are_equal(const Bench *b)
{
    for (unsigned i = 1; i < b->n; i++)
        if (b->run[i].frames == b->run[0].frames && b->run[i].score != b->run[0].score) return 0;
    return 1;
}

static double fps_of(const Run *run)
{
    return run->seconds > 0 ? run->frames / run->seconds : 0;
}

static json_t *list_runs(const Bench *b)
{
    json_t *list = json_array();
    const double first = fps_of(&b->run[0]);

    for (unsigned i = 0; i < b->n; i++) {
        const Run *r = &b->run[i];
        vm_tools_append(
            &list,
            json_pack("{ss sI sI so so so}", "level", r->level, "threads", (json_int_t)r->threads,
                      "frames", (json_int_t)r->frames, "seconds", vm_scoring_number(r->seconds),
                      "fps", vm_scoring_number(round(fps_of(r) * 100) / 100), "speedup",
                      vm_scoring_number(first > 0 ? round(fps_of(r) / first * 100) / 100 : NAN)));
    }
    return list;
}

static int run(VmCall *call)
{
    Bench b = {.call = call};

    plan(&b);
    for (unsigned i = 0; i < b.n; i++) VM_TRY(time_run(&b, i));
    return vm_call_result(call, json_pack("{so so sb so}", "runs", list_runs(&b), "score",
                                          vm_scoring_number(b.run[b.n - 1].score), "equal",
                                          are_equal(&b), "video", vm_scoring_video(&b.video)));
}

const VmTool vm_tool_run_benchmark = {
    .name = "run_benchmark",
    .title = "Time the engine on a pair",
    .description = "Scores the first frames of the given pair at each instruction set this machine "
                   "has, with one thread, and at the best one with all threads. Answers with "
                   "frames per second and ratios, and whether all gave the same score. Other "
                   "work on the machine shows in the figures.",
    .flags = VM_TOOL_LONG,
    .arguments = arguments,
    .output = output,
    .run = run,
};
