/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command_config.h"
#include "libvmaf/vmaf_ext.h"
#include "number.h"
#include "suggest.h"

enum { HELP_COLUMN = 28, HELP_WIDTH = 100 };

typedef struct Parse {
    const VmProgram *program;
    const VmCommand *command;
    char *args;  /* args_size bytes */
    char **argv; /* what is still to be read, up to NULL */
    VmMessages *messages;
    const char *file; /* that they come from; NULL: the command line */
} Parse;

/* ---- help ---- */

/* One entry: a left column, and text that is broken between words. */
static void print_entry(const char *left, const char *text)
{
    int column = printf("  %s", left);

    if (column > HELP_COLUMN - 2) column = HELP_WIDTH;
    else column += printf("%*s", HELP_COLUMN - column, "");
    for (int first = 1; *text; first = 0) {
        const int length = (int)strcspn(text, " ");
        if (column + length >= HELP_WIDTH) column = printf("\n%*s", HELP_COLUMN, "") - 1;
        else if (!first) column += printf(" ");
        column += printf("%.*s", length, text);
        text += length + (text[length] == ' ');
    }
    printf("\n");
}

static void print_option(const VmOption *option)
{
    char left[96], text[768];
    const char *from = option->variable;

    (void)snprintf(left, sizeof(left), "--%s%s%s", option->name, option->argument ? " " : "",
                   option->argument ? option->argument : "");
    (void)snprintf(text, sizeof(text), "%s%s%s%s%s%s%s%s", option->help,
                   option->choices ? ": " : "", option->choices ? option->choices : "",
                   option->initial || from ? " (default " : "", from ? "$" : "", from ? from : "",
                   from && option->initial ? ", else " : "",
                   option->initial ? option->initial : "");
    if (option->initial || from) (void)strncat(text, ")", sizeof(text) - strlen(text) - 1);
    print_entry(left, text);
}

static void print_command_help(const VmProgram *program, const VmCommand *command)
{
    const char *operands = command->operands;

    printf("usage: %s %s [options]%s%s\n\n%s\n", program->name, command->name, operands ? " " : "",
           operands ? operands : "", command->summary);
    for (const VmOptionTable *t = command->tables; t && t->options; t++) {
        printf("\n%s:\n", t->title);
        for (const VmOption *o = t->options; o->name; o++) print_option(o);
    }
    if (command->notes) printf("\n%s\n", command->notes);
}

static void print_help(const VmProgram *program)
{
    printf("usage: %s COMMAND [options]\n\n%s\n\ncommands:\n", program->name, program->summary);
    for (const VmCommand *const *c = program->commands; *c; c++)
        print_entry((*c)->name, (*c)->summary);
    printf("\n%s COMMAND --help shows the options of a command; --version what is built in.\n"
           "exit: 0 fine, 1 usage, 2 an input or model cannot be used, 3 a gate failed,\n"
           "      4 internal error or output cannot be written\n",
           program->name);
}

/* ---- values ---- */

static enum VmExit refuse_value(const Parse *parse, const char *origin, const char *text,
                                const char *expected)
{
    vm_message_error(parse->messages, "%s: \"%s\" is not %s", origin, text, expected);
    return VM_EXIT_USAGE;
}

static enum VmExit set_whole(const Parse *parse, const VmOption *option, const char *origin,
                             const char *text, void *value)
{
    char expected[96];
    uint64_t number;

    if (vm_number_decimal(text, option->max, &number) == 0 && number >= option->min) {
        if (option->kind == VM_OPTION_LARGE) *(uint64_t *)value = number;
        else *(unsigned *)value = (unsigned)number;
        return VM_EXIT_OK;
    }
    (void)snprintf(expected, sizeof(expected), "a whole number from %llu to %llu",
                   (unsigned long long)option->min, (unsigned long long)option->max);
    return refuse_value(parse, origin, text, expected);
}

