/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum VmExit refuse_stdout(VmMessages *messages, const char *why)
{
    vm_message_error(messages, "cannot write to stdout (standard output): %s", why);
    return VM_EXIT_INTERNAL;
}

static enum VmExit refuse_output(VmMessages *messages, const char *path, const char *why)
{
    vm_message_error(messages, "cannot write the report \"%s\": %s", path, why);
    return VM_EXIT_INTERNAL;
}

/* A new report gets its name when it is complete, so the folder has to be writable. */
static enum VmExit check_folder(const char *path, VmMessages *messages)
{
    char *copy = strdup(path);

    if (!copy) return refuse_output(messages, path, strerror(ENOMEM));
    const int failed = access(dirname(copy), W_OK | X_OK) ? errno : 0;
    free(copy);
    return failed ? refuse_output(messages, path, strerror(failed)) : VM_EXIT_OK;
}

static enum VmExit check_path(const char *path, VmMessages *messages)
{
    struct stat st;

    if (stat(path, &st)) {
        if (errno != ENOENT) return refuse_output(messages, path, strerror(errno));
        return check_folder(path, messages);
    }
    if (S_ISDIR(st.st_mode)) return refuse_output(messages, path, "it is a directory");
    if (access(path, W_OK)) return refuse_output(messages, path, strerror(errno));
    return S_ISREG(st.st_mode) ? check_folder(path, messages) : VM_EXIT_OK;
}

enum VmExit vm_output_check(const VmArgs *args, VmMessages *messages)
{
    const int flags = fcntl(STDOUT_FILENO, F_GETFL);

    if (flags == -1 || (flags & O_ACCMODE) == O_RDONLY)
        return refuse_stdout(messages, "it is closed");
    return args->output ? check_path(args->output, messages) : VM_EXIT_OK;
}

static enum VmExit write_report(VmEngine *engine, const char *path, const VmafReportConfig *cfg)
{
    const int err = vmaf_ext_report_write(engine->vmaf, path, cfg);

    if (!err) return VM_EXIT_OK;
    if (!strcmp(path, "-")) return refuse_stdout(engine->messages, strerror(-err));
    return refuse_output(engine->messages, path, strerror(-err));
}

enum VmExit vm_output_report(VmEngine *engine, double wall_seconds)
{
    const VmArgs *args = engine->args;
    enum VmExit status = VM_EXIT_OK;
    VmafReportConfig cfg;

    vmaf_ext_report_config_default(&cfg);
    cfg.format = args->format;
    cfg.precision = args->precision;
    cfg.reproducible = args->reproducible || args->action == VM_MERGE; /* which has no speed */
    cfg.extended = 1;
    cfg.reference = args->reference;
    cfg.distorted = args->distorted;
    cfg.wall_seconds = wall_seconds;
    cfg.warnings = engine->messages->warnings;
    cfg.n_warnings = engine->messages->n;
    if (args->output) status = write_report(engine, args->output, &cfg);
    if (!status && args->report_on_stdout) status = write_report(engine, "-", &cfg);
    return status;
}

enum VmExit vm_output_flush(VmMessages *messages)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return VM_EXIT_OK;
    return refuse_stdout(messages, errno ? strerror(errno) : "a write failed");
}
