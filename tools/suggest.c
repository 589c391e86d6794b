/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "suggest.h"

#include <stddef.h>
#include <string.h>

enum { WORD_MAX = 63 };

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    const unsigned ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Insertions, deletions and replacements that make b of a, row by row. b has at most WORD_MAX. */
static unsigned edit_distance(const char *a, const char *b)
{
    unsigned row[WORD_MAX + 1];
    const size_t n = strlen(b);

    for (size_t j = 0; j <= n; j++) row[j] = (unsigned)j;
    for (size_t i = 0; a[i]; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < n; j++) {
            const unsigned above = row[j + 1];
            row[j + 1] = min3(above + 1, row[j] + 1, diagonal + (a[i] != b[j]));
            diagonal = above;
        }
    }
    return row[n];
}

/* A third of the word may be wrong, at least one letter. */
void vm_suggest_start(VmSuggest *suggest, const char *word)
{
    const unsigned bound = (unsigned)strnlen(word, WORD_MAX) / 3;

    *suggest = (VmSuggest){.word = word, .distance = (bound ? bound : 1) + 1};
}

void vm_suggest_offer(VmSuggest *suggest, const char *candidate)
{
    if (strlen(suggest->word) > WORD_MAX || strlen(candidate) > WORD_MAX) return;
    const unsigned distance = edit_distance(suggest->word, candidate);
    if (distance >= suggest->distance) return;
    suggest->distance = distance;
    suggest->best = candidate;
}
