/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* "key=value:key=value": the argument of --model and --feature. A backslash takes the meaning from a
 * following ':', '=' or backslash; before anything else it is an ordinary character. */
#ifndef VM_KEYLIST_H
#define VM_KEYLIST_H

typedef struct VmKeyValue {
    const char *key;
    const char *value; /* NULL: no '=' was there */
} VmKeyValue;

typedef struct VmKeyList {
    char *text; /* owns all keys and values */
    VmKeyValue *item;
    unsigned n;
} VmKeyList;

/* Empty items ("a=1::b=2") are dropped. Returns 0 or -ENOMEM; free the list in both cases. */
int vm_keylist_parse(VmKeyList *list, const char *text);

void vm_keylist_free(VmKeyList *list);

#endif
