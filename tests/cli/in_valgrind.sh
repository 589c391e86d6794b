#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause-Patent
# The program in valgrind, for make valgrind: exit status 87 for a leak or an invalid access. "Possible" leaks are
# what the libraries of the decoder leave at their end.
root=$(dirname "$(readlink -f "$0")")/../..
exec valgrind -q --error-exitcode=87 --leak-check=full --show-leak-kinds=definite,indirect \
    --errors-for-leak-kinds=definite,indirect "$root/bin/vmaf" "$@"
