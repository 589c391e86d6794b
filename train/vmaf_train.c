/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* vmaf-train: from a folder of videos to a tiny model. Each command is an entry of the table. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "json_memory.h"

static const VmCommand *const commands[] = {
    &vm_cmd_scan,
    &vm_cmd_extract,
    &vm_cmd_export_dataset,
    &vm_cmd_fit,
    &vm_cmd_eval,
    &vm_cmd_loso,
    &vm_cmd_compare,
    &vm_cmd_bisect,
    &vm_cmd_export,
    &vm_cmd_register,
    &vm_cmd_run,
    &vm_cmd_sweep,
    &vm_cmd_norm,
    &vm_cmd_profile,
    &vm_cmd_cross,
    &vm_cmd_audit,
    NULL,
};

static const VmProgram program = {
    "vmaf-train",
    "Trains small models on the features of videos and the scores of a teacher.",
    commands,
};

static int flush(VmMessages *messages)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return 0;
    vm_message_error(messages, "cannot write to standard output: %s",
                     errno ? strerror(errno) : "a write failed");
    return -EIO;
}

int main(int argc, char **argv)
{
    VmMessages messages;

    vm_message_reserve_streams();
    vm_json_memory_watch(program.name);
    /* a reader that went away is a failed write, told like others */
    (void)signal(SIGPIPE, SIG_IGN);
    vm_messages_init(&messages, program.name);
    enum VmExit status = vm_command_main(&program, argc, argv, &messages);
    if (flush(&messages) && status == VM_EXIT_OK) status = VM_EXIT_INTERNAL;
    vm_messages_free(&messages);
    return (int)status;
}