static enum VmExit set_real(const Parse *parse, const VmOption *option, const char *origin,
                            const char *text, void *value)
{
    const int limited = option->min || option->max;
    char expected[96] = "a finite number";
    double number;

    if (vm_number_real(text, &number) == 0 &&
        (!limited || (number >= (double)option->min && number <= (double)option->max))) {
        *(double *)value = number;
        return VM_EXIT_OK;
    }
    if (limited)
        (void)snprintf(expected, sizeof(expected), "a number from %llu to %llu",
                       (unsigned long long)option->min, (unsigned long long)option->max);
    return refuse_value(parse, origin, text, expected);
}

static enum VmExit set_choice(const Parse *parse, const VmOption *option, const char *origin,
                              const char *text, void *value)
{
    const char *word = option->choices;
    char expected[256];

    for (int i = 0; *word; i++) {
        const size_t length = strcspn(word, "|");
        if (strlen(text) == length && !memcmp(word, text, length)) {
            *(int *)value = i;
            return VM_EXIT_OK;
        }
        word += length + (word[length] == '|');
    }
    (void)snprintf(expected, sizeof(expected), "one of %s", option->choices);
    for (char *c = expected; *c; c++)
        if (*c == '|') *c = ' ';
    return refuse_value(parse, origin, text, expected);
}

static enum VmExit add_text(const Parse *parse, VmTexts *texts, const char *text)
{
    const char **grown = vm_realloc(texts->items, (texts->n + 1) * sizeof(*grown));

    if (!grown) {
        vm_message_error(parse->messages, "out of memory");
        return VM_EXIT_INTERNAL;
    }
    texts->items = grown;
    grown[texts->n++] = text;
    return VM_EXIT_OK;
}

static enum VmExit set_parsed(const Parse *parse, const VmOption *option, const char *origin,
                              const char *text, void *value)
{
    VmError error = {""};
    const int err = option->parse(text, value, &error);

    if (err >= 0) return VM_EXIT_OK;
    vm_message_error(parse->messages, "%s: %s", origin, error.text);
    return err == -ENOMEM ? VM_EXIT_INTERNAL : VM_EXIT_USAGE;
}

/* origin: what gave the text, for messages. */
static enum VmExit set_value(const Parse *parse, const VmOptionTable *table, const VmOption *option,
                             const char *origin, const char *text)
{
    void *value = parse->args + table->base + option->offset;

    if (option->parse) return set_parsed(parse, option, origin, text, value);
    switch (option->kind) {
    case VM_OPTION_FLAG: *(int *)value = 1; return VM_EXIT_OK;
    case VM_OPTION_COUNT:
    case VM_OPTION_LARGE: return set_whole(parse, option, origin, text, value);
    case VM_OPTION_REAL: return set_real(parse, option, origin, text, value);
    case VM_OPTION_CHOICE: return set_choice(parse, option, origin, text, value);
    default: break;
    }
    if (!*text) {
        vm_message_error(parse->messages, "%s: it is empty", origin);
        return VM_EXIT_USAGE;
    }
    if (option->kind == VM_OPTION_LIST) return add_text(parse, value, text);
    *(const char **)value = text;
    return VM_EXIT_OK;
}

/* The environment's value, else the initial one. */
static enum VmExit set_default(const Parse *parse, const VmOptionTable *table,
                               const VmOption *option)
{
    const char *text = option->variable ? getenv(option->variable) : NULL;

    if (text && *text) return set_value(parse, table, option, option->variable, text);
    return option->initial ? set_value(parse, table, option, option->name, option->initial)
                           : VM_EXIT_OK;
}

/* ---- the command line ---- */

static enum VmExit refuse_option(const Parse *parse, const char *name)
{
    const char *command = parse->command->name, *file = parse->file ? parse->file : "";
    const char *colon = parse->file ? ": " : "";
    VmSuggest suggest;

    vm_suggest_start(&suggest, name);
    for (const VmOptionTable *t = parse->command->tables; t && t->options; t++)
        for (const VmOption *o = t->options; o->name; o++) vm_suggest_offer(&suggest, o->name);
    if (suggest.best)
        vm_message_error(parse->messages, "%s%s%s has no option --%s; did you mean --%s?", file,
                         colon, command, name, suggest.best);
    else
        vm_message_error(parse->messages, "%s%s%s has no option --%s; %s --help lists all", file,
                         colon, command, name, command);
    return VM_EXIT_USAGE;
}

