/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "suggest.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

enum { WORD_MAX = 63 };

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    const unsigned ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Insertions, deletions, replacements and swaps of neighbours that make b of a, row by row. b has at
 * most WORD_MAX letters. */
static unsigned edit_distance(const char *a, const char *b)
{
    unsigned rows[3][WORD_MAX + 1];
    unsigned *before = rows[0], *above = rows[1], *row = rows[2];
    const size_t n = strlen(b);

    for (size_t j = 0; j <= n; j++) row[j] = (unsigned)j;
    for (size_t i = 1; a[i - 1]; i++) {
        unsigned *oldest = before;
        before = above;
        above = row;
        row = oldest;
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min3(row[j], before[j - 2] + 1, UINT_MAX);
        }
    }
    return row[n];
}

/* A third of the word may be wrong, and two letters of any word: exchanged neighbours count twice. */
void vm_suggest_start(VmSuggest *suggest, const char *word)
{
    const unsigned bound = (unsigned)strnlen(word, WORD_MAX) / 3;

    *suggest = (VmSuggest){.word = word, .distance = (bound > 2 ? bound : 2) + 1};
}

void vm_suggest_offer(VmSuggest *suggest, const char *candidate)
{
    if (strlen(suggest->word) > WORD_MAX || strlen(candidate) > WORD_MAX) return;
    const unsigned distance = edit_distance(suggest->word, candidate);
    if (distance >= suggest->distance) return;
    suggest->distance = distance;
    suggest->best = candidate;
}
