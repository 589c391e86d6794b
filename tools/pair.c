/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "pair.h"

#include <errno.h>

int vm_pair_compare(const VmVideoInfo *ref, const VmVideoInfo *dis, char *error, size_t size)
{
    const int same_size = ref->w == dis->w && ref->h == dis->h;
    char names[2][64];

    if (same_size && ref->bpc == dis->bpc && ref->pix_fmt == dis->pix_fmt) return 0;
    vm_source_describe(ref, names[0], sizeof(names[0]));
    vm_source_describe(dis, names[1], sizeof(names[1]));
    (void)snprintf(error, size, "reference is %s, distorted is %s: %s one of them first", names[0],
                   names[1], same_size ? "convert" : "scale");
    return -EINVAL;
}

void vm_pair_doubts(const VmVideoInfo *ref, const VmVideoInfo *dis,
                    void (*warn)(void *opaque, const char *text), void *opaque)
{
    static const char *const ranges[] = {"", "limited", "full"};
    static const char *const curves[] = {"", "PQ", "HLG"};
    const enum VmTransfer curve = ref->transfer ? ref->transfer : dis->transfer;
    char text[160];

    if (ref->range && dis->range && ref->range != dis->range) {
        (void)snprintf(text, sizeof(text),
                       "reference is marked %s range, distorted %s range: samples are compared as "
                       "they are",
                       ranges[ref->range], ranges[dis->range]);
        warn(opaque, text);
    }
    if (curve) {
        (void)snprintf(text, sizeof(text),
                       "the video is marked %s (HDR): the models were trained on SDR video",
                       curves[curve]);
        warn(opaque, text);
    }
    if (ref->interlaced || dis->interlaced) {
        (void)snprintf(text, sizeof(text),
                       "%s is interlaced: both fields are scored as one picture",
                       ref->interlaced && dis->interlaced ? "the video"
                       : ref->interlaced                  ? "reference"
                                                          : "distorted");
        warn(opaque, text);
    }
}
