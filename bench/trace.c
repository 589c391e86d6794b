/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Where a program spends its instructions, without its help.
 *
 * trace sample MICROSECONDS PROGRAM ARG...   stops all threads every so often and counts where they are,
 *                                            those that wait in the kernel left out
 * trace count N PROGRAM ARG... < ADDRESSES   executes about every N-th call of each function at the
 *                                            given addresses in steps and counts the instructions
 *
 * Addresses are hexadecimal and those of the file. Prints lines "ADDRESS COUNT" and "outside COUNT"; if
 * it counts, also "call ADDRESS CALLS STEPPED" for each function. The program's own output is thrown
 * away. Linux on x86-64 only. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__linux__) && defined(__x86_64__)

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

enum { MAX_THREADS = 256, MAX_BREAKS = 512, MAX_TEXT = 1 << 24 };

static pid_t program;
static pid_t threads[MAX_THREADS];
static int n_threads;

typedef struct Break {
    uintptr_t at;
    long first; /* the byte that it replaces */
    long calls, stepped;
    long next; /* the call to be stepped through */
} Break;

static Break breaks[MAX_BREAKS];
static int n_breaks;

static uintptr_t base;            /* where the file begins in memory */
static uint32_t counts[MAX_TEXT]; /* by address in the file */
static uint32_t outside;          /* in the C library and the like */

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "trace: error: %s: %s\n", what, strerror(errno));
    if (program) kill(program, SIGKILL);
    exit(1);
}

static void count(uintptr_t ip)
{
    if (ip - base < MAX_TEXT) counts[ip - base]++;
    else outside++;
}

static struct user_regs_struct get_regs(pid_t tid)
{
    struct user_regs_struct r;
    if (ptrace(PTRACE_GETREGS, tid, 0, &r)) die("cannot read registers");
    return r;
}

static void resume(pid_t tid, int signal)
{
    ptrace(PTRACE_CONT, tid, 0, (void *)(intptr_t)signal); /* fails only if it has been killed */
}

/* ---- start ---- */

static void exec_traced(char **argv)
{
    const int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0) _exit(126);
    if (ptrace(PTRACE_TRACEME, 0, 0, 0)) _exit(125);
    execvp(argv[0], argv);
    _exit(127);
}

/* The first mapping of the program in its list of mappings is the file's beginning. */
static uintptr_t find_base(void)
{
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)program);
    FILE *f = fopen(path, "r");
    if (!f || !fgets(line, sizeof line, f)) die("cannot read its mappings");
    fclose(f);
    return strtoull(line, NULL, 16);
}

static void start(char **argv)
{
    program = fork();
    if (!program) exec_traced(argv);
    int status;
    if (program < 0 || waitpid(program, &status, 0) < 0) die("cannot start the program");
    if (!WIFSTOPPED(status)) {
        errno = WEXITSTATUS(status) == 125 ? EPERM : ENOEXEC;
        die(argv[0]);
    }
    if (ptrace(PTRACE_SETOPTIONS, program, 0, PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL))
        die("cannot trace the program");
    base = find_base();
    threads[n_threads++] = program;
}

/* ---- events common to both ---- */

static void add_thread(pid_t tid)
{
    for (int i = 0; i < n_threads; i++)
        if (threads[i] == tid) return;
    if (n_threads == MAX_THREADS) die("too many threads");
    threads[n_threads++] = tid;
}

static void remove_thread(pid_t tid)
{
    for (int i = 0; i < n_threads; i++)
        if (threads[i] == tid) {
            threads[i] = threads[--n_threads];
            return;
        }
}

static int is_known(pid_t tid)
{
    for (int i = 0; i < n_threads; i++)
        if (threads[i] == tid) return 1;
    return 0;
}

/* Deals with what is neither a sample nor a breakpoint: ends and beginnings of threads, signals. */
static void pass_event(pid_t tid, int status)
{
    if (!WIFSTOPPED(status)) {
        if (tid == program && (!WIFEXITED(status) || WEXITSTATUS(status))) {
            errno = ECHILD;
            die("the program failed");
        }
        remove_thread(tid);
        return;
    }
    const int signal = WSTOPSIG(status);
    const int begins = signal == SIGSTOP && !is_known(tid);
    add_thread(tid);
    resume(tid, begins || status >> 16 || signal == SIGTRAP ? 0 : signal);
}

/* ---- sample ---- */

/* Stops a thread; 0 if something else had happened to it, which is then dealt with. */
static int stop_thread(pid_t tid)
{
    if (syscall(SYS_tgkill, program, tid, SIGSTOP)) return 0;
    for (;;) {
        int status;
        if (waitpid(tid, &status, __WALL) < 0) return 0;
        if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP && !(status >> 16)) return 1;
        pass_event(tid, status);
        if (!WIFSTOPPED(status)) return 0;
    }
}

