/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Runs a fuzz target on the files of folders, without a fuzzer: replay FOLDER ... One line of TAP a file, each
 * run twice, so that what a first run leaves behind meets a second. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_MAX_FILE = 1 << 20 };

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *all = malloc(SIZE_MAX_FILE), *exact = NULL;

    if (file && all) {
        *size = fread(all, 1, SIZE_MAX_FILE, file);
        /* no byte more than there are, so that a read behind them is seen */
        exact = malloc(*size ? *size : 1);
        if (exact) memcpy(exact, all, *size);
    }
    if (file) (void)fclose(file);
    free(all);
    return exact;
}

static int replay(const char *folder, const char *name)
{
    char path[4096];
    size_t size = 0;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    uint8_t *data = read_file(path, &size);
    if (!data) {
        printf("not ok - %s cannot be read\n", name);
        return 1;
    }
    (void)fflush(stdout);
    for (int i = 0; i < 2; i++) (void)LLVMFuzzerTestOneInput(data, size);
    printf("ok - %s\n", name);
    free(data);
    return 0;
}

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    int failed = 0, total = 0;

    for (int i = 1; i < argc; i++) {
        struct dirent **list;
        const int n = scandir(argv[i], &list, is_file, alphasort);
        for (int k = 0; k < n; k++, total++) {
            failed += replay(argv[i], list[k]->d_name);
            free(list[k]);
        }
        if (n >= 0) free(list);
    }
    if (!total) printf("not ok - there are no files\n");
    return failed || !total;
}
