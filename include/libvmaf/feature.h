/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Option dictionaries for feature extractors. */
#ifndef VMAF_FEATURE_H
#define VMAF_FEATURE_H

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

/* A list of key=value strings. Not thread-safe: one thread at a time per dictionary. */
typedef struct VmafFeatureDictionary VmafFeatureDictionary;

/* Sets key to val, replacing an earlier value of the same key.
 * *dict may be NULL: a dictionary is then created. Both strings are copied. A val that is one whole
 * number is rounded to binary32 and kept as "%g" prints it, as libvmaf does.
 * Returns 0, -EINVAL (a NULL or an empty key) or -ENOMEM; on failure *dict is unchanged. */
int vmaf_feature_dictionary_set(VmafFeatureDictionary **dict, const char *key, const char *val);

/* Frees *dict and sets it to NULL. A NULL dict or *dict does nothing. Returns 0.
 * Dictionaries given to vmaf_use_feature() or a *_feature_overload() belong to the library and must
 * not be freed. */
int vmaf_feature_dictionary_free(VmafFeatureDictionary **dict);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
