/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Compiled once for each instruction set. */
#include "backward_tmpl.h"
