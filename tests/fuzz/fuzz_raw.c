/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Raw video: six bytes of geometry (width, height, format, depth), then the file. */
#include "video.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes that would make it another format, which FFmpeg reads. */
static int is_other(const uint8_t *data, size_t size)
{
    return (size >= 4 && (!memcmp(data, "\x1a\x45\xdf\xa3", 4) || !memcmp(data, "DKIF", 4))) ||
           (size >= 8 && !memcmp(data + 4, "ftyp", 4));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned depths[] = {8, 10, 12, 16};
    int as_file, as_pipe;

    if (size < 6 || size > 60000 || is_other(data + 6, size - 6)) return 0;
    const VmRawFormat raw = {
        .w = (data[0] | (data[1] & 127U) << 8) + 1,
        .h = (data[2] | (data[3] & 127U) << 8) + 1,
        .pix_fmt = (enum VmafPixelFormat)(data[4] % 4 + VMAF_PIX_FMT_YUV420P),
        .bpc = depths[data[5] % 4],
    };
    data += 6;
    size -= 6;
    const uint64_t a = vm_fuzz_source(vm_fuzz_file(data, size), &raw, &as_file);
    const uint64_t b = vm_fuzz_source(vm_fuzz_pipe(data, size), &raw, &as_pipe);
    /* a pipe has no size by which odd chroma could be told, or a cut seen beforehand */
    if (!as_file && !as_pipe && raw.w % 2 == 0 && raw.h % 2 == 0 && a != b) abort();
    return 0;
}
