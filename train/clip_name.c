/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "clip_name.h"

#include <string.h>

static const char *const suffixes[] = {"yuv",  "y4m", "mp4",  "mkv", "webm", "mov",  "m4v",
                                       "avi",  "mpg", "ts",   "ivf", "264",  "h264", "265",
                                       "hevc", "obu", "m2ts", "mxf", "ogv",  "flv"};

size_t vm_clip_name_stem(const char *file)
{
    const char *dot = strrchr(file, '.');

    for (size_t i = 0; dot && i < VM_COUNT(suffixes); i++)
        if (!strcmp(dot + 1, suffixes[i])) return (size_t)(dot - file);
    return 0;
}

int vm_clip_name_is_raw(const char *file)
{
    const char *dot = strrchr(file, '.');

    return dot && !strcmp(dot, ".yuv");
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Reads the source up to the first '_', which it returns; NULL: it is none. */
static const char *take_source(VmClipName *name, const char *stem)
{
    size_t n = 0;

    while (is_digit(stem[n]) || is_letter(stem[n])) n++;
    if (n == 0 || n > VM_STEM_MAX || stem[n] != '_') return NULL;
    memcpy(name->source, stem, n);
    name->source[n] = 0;
    return stem + n;
}

/* Reads "_<digits>" and returns what is behind it; NULL: that is not there, or *error is set since it
 * has too many digits: 9 of them stay below 2^32. */
static const char *take_number(const char *at, uint32_t *number, VmError *error)
{
    uint32_t sum = 0;
    int n = 0;

    if (*at++ != '_') return NULL;
    for (; is_digit(at[n]); n++)
        if (n < VM_DIGITS_MAX) sum = sum * 10 + (uint32_t)(at[n] - '0');
    if (n > VM_DIGITS_MAX)
        (void)vm_fail(error, -EINVAL, "a number in its name has more than %d digits",
                      VM_DIGITS_MAX);
    *number = sum;
    return n && n <= VM_DIGITS_MAX ? at + n : NULL;
}

static int take_ladder(VmClipName *name, const char *at, VmError *error)
{
    uint32_t *const fields[] = {&name->quality, &name->height, &name->kbps};

    for (unsigned i = 0; at && i < VM_COUNT(fields); i++) at = take_number(at, fields[i], error);
    return at && !*at;
}

static int take_fps(VmClipName *name, const char *at, VmError *error)
{
    const char *end = take_number(at, &name->fps, error);

    if (!end || strcmp(end, "fps") != 0) return 0;
    if (name->fps <= VM_FPS_MAX) return 1;
    (void)vm_fail(error, -EINVAL, "%u frames per second in its name: at most %d",
                  (unsigned)name->fps, VM_FPS_MAX);
    return 0;
}

static int parse_rest(VmClipName *name, const char *at, enum VmNameRole role, VmError *error)
{
    if (role == VM_NAME_DISTORTED) return take_ladder(name, at, error);
    if (take_fps(name, at, error)) return 1;
    if (error->text[0]) return 0;
    name->fps = 0;
    name->older_form = take_ladder(name, at, error) && name->quality == 0;
    return name->older_form;
}

int vm_clip_name_parse(VmClipName *name, const char *stem, enum VmNameRole role, VmError *error)
{
    VmError own = {""};
    VmError *why = error ? error : &own;

    *name = (VmClipName){.fps = 0};
    why->text[0] = 0;
    if (strlen(stem) > VM_STEM_MAX)
        return vm_fail(why, -EINVAL, "its name is longer than %d bytes", VM_STEM_MAX);
    const char *at = take_source(name, stem);
    if (at && parse_rest(name, at, role, why)) return 0;
    if (why->text[0]) return -EINVAL;
    return vm_fail(why, -EINVAL, "its name does not read %s",
                   role == VM_NAME_DISTORTED ? "<source>_<quality>_<height>_<kbps>"
                                             : "<source>_<fps>fps");
}
