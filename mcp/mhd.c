/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "mhd.h"

#include <dlfcn.h>
#include <string.h>

/* Through memcpy: C has no conversion from an object's address to a function's. */
static int look_up(void *library, const char *name, void *place, size_t size)
{
    void *symbol = dlsym(library, name);

    memcpy(place, &symbol, size);
    return symbol ? 0 : -ENOSYS;
}

int vm_mhd_load(const VmMhd **mhd, VmError *error)
{
    static VmMhd table;
    void *library = dlopen("libmicrohttpd.so.12", RTLD_NOW | RTLD_LOCAL);

    const int code =
        vm_fail(error, -ENOSYS, "--http needs libmicrohttpd (apt install libmicrohttpd12)");
    if (!library) return code;
#define LOOK_UP(f) VM_TRY(look_up(library, #f, &table.f, sizeof(table.f)));
    VM_MHD_API(LOOK_UP)
#undef LOOK_UP
    *mhd = &table;
    return 0;
}
