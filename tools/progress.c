/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

double vm_clock(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void vm_progress_start(VmProgress *progress, VmMessages *messages, enum VmProgressMode mode,
                       int64_t total)
{
    *progress = (VmProgress){.messages = messages, .mode = mode, .total = total};
    progress->start = progress->last = vm_clock();
    progress->in_place = mode == VM_PROGRESS_AUTO && isatty(STDERR_FILENO);
}

static double seconds_between_lines(const VmProgress *progress)
{
    if (progress->mode == VM_PROGRESS_JSON) return 0.5;
    return progress->in_place ? 0.1 : 5.0;
}

static double eta_of(const VmProgress *progress, uint64_t frames, double fps)
{
    const double left = (double)progress->total - (double)frames;

    return progress->total < 0 || fps <= 0 ? -1 : left > 0 ? left / fps : 0;
}

static void write_plain(VmProgress *progress, uint64_t frames, double fps, double eta)
{
    char text[160], total[40] = "", rest[40] = "";
    const uint64_t seconds = eta < 0 ? 0 : (uint64_t)(eta + 0.5);

    if (progress->total >= 0) (void)snprintf(total, sizeof(total), "/%" PRId64, progress->total);
    if (eta >= 0)
        (void)snprintf(rest, sizeof(rest), ", %" PRIu64 ":%02" PRIu64 ":%02" PRIu64 " left",
                       seconds / 3600, seconds / 60 % 60, seconds % 60);
    (void)snprintf(text, sizeof(text), "frame %" PRIu64 "%s, %.2f fps%s", frames, total, fps, rest);
    vm_message_progress(progress->messages, text, progress->in_place);
}

static void write_json(VmProgress *progress, uint64_t frames, double fps, double eta, int done)
{
    char text[160], total[24] = "null", rest[24] = "null";

    if (progress->total >= 0) (void)snprintf(total, sizeof(total), "%" PRId64, progress->total);
    if (eta >= 0) (void)snprintf(rest, sizeof(rest), "%.1f", eta);
    (void)snprintf(text, sizeof(text),
                   "{\"frame\": %" PRIu64 ", \"total\": %s, \"fps\": %.2f, \"eta\": %s, "
                   "\"done\": %s}",
                   frames, total, fps, rest, done ? "true" : "false");
    vm_message_progress(progress->messages, text, 0);
}

static void write_line(VmProgress *progress, uint64_t frames, double now, int done)
{
    const double seconds = now - progress->start;
    const double fps = seconds > 0 ? (double)frames / seconds : 0;
    const double eta = done ? 0 : eta_of(progress, frames, fps);

    if (progress->mode == VM_PROGRESS_JSON) write_json(progress, frames, fps, eta, done);
    else write_plain(progress, frames, fps, done ? -1 : eta);
    progress->last = now;
    progress->lines++;
}

void vm_progress_update(VmProgress *progress, uint64_t frames)
{
    const double now = vm_clock();

    if (progress->mode == VM_PROGRESS_NONE) return;
    if (now - progress->last < seconds_between_lines(progress)) return;
    write_line(progress, frames, now, 0);
}

/* Off a terminal a run of a few seconds stays silent unless lines were asked for. */
void vm_progress_finish(VmProgress *progress, uint64_t frames)
{
    const int silent =
        progress->mode == VM_PROGRESS_NONE ||
        (progress->mode == VM_PROGRESS_AUTO && !progress->in_place && !progress->lines);

    if (!silent) write_line(progress, frames, vm_clock(), 1);
    vm_message_end_line(progress->messages);
}