static const VmOption *find_option(const VmCommand *command, const char *name,
                                   const VmOptionTable **table)
{
    for (const VmOptionTable *t = command->tables; t && t->options; t++)
        for (const VmOption *o = t->options; o->name; o++)
            if (!strcmp(o->name, name)) {
                *table = t;
                return o;
            }
    return NULL;
}

/* Reads "--name=value", or "--name" and the argument behind it; argument is without the dashes. */
static enum VmExit read_option(Parse *parse, const char *argument)
{
    const char *value = strchr(argument, '=');
    const VmOptionTable *table = NULL;
    char name[64], origin[320];

    (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(argument, "="), argument);
    const VmOption *option = find_option(parse->command, name, &table);
    if (!option) return refuse_option(parse, name);
    (void)snprintf(origin, sizeof(origin), "%.200s%s--%s", parse->file ? parse->file : "",
                   parse->file ? ": " : "", name);
    if (option->kind == VM_OPTION_CONFIG && parse->file) {
        vm_message_error(parse->messages, "%s: a file of options cannot name another", origin);
        return VM_EXIT_USAGE;
    }
    if (value) value++;
    if (value && option->kind == VM_OPTION_FLAG) {
        vm_message_error(parse->messages, "option %s takes no value", origin);
        return VM_EXIT_USAGE;
    }
    if (!value && option->kind != VM_OPTION_FLAG && !(value = *parse->argv++)) {
        vm_message_error(parse->messages, "option %s needs a value: %s", origin, option->argument);
        return VM_EXIT_USAGE;
    }
    return set_value(parse, table, option, origin, value ? value : "");
}

static enum VmExit add_operand(const Parse *parse, const char *text)
{
    const VmCommand *command = parse->command;

    if (command->operands)
        return add_text(parse, (void *)(parse->args + command->operand_offset), text);
    vm_message_error(parse->messages, "unexpected argument \"%s\": %s takes options only", text,
                     command->name);
    return VM_EXIT_USAGE;
}

static enum VmExit check_operands(const Parse *parse)
{
    const VmCommand *command = parse->command;
    if (!command->operands) return VM_EXIT_OK;
    const VmTexts *given = (void *)(parse->args + command->operand_offset);

    if (given->n >= command->min_operands &&
        (!command->max_operands || given->n <= command->max_operands))
        return VM_EXIT_OK;
    vm_message_error(parse->messages, "%s needs %s, and %u given", command->name, command->operands,
                     given->n);
    return VM_EXIT_USAGE;
}

static enum VmExit set_defaults(const Parse *parse)
{
    enum VmExit status = VM_EXIT_OK;

    for (const VmOptionTable *t = parse->command->tables; t && t->options; t++)
        for (const VmOption *o = t->options; !status && o->name; o++)
            status = set_default(parse, t, o);
    return status;
}

static void free_lists(const Parse *parse)
{
    for (const VmOptionTable *t = parse->command->tables; t && t->options; t++)
        for (const VmOption *o = t->options; o->name; o++)
            if (o->kind == VM_OPTION_LIST)
                vm_free(((VmTexts *)(void *)(parse->args + t->base + o->offset))->items);
    if (parse->command->operands)
        vm_free(((VmTexts *)(void *)(parse->args + parse->command->operand_offset))->items);
}

static int wants_help(char **argv)
{
    for (; *argv && strcmp(*argv, "--") != 0; argv++)
        if (!strcmp(*argv, "--help") || !strcmp(*argv, "-h")) return 1;
    return 0;
}

static enum VmExit read_list(Parse *parse)
{
    enum VmExit status = VM_EXIT_OK;
    int options = 1;

    while (!status && *parse->argv) {
        const char *argument = *parse->argv++;
        if (options && !strcmp(argument, "--")) options = 0;
        else if (options && !strncmp(argument, "--", 2)) status = read_option(parse, argument + 2);
        else if (options && argument[0] == '-' && argument[1]) {
            vm_message_error(parse->messages, "unknown option %s; options have two dashes",
                             argument);
            status = VM_EXIT_USAGE;
        } else status = add_operand(parse, argument);
    }
    return status;
}

