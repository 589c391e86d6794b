/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* y4m as a file and as a pipe: both are accepted or refused, and give the same pictures. */
#include "video.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int as_file, as_pipe;

    /* what is no y4m would go to FFmpeg */
    if (size < 9 || size > 60000 || memcmp(data, "YUV4MPEG2", 9) != 0) return 0;
    const uint64_t a = vm_fuzz_source(vm_fuzz_file(data, size), NULL, &as_file);
    const uint64_t b = vm_fuzz_source(vm_fuzz_pipe(data, size), NULL, &as_pipe);
    if (as_file != as_pipe || a != b) abort();
    return 0;
}
