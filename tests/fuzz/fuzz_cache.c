/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Envelopes of the cache, as entries with a key and as legacy ones. Rows that are accepted are all there. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"

static void check(const VmCacheEntry *entry, const char *text, size_t size)
{
    VmError why = {""};
    VmRows rows;
    double sum = 0;
    const int found = vm_cache_parse(entry, text, size, &rows, &why);

    if (found < 0) return;
    if (!found && !why.text[0]) abort();
    if (found && (!rows.n || rows.width != entry->width)) abort();
    for (size_t i = 0; found && i < rows.n; i++) {
        for (unsigned k = 0; k < rows.width; k++) sum += rows.x[i * rows.width + k];
        sum += rows.clipped[i] + rows.raw[i];
    }
    if (isinf(sum) && rows.n < 2) abort(); /* JSON has no infinity, and jansson takes none */
    vm_rows_free(&rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *const features[] = {"adm2", "motion2"};
    static json_t *key;
    VmCacheEntry entry = {
        .folder = "/nowhere",
        .source = "A",
        .stem = "A_1_2_3",
        .features = features,
        .width = 2,
    };

    if (!key) key = json_pack("{s:i}", "width", 64);
    entry.key = key;
    check(&entry, (const char *)data, size);
    entry.accept_legacy = 1;
    check(&entry, (const char *)data, size);
    return 0;
}
