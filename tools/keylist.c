/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "keylist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static unsigned count_items(const char *text)
{
    unsigned n = 1;

    for (; *text; text++) n += *text == ':';
    return n;
}

static int is_escape(const char *text)
{
    return text[0] == '\\' && (text[1] == ':' || text[1] == '=' || text[1] == '\\');
}

/* Ends the item at *in by NULs, in place (removing backslashes only shortens it), and moves *in behind
 * it. Returns 0 at the end of the text. */
static int take_item(char **in, VmKeyValue *item)
{
    char *from = *in, *to = from;

    if (!*from) return 0;
    *item = (VmKeyValue){.key = from};
    for (; *from && *from != ':'; from++) {
        if (*from == '=' && !item->value) {
            *to++ = 0;
            item->value = to;
            continue;
        }
        from += is_escape(from);
        *to++ = *from;
    }
    *in = from + (*from == ':');
    *to = 0;
    return 1;
}

int vm_keylist_parse(VmKeyList *list, const char *text)
{
    *list = (VmKeyList){.text = strdup(text)};
    list->item = calloc(count_items(text), sizeof(*list->item));
    if (!list->text || !list->item) return -ENOMEM;

    char *in = list->text;
    while (take_item(&in, &list->item[list->n]))
        if (list->item[list->n].value || *list->item[list->n].key) list->n++;
    return 0;
}

void vm_keylist_free(VmKeyList *list)
{
    free(list->text);
    free(list->item);
    *list = (VmKeyList){0};
}