/* The last file of options that the command line names, or NULL. */
static const char *find_config(const Parse *parse)
{
    const char *path = NULL;

    for (char **at = parse->argv; *at && strcmp(*at, "--") != 0; at++) {
        const VmOptionTable *table;
        char name[64];
        const char *value = strchr(*at, '=');
        if (strncmp(*at, "--", 2) != 0) continue;
        (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(*at + 2, "="), *at + 2);
        const VmOption *option = find_option(parse->command, name, &table);
        if (!option || option->kind == VM_OPTION_FLAG) continue;
        if (!value && !at[1]) break;
        if (option->kind == VM_OPTION_CONFIG) path = value ? value + 1 : at[1];
        if (!value) at++;
    }
    return path;
}

static enum VmExit read_config(const Parse *parse, VmConfig *config)
{
    Parse of_file = *parse;
    VmError error = {""};

    of_file.file = find_config(parse);
    if (!of_file.file) return VM_EXIT_OK;
    const int err = vm_config_read(config, of_file.file, &error);
    if (err) {
        vm_message_error(parse->messages, "%s", error.text);
        return err == -ENOMEM ? VM_EXIT_INTERNAL : VM_EXIT_INPUT;
    }
    of_file.argv = config->arguments;
    return config->n ? read_list(&of_file) : VM_EXIT_OK;
}

static enum VmExit read_arguments(Parse *parse, VmConfig *config)
{
    enum VmExit status = set_defaults(parse);

    if (!status) status = read_config(parse, config);
    if (!status) status = read_list(parse);
    return status ? status : check_operands(parse);
}

static enum VmExit run_command(Parse *parse)
{
    if (wants_help(parse->argv)) {
        print_command_help(parse->program, parse->command);
        return VM_EXIT_OK;
    }
    parse->args = vm_alloc(parse->command->args_size + 1);
    if (!parse->args) {
        vm_message_error(parse->messages, "out of memory");
        return VM_EXIT_INTERNAL;
    }
    VmConfig config = {NULL, 0}; /* options keep its texts */
    enum VmExit status = read_arguments(parse, &config);
    if (!status) status = parse->command->run(parse->args, parse->messages);
    free_lists(parse);
    vm_config_free(&config);
    vm_free(parse->args);
    return status;
}

static enum VmExit refuse_command(const VmProgram *program, const char *word, VmMessages *messages)
{
    VmSuggest suggest;

    vm_suggest_start(&suggest, word);
    for (const VmCommand *const *c = program->commands; *c; c++)
        vm_suggest_offer(&suggest, (*c)->name);
    if (suggest.best)
        vm_message_error(messages, "no command is named \"%s\"; did you mean %s?", word,
                         suggest.best);
    else vm_message_error(messages, "no command is named \"%s\"; --help lists them", word);
    return VM_EXIT_USAGE;
}

static void print_version(const VmProgram *program)
{
    printf("%s %s\nlibvmaf: %s\nepoch: %s\ncpu: %s\n", program->name, vmaf_ext_version(),
           vmaf_version(), vmaf_ext_epoch(), vmaf_ext_cpu_level(0));
}

enum VmExit vm_command_main(const VmProgram *program, int argc, char **argv, VmMessages *messages)
{
    const char *word = argc > 1 ? argv[1] : NULL;

    if (!word) {
        vm_message_error(messages, "no command; --help lists them");
        return VM_EXIT_USAGE;
    }
    for (const VmCommand *const *c = program->commands; *c; c++)
        if (!strcmp((*c)->name, word))
            return run_command(&(Parse){program, *c, NULL, argv + 2, messages, NULL});
    if (!strcmp(word, "--version") || !strcmp(word, "-v")) {
        print_version(program);
        return VM_EXIT_OK;
    }
    if (strcmp(word, "--help") != 0 && strcmp(word, "-h") != 0 && strcmp(word, "help") != 0)
        return refuse_command(program, word, messages);
    print_help(program);
    return VM_EXIT_OK;
}
