/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Reports read for merging. What is accepted is written again, and that is accepted and written the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libvmaf/vmaf_ext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static VmafContext *read_report(const void *data, size_t size)
{
    VmafContext *vmaf = NULL;
    char path[64], error[512] = "";
    const char *const paths[] = {path};
    const int fd = memfd_create("report", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size) abort();
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    const int code = vmaf_ext_merge(&vmaf, paths, 1, error, sizeof(error));
    if (code < 0 && (!error[0] || vmaf)) abort();
    close(fd);
    return vmaf;
}

static char *print(VmafContext *vmaf, enum VmafOutputFormat format, size_t *size)
{
    VmafReportConfig config;
    char *text = NULL;

    vmaf_ext_report_config_default(&config);
    config.format = format;
    config.precision = VMAF_PRECISION_MAX;
    config.extended = 1;
    config.reproducible = 1;
    if (vmaf_ext_report_print(vmaf, &config, &text, size)) return NULL;
    if (strlen(text) != *size) abort();
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t n = 0, n_again = 0;
    VmafContext *vmaf = read_report(data, size);

    if (!vmaf) return 0;
    for (int f = VMAF_OUTPUT_FORMAT_XML; f <= VMAF_OUTPUT_FORMAT_SUB; f++)
        vmaf_ext_free(print(vmaf, (enum VmafOutputFormat)f, &n));
    char *text = print(vmaf, VMAF_OUTPUT_FORMAT_JSON, &n);
    VmafContext *again = text ? read_report(text, n) : NULL;
    if (again) {
        char *same = print(again, VMAF_OUTPUT_FORMAT_JSON, &n_again);
        if (!same || n != n_again || memcmp(text, same, n) != 0) abort();
        vmaf_ext_free(same);
        (void)vmaf_close(again);
    }
    vmaf_ext_free(text);
    (void)vmaf_close(vmaf);
    return 0;
}
