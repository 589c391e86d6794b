/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Commands of a program and their options. An option stands in one table, from which come its parsing,
 * its line in the help and the suggestion for a misspelled one. */
#ifndef VM_COMMAND_H
#define VM_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "base.h"
#include "exitcode.h"
#include "message.h"

enum VmOptionKind {
    VM_OPTION_FLAG,   /* int: 1 when given; takes no value */
    VM_OPTION_TEXT,   /* const char *; not empty */
    VM_OPTION_COUNT,  /* unsigned, min .. max */
    VM_OPTION_LARGE,  /* uint64_t, min .. max */
    VM_OPTION_REAL,   /* double, finite, min .. max unless both are 0 */
    VM_OPTION_CHOICE, /* int: number of the word in choices, "read|write|off" */
    VM_OPTION_LIST,   /* VmTexts: can be given more than once */
    VM_OPTION_CONFIG, /* const char *: a file with more options (command_config.h); the command line wins */
};

typedef struct VmTexts {
    const char **items; /* the texts belong to the command line or the environment */
    unsigned n;
} VmTexts;

typedef struct VmOption {
    const char *name;     /* without the dashes */
    const char *argument; /* as the help calls it; NULL for a flag */
    const char *help;
    enum VmOptionKind kind;
    size_t offset; /* of the member in the command's arguments */
    uint64_t min, max;
    const char *choices;
    const char *initial;  /* parsed when nothing else is given; NULL: the member stays zero */
    const char *variable; /* of the environment, looked at when the option is not given */
    /* Instead of the kind's own check: fills *value or returns a negative errno and one sentence. */
    int (*parse)(const char *text, void *value, VmError *error);
} VmOption;

/* Options several commands have are a table of their own; base is where its struct begins. */
typedef struct VmOptionTable {
    const char *title;       /* over them in the help */
    const VmOption *options; /* ends with a name of NULL */
    size_t base;
} VmOptionTable;

typedef struct VmCommand {
    const char *name;
    const char *summary;
    const char *operands;  /* what follows the options, "FILE ..."; NULL: nothing */
    unsigned min_operands; /* operands go to the VmTexts at operand_offset */
    unsigned max_operands; /* 0: any number if there are operands at all */
    size_t operand_offset;
    const VmOptionTable *tables; /* ends with options of NULL */
    size_t args_size;            /* of the struct that the options fill, which begins zeroed */
    enum VmExit (*run)(const void *args, VmMessages *messages);
    const char *notes; /* behind the options in the help; may be NULL */
} VmCommand;

typedef struct VmProgram {
    const char *name, *summary;
    const VmCommand *const *commands; /* ends with NULL */
} VmProgram;

/* What main() does with its arguments. */
enum VmExit vm_command_main(const VmProgram *program, int argc, char **argv, VmMessages *messages);

#endif
