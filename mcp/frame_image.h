/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Reference, distorted and their difference side by side, as a PNG for somebody who wants to
 * see. */
#ifndef VM_FRAME_IMAGE_H
#define VM_FRAME_IMAGE_H

#include "source.h"

enum {
    VM_IMAGE_PANEL = 480,    /* width of one of the three at most; more is scaled down */
    VM_IMAGE_HEIGHT = 1080,  /* and its height */
    VM_IMAGE_GAP = 4,        /* black columns between them */
    VM_IMAGE_GAIN = 8,       /* of the difference */
    VM_IMAGE_BYTES = 500000, /* a PNG that is larger is made again, smaller */
};

typedef struct VmFrameImage {
    void *png; /* freed by vm_frame_image_free() */
    size_t size;
    unsigned panel_w, panel_h;
    const char *place; /* where the difference is largest, of a grid of 3 x 3: "top left" ... */
} VmFrameImage;

/* The pictures have the format of info, 8 to 16 bit and any chroma. Colours are those of BT.709
 * for pictures higher than 576 rows and of BT.601 for others. The difference is that of luma, as
 * an absolute value times VM_IMAGE_GAIN on the scale of 8 bit. Scaling takes the mean of the
 * pixels that fall together. Returns 0 or -ENOMEM. */
int vm_frame_image(VmFrameImage *image, const VmVideoInfo *info, const VmafPicture pictures[2],
                   size_t most_bytes);

void vm_frame_image_free(VmFrameImage *image);

#endif
