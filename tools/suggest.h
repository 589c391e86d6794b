/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Nearest match for a misspelled word: offer candidates one by one. */
#ifndef VM_SUGGEST_H
#define VM_SUGGEST_H

typedef struct VmSuggest {
    const char *word;
    const char *best; /* NULL: nothing near */
    unsigned distance;
} VmSuggest;

void vm_suggest_start(VmSuggest *suggest, const char *word);
void vm_suggest_offer(VmSuggest *suggest, const char *candidate);

#endif