static void take_samples(void)
{
    for (int i = n_threads - 1; i >= 0; i--) {
        const pid_t tid = threads[i];
        if (!stop_thread(tid)) continue;
        const struct user_regs_struct r = get_regs(tid);
        if ((int64_t)r.orig_rax < 0) count(r.rip);
        resume(tid, 0);
    }
}

static void sample(long microseconds)
{
    resume(program, 0);
    while (n_threads) {
        int status;
        pid_t tid;
        while ((tid = waitpid(-1, &status, __WALL | WNOHANG)) > 0) pass_event(tid, status);
        const struct timespec t = {0, microseconds * 1000};
        nanosleep(&t, NULL);
        take_samples();
    }
}

/* ---- count ---- */

/* Two breakpoints may lie in one word, so each is made from what is there now. */
static void set_byte(pid_t tid, uintptr_t at, long byte)
{
    const long word = ptrace(PTRACE_PEEKTEXT, tid, at, 0);
    if (ptrace(PTRACE_POKETEXT, tid, at, (word & ~0xffL) | byte)) die("cannot set a breakpoint");
}

static void set_breaks(pid_t tid, long every)
{
    unsigned long at;
    while (n_breaks < MAX_BREAKS && scanf("%lx", &at) == 1) {
        Break *b = &breaks[n_breaks++];
        b->at = base + at;
        b->next = every / 14;
        errno = 0;
        b->first = ptrace(PTRACE_PEEKTEXT, tid, b->at, 0) & 0xff;
        if (errno) die("no such address");
        set_byte(tid, b->at, 0xcc);
    }
}

static Break *find_break(uintptr_t at)
{
    for (int i = 0; i < n_breaks; i++)
        if (breaks[i].at == at) return &breaks[i];
    return NULL;
}

static struct user_regs_struct step(pid_t tid)
{
    int status;
    if (ptrace(PTRACE_SINGLESTEP, tid, 0, 0) || waitpid(tid, &status, __WALL) < 0 ||
        !WIFSTOPPED(status))
        die("cannot step");
    return get_regs(tid);
}

/* A call begins: its first instruction, or all of it if its turn has come, is executed in steps. The
 * functions do not call each other, so no other breakpoint is met on the way. Short ones have their
 * turn more often, for the same accuracy. */
static void begin_call(pid_t tid, Break *b, struct user_regs_struct r, long every)
{
    const int counted = b->calls++ == b->next;
    const uintptr_t bottom = r.rsp;
    long steps = 0;
    set_byte(tid, b->at, b->first);
    r.rip = b->at;
    if (ptrace(PTRACE_SETREGS, tid, 0, &r)) die("cannot write registers");
    do {
        if (counted) count(r.rip);
        r = step(tid);
        steps++;
    } while (counted && r.rsp <= bottom);
    if (counted) {
        b->stepped++;
        b->next += steps < 1000 ? every / 7 | 1 : every;
    }
    set_byte(tid, b->at, 0xcc);
}

static void count_steps(long every)
{
    set_breaks(program, every);
    resume(program, 0);
    while (n_threads) {
        int status;
        const pid_t tid = waitpid(-1, &status, __WALL);
        if (tid < 0) die("lost the program");
        if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP && !(status >> 16)) {
            const struct user_regs_struct r = get_regs(tid);
            Break *b = find_break(r.rip - 1);
            if (b) begin_call(tid, b, r, every);
        }
        pass_event(tid, status);
    }
}

static void print_counts(void)
{
    for (int i = 0; i < n_breaks; i++)
        printf("call %lx %ld %ld\n", (unsigned long)(breaks[i].at - base), breaks[i].calls,
               breaks[i].stepped);
    printf("outside %u\n", outside);
    for (uintptr_t i = 0; i < MAX_TEXT; i++)
        if (counts[i]) printf("%lx %u\n", (unsigned long)i, counts[i]);
}

int main(int argc, char **argv)
{
    const int sampling = argc > 3 && !strcmp(argv[1], "sample");
    const long n = argc > 3 ? strtol(argv[2], NULL, 10) : 0;
    if (n < 1 || !(sampling || !strcmp(argv[1], "count"))) {
        fprintf(stderr, "usage: trace sample MICROSECONDS PROGRAM ARG...\n"
                        "       trace count N PROGRAM ARG... < ADDRESSES\n");
        return 1;
    }
    start(argv + 3);
    if (sampling) sample(n);
    else count_steps(n);
    print_counts();
    return 0;
}

#else

int main(void)
{
    fprintf(stderr, "trace: only for Linux on x86-64\n");
    return 1;
}

#endif
