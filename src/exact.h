/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Functions of the C library that reach the scores, with one result on every machine. C libraries differ in
 * the last bit of these, and glibc differs from itself on processors with and without fused multiply-add.
 * The values are those of glibc 2.36 on processors that have it, with which the reference was run. */
#ifndef VM_EXACT_H
#define VM_EXACT_H

/* e to the x. Where the result is beyond 1e+-222 or x is no number, the C library's. */
double vm_exact_exp(double x);

/* x to the y, for a positive normal x, |y| from 1e-15 to 1e15 and results within 1e+-222; the C library's of all
 * others. */
double vm_exact_pow(double x, double y);

/* In single precision: x to the y for a positive normal x, a finite y and results within 2^+-125; the C library's of
 * all others. */
float vm_exact_powf(float x, float y);

/* The natural logarithm of a positive normal number; the C library's of all others. */
double vm_exact_log(double x);

/* The decimal one. */
double vm_exact_log10(double x);

#endif
